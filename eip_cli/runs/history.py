"""``history.csv``: a line an epoch."""

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from eip_cli.foundation.errors import RunError


@dataclass(frozen=True)
class EpochRow:
    """One epoch of a run's history. ``epoch`` counts from 1; accuracies are fractions.

    ``learning_rate`` is the schedule's value, not its float32 image; ``val_`` columns are
    measured on the run's validation images, which are the test images unless
    ``--validation-split`` held out training images.
    """

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


COLUMNS = tuple(item.name for item in fields(EpochRow))


def format_history(history: tuple[EpochRow, ...]) -> str:
    """The file's text; floats at full precision, so that they read back the same."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in history)
    return text.getvalue()


def read_history(path: Path) -> tuple[EpochRow, ...]:
    """The epochs in ``path``. Raises RunError where it is missing or damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return tuple(EpochRow(int(row["epoch"]), *(float(row[name]) for name in COLUMNS[1:])) for row in rows)
    except FileNotFoundError:
        raise RunError(f"no {path}: no epoch of the run is complete") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise RunError(f"{path} is damaged: it is not a run's history") from None
