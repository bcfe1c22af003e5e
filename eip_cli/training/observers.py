"""Who may watch the core at work. The core prints nothing: it tells an observer."""

from typing import Protocol

from eip_cli.datasets.download import DownloadProgress
from eip_cli.runs.history import EpochRow
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import Run


class StepObserver(Protocol):
    """Told of each training step, with the epoch's mean loss and accuracy so far."""

    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """``epoch`` and ``step`` count from 1."""


class CountingObserver(DownloadProgress, Protocol):
    """Told of work that is counted in steps of its own: ``advance`` and ``finish`` are as for downloads."""

    def start_steps(self, description: str, count: int) -> None:
        """Such work begins."""


class TrainObserver(StepObserver, DownloadProgress, Protocol):
    """Told of a whole training: the download of its data, its steps and epochs, notices."""

    def training_started(self, run: Run, record: RunRecord, steps_per_epoch: int) -> None:
        """The run's directory exists; ``record.epochs_done`` epochs are behind it."""

    def epoch_done(self, row: EpochRow, is_best: bool) -> None:
        """An epoch is complete and its files are written."""


class Silence:
    """Hears everything and says nothing."""

    def start(self, description: str, total_bytes: int) -> None: ...
    def start_steps(self, description: str, count: int) -> None: ...
    def advance(self, n_bytes: int) -> None: ...
    def notice(self, text: str) -> None: ...
    def finish(self) -> None: ...
    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None: ...
    def training_started(self, run: Run, record: RunRecord, steps_per_epoch: int) -> None: ...
    def epoch_done(self, row: EpochRow, is_best: bool) -> None: ...


SILENT = Silence()
