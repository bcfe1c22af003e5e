"""Whether a run's files are whole, and say the same of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from eip_cli.foundation.errors import RunError
from eip_cli.foundation.files import file_sha256
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.runs.history import EpochRow, read_history
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, HISTORY_FILE, RECORD_FILE, Run

MOST_EPOCHS_NAMED = 3
WORST_ROUNDING = 1e-6  # of the images: an accuracy is a whole number of them, in double precision


def read_sound_history(run: Run) -> tuple[EpochRow, ...]:
    """The run's epochs, at least one. Raises RunError where they are not 1, 2, 3, ... of true accuracies."""
    path = run.path / HISTORY_FILE
    history = read_history(path)
    if not history:
        raise RunError(f"{path} holds no epoch: there is nothing to report yet")
    if [row.epoch for row in history] != list(range(1, len(history) + 1)):
        raise RunError(f"{path} is damaged: its epochs are not 1, 2, 3, ...")
    if not all(0 <= share <= 1 for row in history for share in (row.accuracy, row.val_accuracy)):
        raise RunError(f"{path} is damaged: its accuracies are not between 0 and 1")
    return history


def hash_files(run: Run, record: RunRecord) -> dict[str, str | None]:
    """SHA-256 of the checkpoints that are there or recorded; None for a recorded one that is not there."""
    names = [name for name in (BEST_FILE, FINAL_FILE) if name in record.sha256 or (run.path / name).is_file()]
    return {name: file_sha256(run.path / name) if (run.path / name).is_file() else None for name in names}


def find_disagreements(
    record: RunRecord,
    history: Sequence[EpochRow],
    hashes: Mapping[str, str | None],
    network: str | None,
    summary: ModelSummary,
    images: int | None,
) -> list[str]:
    """What the run's files say against each other, a sentence each.

    ``network`` is the known network that the checkpoint holds, ``images`` the number of validation
    images, of which each accuracy must be a whole number.
    """
    found = [
        f"{name} is not the file that {RECORD_FILE} records: its SHA-256 differs"
        for name, digest in hashes.items()
        if digest is not None and digest != record.sha256.get(name)
    ]
    model = record.config.model
    if model in KNOWN_NETWORKS and network != model:
        found.append(f"{RECORD_FILE} says that the network is {model}, {BEST_FILE} holds another one")
    best = max(history, key=lambda row: row.val_accuracy)
    claims: list[tuple[str, Any, Any, str]] = [
        ("parameters", record.params, summary.total_params, BEST_FILE),
        ("epochs done", record.epochs_done, len(history), HISTORY_FILE),
        ("best epoch", record.best_epoch, best.epoch, HISTORY_FILE),
        ("best accuracy", record.best_accuracy, best.val_accuracy, HISTORY_FILE),
    ]
    said, true = _receptive_field_of(record), _receptive_field_of(summary)
    if None not in (said, true):
        claims.append(("receptive field", said, true, BEST_FILE))
    if record.status == "finished":
        claims.append(("final accuracy", record.final_accuracy, history[-1].val_accuracy, HISTORY_FILE))
        claims.append(("epochs in all", record.config.epochs, len(history), HISTORY_FILE))
    found += [
        f"{name}: {RECORD_FILE} says {said}, {file} says {true}"
        for name, said, true, file in claims
        if said != true
    ]
    return found + _find_impossible_accuracies(history, images)


def _receptive_field_of(holder: RunRecord | ModelSummary) -> Any:
    """What ``holder`` says of the receptive field; None where it knows none."""
    return "the whole image" if holder.whole_image_seen else holder.receptive_field


def _find_impossible_accuracies(history: Sequence[EpochRow], images: int | None) -> list[str]:
    if images is None:
        return [f"{RECORD_FILE} has more training images than the dataset leaves beside the held-out ones"]
    correct = [row.val_accuracy * images for row in history]
    tolerance = images * WORST_ROUNDING
    epochs = [
        str(row.epoch)
        for row, count in zip(history, correct, strict=True)
        if abs(count - round(count)) > tolerance
    ]
    if not epochs:
        return []
    named = ", ".join(epochs[:MOST_EPOCHS_NAMED]) + (", ..." if len(epochs) > MOST_EPOCHS_NAMED else "")
    return [f"validation accuracy of epoch {named} is no whole number of {images:,} images"]
