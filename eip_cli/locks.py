"""A lock between processes that a killed process cannot leave behind."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def hold_lock(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock on the file ``path`` for the length of a ``with`` block.

    Where another process holds it, ``on_wait`` is called once and this one waits; without
    ``on_wait`` it raises BlockingIOError instead. The operating system lets go of the lock when
    the process ends, however it ends; the empty file stays. Raises OSError where the file
    cannot be made.
    """
    with path.open("ab") as file:
        announced = False
        while True:
            try:
                _try_lock(file)
                break
            except (BlockingIOError, PermissionError):
                if on_wait is None:
                    raise BlockingIOError(f"{path} is held by another process") from None
            if not announced:
                on_wait()
                announced = True
            time.sleep(0.2)  # short enough to notice, and open to Ctrl-C, unlike a blocking call
        yield
