"""Planned runs on this machine, each in a process of its own, several at once."""

import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from eip_cli.foundation.processor import available_threads

from .plan import PlannedRun
from .sweep_directory import Sweep
from .workers import POLL_SECONDS, RUN_MEMORY_BYTES, SweepObserver


@dataclass(frozen=True)
class LocalWorkers:
    """This machine, with at most ``at_once`` trainings; as many as cores and memory allow for None."""

    at_once: int | None = None

    def share_threads(self, runs: int) -> int:
        """All cores, evenly over as many of ``runs`` as there are cores and memory for at a time."""
        return max(1, available_threads() // min(runs, self.at_once or self._room(1)))

    def _room(self, threads: int) -> int:
        import psutil

        by_memory = psutil.virtual_memory().available // RUN_MEMORY_BYTES
        return max(1, min(available_threads() // threads, by_memory))

    def train(self, sweep: Sweep, runs: Sequence[PlannedRun], observer: SweepObserver) -> None:
        """Start one run after the other as places become free."""
        if not runs:
            return
        places = self.at_once or self._room(max(planned.config.threads or 1 for planned in runs))
        waiting = deque(runs)
        running: list[_Process] = []
        try:
            while waiting or running:
                while waiting and len(running) < places:
                    running.append(_Process(sweep, waiting.popleft()))
                observer.watch([process.planned.name for process in running])
                time.sleep(POLL_SECONDS)
                for process in [process for process in running if process.has_ended]:
                    running.remove(process)
                    if failure := process.explain_failure():
                        observer.fail(process.planned.name, failure)
        except BaseException:
            observer.stop()
            _stop(running)
            raise


class _Process:
    """A process with one planned run."""

    def __init__(self, sweep: Sweep, planned: PlannedRun) -> None:
        self.planned = planned
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the process
        # -P: a file of the user's here must not be taken for a module of Python's, as it is not by ``eip``.
        command = [sys.executable, "-P", "-m", "eip_cli.sweeps.run_process", str(sweep.path), planned.name]
        # A session of its own keeps the terminal's Ctrl-C from it: it is stopped through its input alone,
        # so once, whether a key, a signal or this process's end is the reason.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same, on Windows
        )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def explain_failure(self) -> str | None:
        """Why the ended process failed, in one line; None where it did not."""
        self._close_input()
        with self._errors as errors:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
        status = self._process.returncode
        if status == 0:
            return None
        return lines[-1] if status == 1 and lines else f"its process ended with status {status}"

    def stop(self) -> None:
        """Ask for an orderly end: complete epochs are kept."""
        self._close_input()

    def wait(self) -> None:
        self._process.wait()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()


def _stop(running: Sequence[_Process]) -> None:
    """Stop all in order; a second Ctrl-C does not wait for it."""
    for process in running:
        process.stop()
    try:
        for process in running:
            process.wait()
    except KeyboardInterrupt:
        for process in running:
            process.kill()
