"""What the user names -> an evaluation: of a checkpoint's network, or of a file of predictions.

Only a checkpoint starts Keras.
"""

from pathlib import Path

from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.datasets.loading import load_dataset

from .predictions_file import assess_predictions, is_predictions_name
from .results import Assessment, Evaluation


def evaluate_checkpoint(
    checkpoint: str | Path,
    progress: DownloadProgress = SILENT,
    *,
    network: str | None = None,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
    trust: bool = False,
    pixels: str | None = None,
    params: int | None = None,
) -> Evaluation:
    """Measure ``checkpoint`` on all test images of its run's dataset, or of the one named.

    ``network`` builds the network for a file of weights only. ``pixels`` is a form of recipes.pixels; None
    takes those of the checkpoint's run, or what the network shows that it was made for. A file of predictions
    may stand in a checkpoint's place: these two say nothing of it, and ``params`` states its number of
    parameters. Raises an EipError where the checkpoint or the data cannot be had, or do not fit each other.
    """
    return assess_subject(
        checkpoint,
        progress,
        network=network,
        dataset=dataset,
        data_dir=data_dir,
        trust=trust,
        pixels=pixels,
        params=params,
    )[0].evaluation


def assess_subject(
    name: str | Path,
    progress: DownloadProgress = SILENT,
    *,
    network: str | None = None,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
    trust: bool = False,
    pixels: str | None = None,
    params: int | None = None,
) -> tuple[Assessment, Dataset]:
    """What ``evaluate_checkpoint`` is made of, and the dataset."""
    if is_predictions_name(str(name)):
        images = load_dataset(dataset or "cifar10", data_dir, progress)
        return assess_predictions(name, images, params), images
    from .assessment import assess_model, load_images, open_announced

    opened = open_announced(str(name), progress, network, trust, dataset)
    images = load_images(opened, progress, dataset, data_dir)
    return assess_model(opened, images, pixels, progress), images
