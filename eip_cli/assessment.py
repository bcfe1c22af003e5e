"""Runs and checkpoints as the user names them -> evaluations and comparisons with the baseline."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from .acceleration import accelerate
from .baseline import (
    CIFAR10_FINGERPRINT,
    PUBLISHED_RUNS,
    baseline_for,
    compare,
    read_published_log,
    wilson_interval,
)
from .data import Dataset, load_dataset
from .download import SILENT, DownloadProgress
from .errors import ModelError
from .evaluation import loss_of, measure, require_probabilities, scale_images
from .history import read_history
from .inspection import summarize_model
from .model import require_classifier
from .plots import Curve
from .results import Comparison, Evaluation, Pair
from .runs import BEST_FILE, FINAL_FILE, HISTORY_FILE, Run, RunRecord, find_run
from .sources import OpenedModel, open_checkpoint

PICKED_ON_TEST = "picked as best on the test images, so its accuracy there is too high"
UNKNOWN_ORIGIN = "of unknown origin: it may have been picked on the test images"
NOT_CIFAR10 = "measured on images that are not CIFAR-10's own 60,000"


def evaluate_checkpoint(
    checkpoint: str,
    progress: DownloadProgress = SILENT,
    *,
    network: str | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
    trust: bool = False,
) -> Evaluation:
    """Measure ``checkpoint`` on all test images of its run's dataset, or of the one named.

    ``network`` builds the network for a file of weights only. Raises an EipError where the
    checkpoint or the data cannot be had, or do not fit each other.
    """
    opened = _open(checkpoint, progress, network, trust)
    return evaluate_model(opened, progress, dataset=dataset, data_dir=data_dir)


def _data_dir_of(record: RunRecord | None, dataset: str) -> Path | None:
    """Where the run found its images, if they are still there."""
    if record is None or record.config.data_dir is None or record.config.dataset != dataset:
        return None
    folder = Path(record.config.data_dir)
    return folder if folder.exists() else None


def _open(checkpoint: str, progress: DownloadProgress, network: str | None, trust: bool) -> OpenedModel:
    opened = open_checkpoint(checkpoint, network, trust)
    if opened.notice:
        progress.notice(opened.notice)
    return opened


def evaluate_model(
    opened: OpenedModel,
    progress: DownloadProgress,
    *,
    dataset: str | None = None,
    data_dir: Path | None = None,
) -> Evaluation:
    """Measure an opened model as ``evaluate_checkpoint`` does."""
    record = opened.run.read_record() if opened.run else None
    name = dataset or (record.config.dataset if record else "cifar10")
    return _measure(opened, load_dataset(name, data_dir or _data_dir_of(record, name), progress), record)


def _measure(opened: OpenedModel, dataset: Dataset, record: RunRecord | None) -> Evaluation:
    model = opened.model
    require_classifier(model, opened.name)
    loss = opened.loss or loss_of(model)
    sample = np.asarray(model(scale_images(dataset.test_images[:8]), training=False))
    require_probabilities(sample, loss, opened.name)
    labels = dataset.test_labels
    measured = measure((accelerate(model) or model).predict_on_batch, loss, dataset.test_images, labels)
    matrix = np.zeros((len(dataset.class_names), len(dataset.class_names)), dtype=int)
    np.add.at(matrix, (labels, measured.predictions), 1)
    baseline = baseline_for(dataset.name)
    selected_on, notes = _provenance(opened, record, dataset.name)
    if record is not None and record.config.limit_train is not None:
        notes.append(f"trained on {record.train_images:,} images only")
    if baseline is not None and dataset.fingerprint.unordered != CIFAR10_FINGERPRINT:
        notes.append(NOT_CIFAR10)
    return Evaluation(
        checkpoint=str(opened.path or opened.name),
        model=opened.name,
        params=model.count_params(),
        dataset=dataset.name,
        split="test",
        n=len(labels),
        loss=measured.loss,
        accuracy=measured.accuracy,
        accuracy_ci95=wilson_interval(int(matrix.trace()), len(labels)),
        baseline_accuracy=baseline,
        delta=None if baseline is None else measured.accuracy - baseline,
        selected_on=selected_on,
        per_class={
            class_name: float(row[index] / row.sum())
            for index, (class_name, row) in enumerate(zip(dataset.class_names, matrix, strict=True))
        },
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
        notes=tuple(notes),
    )


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


def compare_with_baseline(
    names: Sequence[str],
    progress: DownloadProgress = SILENT,
    *,
    data_dir: Path | None = None,
    trust: bool = False,
) -> list[Comparison]:
    """A row for each run or checkpoint named, in that order.

    A run is compared by what its record says; a checkpoint is evaluated on CIFAR-10, or on its
    run's dataset. Raises an EipError where one cannot be had.
    """
    return [
        compare_record(run.read_record())
        if (run := _as_run(name))
        else _compare_checkpoint(name, progress, data_dir, trust)
        for name in names
    ]


def collect_curves(names: Sequence[str]) -> list[Curve]:
    """The published logs, then the history of each run among ``names``; a file has no history."""
    curves = [
        Curve(run.name, tuple(row["val_accuracy"] for row in read_published_log(run)), is_published=True)
        for run in PUBLISHED_RUNS
    ]
    for run in filter(None, map(_as_run, names)):
        record = run.read_record()
        if baseline_for(record.config.dataset) is not None:
            history = read_history(run.path / HISTORY_FILE)
            curves.append(Curve(record.id, tuple(row.val_accuracy for row in history)))
    return curves


def _as_run(name: str) -> Run | None:
    """The run that ``name`` means where it means a run, None where it means a file."""
    if Path(name).is_file() or Path(name).suffix in (".h5", ".keras"):
        return None
    return find_run(name)


def compare_record(record: RunRecord) -> Comparison:
    """A run's row, by what its record says; the notes are what makes it unlike the published runs."""
    on_baseline_data = baseline_for(record.config.dataset) is not None
    held_out = record.config.validation_split is not None
    return compare(
        record.id,
        "run",
        record.final_accuracy if on_baseline_data else None,
        params=record.params,
        receptive_field=record.receptive_field,
        epochs=record.epochs_done,
        best_accuracy=record.best_accuracy if on_baseline_data else None,
        best_epoch=record.best_epoch if on_baseline_data else None,
        selected_on=record.config.selected_on,
        comparable=not held_out,
        notes=_marks(record),
    )


def _marks(record: RunRecord) -> tuple[str, ...]:
    """What makes a run unlike the published ones."""
    config = record.config
    marks = []
    if baseline_for(config.dataset) is None:
        marks.append(f"trained on {config.dataset}")
    elif record.dataset_fingerprint.get("unordered") != CIFAR10_FINGERPRINT:
        marks.append(NOT_CIFAR10)
    if record.status != "finished":
        marks.append(f"{record.status} after {record.epochs_done} of {config.epochs} epochs")
    if config.limit_train is not None:
        marks.append(f"trained on {record.train_images:,} images only")
    if config.validation_split is not None:
        marks.append(f"accuracies are of held-out training images; compare {BEST_FILE} of the run instead")
    return tuple(marks)


def _compare_checkpoint(
    name: str, progress: DownloadProgress, data_dir: Path | None, trust: bool
) -> Comparison:
    opened = _open(name, progress, None, trust)
    evaluation = evaluate_model(opened, progress, data_dir=data_dir)
    receptive_field: Pair | None = None
    with suppress(ModelError):  # a geometry that is not known leaves the accuracy comparable
        receptive_field = summarize_model(opened.model, opened.name).receptive_field
    on_baseline_data = evaluation.baseline_accuracy is not None
    return compare(
        evaluation.checkpoint,
        "checkpoint",
        evaluation.accuracy if on_baseline_data else None,
        params=evaluation.params,
        receptive_field=receptive_field,
        selected_on=evaluation.selected_on,
        # A maximum over epochs on the test images is no estimate that an interval could be put around.
        comparable=evaluation.selected_on != "test",
        notes=_checkpoint_marks(evaluation),
    )


def _checkpoint_marks(evaluation: Evaluation) -> tuple[str, ...]:
    marks = list(evaluation.notes)
    if evaluation.baseline_accuracy is None:
        marks.append(f"evaluated on {evaluation.dataset}")
    elif evaluation.selected_on == "unknown":
        marks.append(UNKNOWN_ORIGIN)
    return tuple(marks)
