"""Ctrl-C during a training: the first asks for an orderly stop, the second stops at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType


class Interrupted(Exception):  # noqa: N818  # not an error: the user asked for it
    """Training stopped because the user asked for it; what was trained is kept."""


class InterruptionGuard:
    """Within this context, the first SIGINT only sets ``requested``; a second one raises KeyboardInterrupt.

    A signal must not fall between the files of an epoch, so training asks for it where it can
    stop. Outside the main thread, where Python allows no handlers, it does nothing.
    """

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> "InterruptionGuard":
        self._is_active = threading.current_thread() is threading.main_thread()
        if self._is_active:
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_active:
            signal.signal(signal.SIGINT, self._previous)

    def check(self) -> None:
        """Raise Interrupted if the user has asked for a stop."""
        if self.requested:
            raise Interrupted

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


@contextmanager
def heeding_interruption() -> Iterator[None]:
    """Within this context SIGINT raises KeyboardInterrupt, also where a script began the program with ``&``.

    Shells have such a program ignore it, and Python leaves that as it is; ``kill -INT`` is to stop it in
    order all the same.
    """
    is_main = threading.current_thread() is threading.main_thread()
    is_ignored = is_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if is_ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if is_ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
