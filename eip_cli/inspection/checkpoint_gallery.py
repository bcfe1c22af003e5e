"""A checkpoint as the user names it -> its gallery."""

from pathlib import Path

from eip_cli.checkpoints.opening import OpenedModel
from eip_cli.comparison.evaluation.assessment import choose_pixels, dataset_of, load_images, open_announced
from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.datasets.loading import problem_of
from eip_cli.networks.model import require_classifier

from .gallery import Gallery, Subject, make_gallery
from .heat_maps import HeatRequest
from .selection import Selection


def collect_gallery(
    checkpoint: str | Path,
    selection: Selection,
    progress: DownloadProgress = SILENT,
    *,
    network: str | None = None,
    against: str | Path | None = None,
    heat: HeatRequest | None = None,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
    pixels: str | None = None,
    trust: bool = False,
) -> Gallery:
    """The images of ``selection`` on which ``checkpoint`` errs, or differs from ``against``.

    ``network`` builds the network for a file of weights only. The dataset is that of the checkpoint's run, or
    the one named. Raises an EipError where a checkpoint or the data cannot be had, or do not fit each other,
    or as ``make_gallery`` does.
    """
    opened = open_announced(str(checkpoint), progress, network, trust, dataset)
    problem = problem_of(dataset or dataset_of(opened))
    require_classifier(opened.model, opened.name, problem)  # before images are fetched for it
    other = None if against is None else open_announced(str(against), progress, None, trust, dataset)
    images = load_images(opened, progress, dataset, data_dir)

    def meet(one: OpenedModel) -> Subject:
        return Subject(one, choose_pixels(one, pixels, lambda: images.channel_statistics, progress))

    return make_gallery(meet(opened), images, selection, None if other is None else meet(other), heat)
