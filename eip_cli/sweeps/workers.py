"""What a sweep asks of those who train its runs, and what they tell while they do."""

from collections.abc import Collection, Sequence
from typing import Protocol

from .plan import PlannedRun
from .sweep_directory import Sweep

# A training on all of CIFAR-10 peaks at 1.65 GB of resident memory; a large network of a user's needs more.
RUN_MEMORY_BYTES = 2_000_000_000
POLL_SECONDS = 0.25


class SweepObserver:
    """Told of a sweep while it goes on; remembers what failed."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}

    def watch(self, running: Collection[str]) -> None:
        """Again and again: these runs are being trained."""

    def fail(self, name: str, reason: str) -> None:
        """A run has failed, for a reason in one line."""
        self.failures[name] = reason

    def stop(self) -> None:
        """The runs are being stopped, as the user asked for."""


class Workers(Protocol):
    """Where planned runs are trained."""

    def share_threads(self, runs: int) -> int:
        """How many threads each of ``runs`` trainings is to have."""

    def train(self, sweep: Sweep, runs: Sequence[PlannedRun], observer: SweepObserver) -> None:
        """Train ``runs`` to their ends.

        On KeyboardInterrupt the trainings are stopped in order before it is raised again.
        """
