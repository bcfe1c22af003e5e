"""Checkpoints as the user names them -> what they do on the test images."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eip_cli.acceleration.twin import accelerate
from eip_cli.checkpoints.opening import OpenedModel, find_pixels, open_checkpoint
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.datasets.loading import load_dataset, problem_of
from eip_cli.networks.model import require_classifier
from eip_cli.published.baseline import CIFAR10_FINGERPRINT, baseline_for
from eip_cli.recipes.pixels import UNIT_PIXELS, PixelScale, make_pixel_scale
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE
from eip_cli.training.measurement import (
    NO_CLASS,
    as_probabilities,
    find_overflow,
    loss_of,
    measure,
    plain_cross_entropy,
    require_probabilities,
)

from .pixel_doubt import find_doubt
from .record_checks import NOT_CIFAR10
from .statistics import wilson_interval


@dataclass(frozen=True)
class Evaluation:
    """A model measured on a dataset's test images.

    ``loss`` is None where it is not finite. ``pixels`` is the form of pixels that the model was given, and
    ``pixel_scale`` the same in words. ``doubt`` says why its accuracy says little of the weights, where it
    does: there is no verdict then, and ``delta`` is None.
    """

    checkpoint: str
    model: str
    params: int
    dataset: str
    split: str
    n: int
    loss: float | None
    accuracy: float
    accuracy_ci95: tuple[float, float]
    baseline_accuracy: float | None
    delta: float | None
    selected_on: str
    per_class: dict[str, float]
    confusion_matrix: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()
    pixels: str = UNIT_PIXELS.form
    pixel_scale: str = UNIT_PIXELS.form
    doubt: str | None = None


PICKED_ON_TEST = "picked as best on the test images, so its accuracy there is too high"


@dataclass(frozen=True, eq=False)
class Assessment:
    """An evaluation with what lies behind it: which of the test images (n,) the model got right.

    ``images`` is the fingerprint of the dataset in its order: where two agree, image i is the same.
    """

    evaluation: Evaluation
    images: str
    is_correct: NDArray[np.bool_]


def evaluate_checkpoint(
    checkpoint: str | Path,
    progress: DownloadProgress = SILENT,
    *,
    network: str | None = None,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
    trust: bool = False,
    pixels: str | None = None,
) -> Evaluation:
    """Measure ``checkpoint`` on all test images of its run's dataset, or of the one named.

    ``network`` builds the network for a file of weights only. ``pixels`` is a form of recipes.pixels; None
    takes those of the checkpoint's run, or what the network shows that it was made for. Raises an EipError
    where the checkpoint or the data cannot be had, or do not fit each other.
    """
    opened = open_announced(str(checkpoint), progress, network, trust, dataset)
    return assess_model(opened, progress, dataset=dataset, data_dir=data_dir, pixels=pixels).evaluation


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
    opened = open_checkpoint(checkpoint, network, trust, problem_of(dataset) if dataset else None)
    if opened.notice:
        progress.notice(opened.notice)
    return opened


def assess_model(
    opened: OpenedModel,
    progress: DownloadProgress,
    *,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
    pixels: str | None = None,
) -> Assessment:
    """Measure an opened model as ``evaluate_checkpoint`` does."""
    record = opened.record
    name = dataset or (record.config.dataset if record else "cifar10")
    require_classifier(opened.model, opened.name, problem_of(name))  # before images are fetched for it
    images = load_dataset(name, data_dir or _data_dir_of(record, name), progress)
    form = _choose_pixels(opened, pixels, progress)
    scale = make_pixel_scale(form, lambda: images.channel_statistics)
    scale.require_channels(images.problem.image_shape[2])
    return _measure(opened, images, record, scale)


def _choose_pixels(opened: OpenedModel, asked: str | None, progress: DownloadProgress) -> str:
    pixels, shown = find_pixels(opened)
    if shown is not None and asked is None:
        progress.notice(f"{opened.name} gets pixels {pixels}: {shown}")
    return asked or pixels


def _measure(
    opened: OpenedModel, dataset: Dataset, record: RunRecord | None, pixels: PixelScale
) -> Assessment:
    model, labels = opened.model, dataset.test_labels
    loss = plain_cross_entropy(opened.loss or loss_of(model))
    sample = np.asarray(model(pixels.apply(dataset.test_images[:8]), training=False))
    loss = as_probabilities(sample, loss)
    sigmoids = require_probabilities(sample, loss, opened.name)
    predict = (accelerate(model) or model).predict_on_batch
    measured = measure(predict, loss, dataset.test_images, labels, pixels=pixels)
    doubt = _find_doubt(opened, record, dataset, pixels, lambda: find_doubt(predict, loss, dataset, pixels))
    matrix = np.zeros((len(dataset.class_names), len(dataset.class_names)), dtype=int)
    has_class = measured.predictions != NO_CLASS
    np.add.at(matrix, (labels[has_class], measured.predictions[has_class]), 1)
    baseline = baseline_for(dataset.name)
    selected_on, notes = _provenance(opened, record, dataset.name)
    if sigmoids:
        notes.append(sigmoids)
    if record is not None and record.config.limit_train is not None:
        notes.append(f"trained on {record.train_images:,} images only")
    if baseline is not None and dataset.fingerprint.unordered != CIFAR10_FINGERPRINT:
        notes.append(NOT_CIFAR10)
    if measured.non_finite:
        notes.append(f"its outputs for {measured.non_finite:,} images are not finite numbers")
    elif overflow := find_overflow(model):
        notes.append(overflow)
    if doubt is not None:
        notes.append(f"no verdict: {doubt}")
    evaluation = Evaluation(
        checkpoint=str(opened.path or opened.name),
        model=opened.name,
        params=model.count_params(),
        dataset=dataset.name,
        split="test",
        n=len(labels),
        loss=measured.loss if math.isfinite(measured.loss) else None,
        accuracy=measured.accuracy,
        accuracy_ci95=wilson_interval(int(matrix.trace()), len(labels)),
        baseline_accuracy=baseline,
        delta=None if baseline is None or doubt is not None else measured.accuracy - baseline,
        selected_on=selected_on,
        per_class={
            class_name: float(matrix[index, index] / np.count_nonzero(labels == index))
            for index, class_name in enumerate(dataset.class_names)
        },
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
        notes=tuple(notes),
        pixels=pixels.form,
        pixel_scale=str(pixels),
        doubt=doubt,
    )
    return Assessment(evaluation, dataset.fingerprint.ordered, measured.predictions == labels)


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
