"""A folder of this process's own with programs from a store; TensorFlow reads and writes there alone.

So no process meets an entry that another one is writing, and what it makes itself is given to the others
whole. A process that is killed leaves its folder; the next one that starts removes it.
"""

import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from .settings import IN_USE
from .store import ProgramStore, remove_oldest

# TensorFlow ends a training where it cannot write a program down: with less room than this none are kept.
ROOM_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Loan:
    """This process's folder of programs: those that it has borrowed, and those that it adds."""

    folder: Path
    _lock: FileLock
    _process: int

    def take(self, store: ProgramStore) -> None:
        """Put what ``store`` has into the folder, as far as that can be read."""
        with suppress(OSError):
            store.folder.mkdir(parents=True, exist_ok=True)
            store.lend(self.folder)

    def share(self, store: ProgramStore) -> None:
        """Give what this process has compiled to ``store``; what cannot be kept is not."""
        if self._process == os.getpid():  # not a fork
            with suppress(OSError):
                store.take_in(self.folder)
                remove_oldest(store.folder.parent)

    def end(self) -> None:
        """Remove the folder."""
        if self._process == os.getpid():
            _remove(self.folder, self._lock)


def open_loan(root: Path) -> Loan | None:
    """An empty folder for this process under ``root``; None where TensorFlow could not write to one."""
    try:
        in_use = root / IN_USE
        in_use.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(in_use).free < ROOM_BYTES:
            return None
        _remove_left(in_use)
        folder = in_use / f"{os.getpid()}-{secrets.token_hex(4)}"
        lock = FileLock(_lock_of(folder), timeout=0)
        lock.acquire()
        folder.mkdir()
    except (OSError, Timeout):
        return None
    return Loan(folder, lock, os.getpid())


def _remove_left(in_use: Path) -> None:
    """Remove the folders of processes that have ended: their locks went with them."""
    for path in in_use.glob("*.lock"):
        lock = FileLock(path, timeout=0)
        with suppress(OSError, Timeout):
            lock.acquire()
            _remove(path.with_suffix(""), lock)


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        _lock_of(folder).unlink()


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")
