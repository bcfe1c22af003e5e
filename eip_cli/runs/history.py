"""``history.csv``: a line an epoch."""

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from eip_cli.foundation.errors import RunError

# A line is some 150 bytes, and nobody trains for 50,000 epochs.
LARGEST_FILE_BYTES = 8 * 2**20


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


def require_small(path: Path) -> None:
    """Raise RunError where ``path`` is no file, but a pipe, or larger than any run's own could be."""
    if path.exists() and not path.is_file():
        raise RunError(f"{path} is not a file")
    if path.is_file() and path.stat().st_size > LARGEST_FILE_BYTES:
        raise RunError(f"{path} is damaged: it is larger than {LARGEST_FILE_BYTES:,} bytes")


def read_history(path: Path) -> tuple[EpochRow, ...]:
    """The epochs in ``path``. Raises RunError where it is missing or damaged."""
    require_small(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return tuple(EpochRow(int(row["epoch"]), *(float(row[name]) for name in COLUMNS[1:])) for row in rows)
    except FileNotFoundError:
        raise RunError(f"no {path}: no epoch of the run is complete") from None
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        raise RunError(f"{path} is damaged: it is not a run's history") from None
