"""The one file that resuming needs, and the run's point of commitment.

An epoch counts once its state is written, whole; history, checkpoints and the record follow
from it and are made again from it where a training died in between.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from eip_cli.foundation.errors import RunError
from eip_cli.foundation.files import write_atomically
from eip_cli.runs.history import EpochRow

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class TrainingState:
    """A training after a whole number of epochs.

    ``weights`` and ``best_weights`` are in the order of ``model.weights`` less random states,
    ``optimizer`` in the order of the optimizer's variables. ``average`` is what an average of the weights
    goes on from, if one is kept. ``step_rates`` (float32, images per second) holds every training step so far
    but those in which a process traces and compiles, of single steps the first five.
    """

    history: tuple[EpochRow, ...]
    weights: Arrays
    optimizer: Arrays
    best_weights: Arrays
    best_epoch: int
    step_rates: np.ndarray
    average: Arrays = ()

    @property
    def epochs_done(self) -> int:
        """How many epochs are complete."""
        return len(self.history)

    @property
    def best_row(self) -> EpochRow:
        """The epoch with the highest validation accuracy, the first of equals."""
        return self.history[self.best_epoch - 1]


_GROUPS = ("weights", "optimizer", "best_weights", "average")


def write_state(path: Path, state: TrainingState) -> None:
    """Replace ``path`` whole with ``state``."""
    progress = {
        "history": [asdict(row) for row in state.history],
        "best_epoch": state.best_epoch,
    }
    arrays: dict[str, np.ndarray] = {"progress": np.array(json.dumps(progress))}
    arrays["step_rates"] = state.step_rates
    for group in _GROUPS:
        for index, array in enumerate(getattr(state, group)):
            arrays[f"{group}_{index}"] = array
    with write_atomically(path) as aside:
        np.savez(aside, allow_pickle=False, **arrays)


def read_state(path: Path) -> TrainingState | None:
    """The state in ``path``, or None where no epoch is complete yet.

    Raises RunError where the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        raise RunError(f"{path} is damaged: the run cannot be continued") from None
    try:
        progress = json.loads(str(arrays["progress"]))
        groups = {group: _collect(arrays, group) for group in _GROUPS}
        return TrainingState(
            history=tuple(EpochRow(**row) for row in progress["history"]),
            best_epoch=progress["best_epoch"],
            step_rates=arrays["step_rates"],
            **groups,
        )
    except (KeyError, TypeError, ValueError):
        raise RunError(f"{path} is damaged: the run cannot be continued") from None


def _collect(arrays: Mapping[str, np.ndarray], group: str) -> Arrays:
    """The arrays of ``group`` in the order of their numbers."""
    names = [name for name in arrays if name.rpartition("_")[0] == group]
    return tuple(arrays[name] for name in sorted(names, key=lambda name: int(name.rpartition("_")[2])))
