"""A checkpoint, or a file of predictions, as the user names it -> its gallery."""

from pathlib import Path
from typing import TYPE_CHECKING

from eip_cli.comparison.evaluation.predictions_file import assess_predictions, is_predictions_name
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.errors import CheckpointError

from .gallery import Gallery, Subject, make_gallery
from .selection import Selection

if TYPE_CHECKING:  # they start Keras, which predictions do without
    from eip_cli.checkpoints.opening import OpenedModel

    from .heat_maps import HeatRequest


def collect_gallery(
    checkpoint: str | Path,
    selection: Selection,
    progress: DownloadProgress = SILENT,
    *,
    network: str | None = None,
    against: str | Path | None = None,
    heat: "HeatRequest | None" = None,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
    pixels: str | None = None,
    trust: bool = False,
) -> Gallery:
    """The images of ``selection`` on which ``checkpoint`` errs, or differs from ``against``.

    ``network`` builds the network for a file of weights only. The dataset is that of the checkpoint's run, or
    the one named. Files of predictions may stand in the place of checkpoints. Raises an EipError where a
    checkpoint or the data cannot be had, or do not fit each other, or as ``make_gallery`` does.
    """
    if heat is not None and is_predictions_name(str(checkpoint)):
        raise CheckpointError(
            f"{checkpoint} is a file of predictions: Grad-CAM looks into a network, so it needs a checkpoint"
        )
    names = [str(name) for name in (checkpoint, against) if name is not None]
    opened = [_open(name, progress, network if name == names[0] else None, trust, dataset) for name in names]
    images = _load_images(opened, progress, dataset, data_dir)
    subjects = [_meet(name, one, images, pixels, progress) for name, one in zip(names, opened, strict=True)]
    return make_gallery(subjects[0], images, selection, None if against is None else subjects[1], heat)


def _open(
    name: str, progress: DownloadProgress, network: str | None, trust: bool, dataset: str | None
) -> "OpenedModel | None":
    """The checkpoint; None for a file of predictions, which is read once its images are."""
    if is_predictions_name(name):
        return None
    from eip_cli.comparison.evaluation.assessment import open_announced

    return open_announced(name, progress, network, trust, dataset)


def _load_images(
    opened: "list[OpenedModel | None]",
    progress: DownloadProgress,
    dataset: str | None,
    data_dir: Path | str | None,
) -> Dataset:
    """The images of the first network, or of CIFAR-10 where there is none, unless others are named."""
    network = next((one for one in opened if one is not None), None)
    if network is None:
        return load_dataset(dataset or "cifar10", data_dir, progress)
    from eip_cli.comparison.evaluation.assessment import load_images

    return load_images(network, progress, dataset, data_dir)


def _meet(
    name: str,
    opened: "OpenedModel | None",
    images: Dataset,
    pixels: str | None,
    progress: DownloadProgress,
) -> Subject:
    if opened is None:
        return Subject(None, None, assess_predictions(name, images))
    from eip_cli.comparison.evaluation.assessment import choose_pixels

    return Subject(opened, choose_pixels(opened, pixels, lambda: images.channel_statistics, progress))
