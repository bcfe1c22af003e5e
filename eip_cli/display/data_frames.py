"""Results as pandas data frames, for notebooks and scripts."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eip_cli.runs.catalogue import find_run
from eip_cli.runs.history import read_history
from eip_cli.runs.run_directory import HISTORY_FILE

if TYPE_CHECKING:
    import pandas


def load_history(run: str | Path) -> "pandas.DataFrame":
    """The history of a run (its directory, id, or ``latest``): a row an epoch, the epoch as index.

    Raises RunError where there is no such run, or no complete epoch of it.
    """
    rows = read_history(find_run(run).path / HISTORY_FILE)
    return to_frame(rows).set_index("epoch")


def to_frame(results: Sequence[Any]) -> "pandas.DataFrame":
    """Frozen results of one kind (layers, epochs, comparisons, ...): a row each, a column a field."""
    import pandas

    return pandas.DataFrame([asdict(result) for result in results])
