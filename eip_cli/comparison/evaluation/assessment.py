"""Checkpoints as the user names them -> what their networks do on the test images."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eip_cli.acceleration.twin import accelerate
from eip_cli.checkpoints.opening import OpenedModel, find_pixels, open_checkpoint
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.download import DownloadProgress
from eip_cli.datasets.loading import load_dataset, problem_of
from eip_cli.foundation.compiled_programs.keeping import keep_compiled_programs
from eip_cli.networks.model import require_classifier
from eip_cli.recipes.pixels import PixelScale, make_pixel_scale
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE
from eip_cli.training.measurement import (
    Loss,
    as_probabilities,
    find_overflow,
    loss_of,
    measure,
    plain_cross_entropy,
    require_probabilities,
    takes_logits,
)

from .pixel_doubt import find_doubt
from .results import Assessment, describe_images, make_evaluation

ChannelStatistics = Callable[[], tuple[tuple[float, ...], tuple[float, ...]]]
PICKED_ON_TEST = "picked as best on the test images, so its accuracy there is too high"


def _data_dir_of(record: RunRecord | None, dataset: str) -> Path | None:
    """Where the run found its images, if they are still there."""
    if record is None or record.config.data_dir is None or record.config.dataset != dataset:
        return None
    folder = Path(record.config.data_dir)
    return folder if folder.exists() else None


def open_announced(
    checkpoint: str,
    progress: DownloadProgress,
    network: str | None,
    trust: bool,
    dataset: str | None = None,
) -> OpenedModel:
    """The checkpoint, after a notice of which file it is where that was a choice.

    Its network is built for ``dataset`` where it has to be built and the name is given.
    """
    keep_compiled_programs()
    opened = open_checkpoint(checkpoint, network, trust, problem_of(dataset) if dataset else None)
    if opened.notice:
        progress.notice(opened.notice)
    return opened


def assess_model(
    opened: OpenedModel, images: Dataset, pixels: str | None, progress: DownloadProgress
) -> Assessment:
    """Measure an opened model on the test images of ``images``.

    ``pixels`` is a form of recipes.pixels; None takes those of the checkpoint's run, or what the network
    shows that it was made for. Raises an EipError where model and images do not fit each other.
    """
    scale = choose_pixels(opened, pixels, lambda: images.channel_statistics, progress)
    return assess_on(opened, images, scale)


def dataset_of(opened: OpenedModel) -> str:
    """The name of the dataset that a model is measured on unless told otherwise: its run's, or CIFAR-10."""
    return opened.record.config.dataset if opened.record else "cifar10"


def load_images(
    opened: OpenedModel,
    progress: DownloadProgress,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
) -> Dataset:
    """The images to measure a model on: those of ``dataset``, or of its own, from where its run had them.

    Raises ModelError where the model does not fit them, before they are fetched for it.
    """
    name = dataset or dataset_of(opened)
    require_classifier(opened.model, opened.name, problem_of(name))
    return load_dataset(name, data_dir or _data_dir_of(opened.record, name), progress)


def choose_pixels(
    opened: OpenedModel, asked: str | None, statistics: ChannelStatistics, progress: DownloadProgress
) -> PixelScale:
    """The pixels that a model is given: those asked for, or those that it was made for, which may be said.

    ``statistics`` gives mean and deviation of the training images, by channel, where the form needs them.
    """
    pixels, shown = find_pixels(opened)
    if shown is not None and asked is None:
        progress.notice(f"{opened.name} gets pixels {pixels}: {shown}")
    return make_pixel_scale(asked or pixels, statistics)


def find_loss(opened: OpenedModel, sample: NDArray[np.float32]) -> tuple[Loss, str | None]:
    """The cross-entropy of a model's outputs, of which ``sample`` (n, classes) are some; a note on sigmoids.

    Raises ModelError where they are neither probabilities nor what the model's own loss calls logits.
    """
    loss = as_probabilities(sample, plain_cross_entropy(opened.loss or loss_of(opened.model)))
    return loss, require_probabilities(sample, loss, opened.name)


def assess_on(opened: OpenedModel, dataset: Dataset, pixels: PixelScale) -> Assessment:
    """Measure an opened model on the test images of ``dataset``."""
    model, labels, record = opened.model, dataset.test_labels, opened.record
    pixels.require_channels(dataset.problem.image_shape[2])
    sample = np.asarray(model(pixels.apply(dataset.test_images[:8]), training=False))
    loss, sigmoids = find_loss(opened, sample)
    predict = (accelerate(model) or model).predict_on_batch
    measured = measure(predict, loss, dataset.test_images, labels, pixels=pixels)
    doubt = _find_doubt(opened, record, dataset, pixels, lambda: find_doubt(predict, loss, dataset, pixels))
    selected_on, notes = _provenance(opened, record, dataset.name)
    if sigmoids:
        notes.append(sigmoids)
    if record is not None and record.config.limit_train is not None:
        notes.append(f"trained on {record.train_images:,} images only")
    notes.extend(describe_images(dataset))
    if measured.non_finite:
        notes.append(f"its outputs for {measured.non_finite:,} images are not finite numbers")
    elif overflow := find_overflow(model):
        notes.append(overflow)
    evaluation = make_evaluation(
        dataset,
        measured.predictions,
        checkpoint=str(opened.path or opened.name),
        model=opened.name,
        params=model.count_params(),
        loss=measured.loss if math.isfinite(measured.loss) else None,
        selected_on=selected_on,
        notes=notes,
        pixels=pixels,
        doubt=doubt,
    )
    return Assessment(
        evaluation,
        dataset.fingerprint.ordered,
        measured.predictions == labels,
        measured.outputs,
        are_logits=takes_logits(loss),
        predictions=measured.predictions,
    )


def _find_doubt(
    opened: OpenedModel,
    record: RunRecord | None,
    dataset: Dataset,
    pixels: PixelScale,
    try_out: Callable[[], str | None],
) -> str | None:
    """Why the accuracy says little of the weights: by what their run says of their pixels, else by trying."""
    if record is None or not opened.is_as_recorded or record.config.dataset != dataset.name:
        return try_out()
    if record.config.pixels != pixels.form:
        return f"these weights were trained on pixels {record.config.pixels}, not {pixels.form}"
    return None


def _provenance(opened: OpenedModel, record: RunRecord | None, dataset: str) -> tuple[str, list[str]]:
    """On which images a file was picked, and what the user should know of it."""
    if record is None or opened.path is None:
        return "unknown", []
    if record.sha256.get(opened.path.name) not in (None, opened.source_sha256):
        return "unknown", [f"{opened.path.name} is not the file that its run recorded (its SHA-256 differs)"]
    if opened.path.name == FINAL_FILE or record.config.dataset != dataset:
        return "none", []
    if opened.path.name != BEST_FILE:
        return "unknown", []
    selected_on = record.config.selected_on
    return selected_on, [PICKED_ON_TEST] if selected_on == "test" else []
