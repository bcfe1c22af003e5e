"""One process at a time in a run's or a sweep's directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from eip_cli.foundation.errors import RunError

from .run_directory import LOCK_FILE


@contextmanager
def held_exclusively(folder: Path) -> Iterator[None]:
    """Hold a run or a sweep for this process alone; the lock goes with the process, however it ends.

    Raises RunError where another process holds it.
    """
    try:
        with FileLock(folder / LOCK_FILE, timeout=0):
            yield
    except Timeout:
        raise RunError(f"{folder} is being trained by another process") from None
