"""``history.csv``: a line an epoch."""

import csv
import io
from dataclasses import asdict, fields
from pathlib import Path

from .errors import RunError
from .results import EpochRow

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
