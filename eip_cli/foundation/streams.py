"""The standard streams: mended where they are closed or narrow, silent while native libraries start, and
standard output the result's alone.

A user's code prints: ``model.summary()`` at its import, a layer in training, a library below Python. While a
command works, all that goes to standard error; ``result_output`` opens standard output for the result.
"""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO


def mend_standard_streams() -> None:
    """Let a closed standard stream lead nowhere, and one of a narrow encoding escape what it lacks.

    A closed one's descriptor would be given to the next file that is opened, and what libraries write
    there would land in it.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest descriptor that is free, which is this one
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error's are


@contextlib.contextmanager
def held_back_errors() -> Iterator[None]:
    """Hold back what native libraries write to standard error, unless the block fails; Ctrl-C is no failure.

    TensorFlow 2.21 and Ray log before their own log levels are in force, below Python's sys.stderr,
    so only the file descriptor can be turned away.
    """
    if sys.stderr is not None:  # it is in a program without a terminal
        sys.stderr.flush()
    try:
        standard_error = os.dup(2)
    except OSError:  # standard error is closed: nothing can be written there
        yield
        return
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except Exception:
            os.dup2(standard_error, 2)
            held_back.seek(0)
            os.write(2, held_back.read())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)


@dataclass
class _StandardOutput:
    """Where standard output leads while other output is kept away from it."""

    stream: TextIO
    descriptor: int | None


_kept: list[_StandardOutput] = []


@contextlib.contextmanager
def kept_for_the_result() -> Iterator[None]:
    """Send to standard error what the block writes to standard output outside ``result_output``."""
    output = _StandardOutput(sys.stdout, _duplicate(1))
    _turn(sys.stderr, 2)
    _kept.append(output)
    try:
        yield
    finally:
        _kept.remove(output)
        _turn(output.stream, output.descriptor)
        if output.descriptor is not None:
            os.close(output.descriptor)


@contextlib.contextmanager
def result_output() -> Iterator[TextIO]:
    """Standard output, for the result alone."""
    if not _kept:
        yield sys.stdout
        return
    output = _kept[-1]
    _turn(output.stream, output.descriptor)
    try:
        yield output.stream
        output.stream.flush()
    except OSError as error:  # of a full disk behind a redirection, say
        error.filename = error.filename or "standard output"
        raise
    finally:
        _turn(sys.stderr, 2)


def close_for_good() -> None:
    """Send what is written from here on, while the process ends, to standard error."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        _turn(sys.stderr, 2)


def _turn(stream: TextIO, descriptor: int | None) -> None:
    """Have ``sys.stdout`` be ``stream`` and file descriptor 1 lead where ``descriptor`` does.

    What is still held back by Python or by C goes where it was meant to go, before the change.
    """
    for written in (sys.stdout, sys.__stdout__):
        # A reader that is gone is met again, and answered, where the result is written.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            written.flush()  # type: ignore[union-attr]  # None in a program without a terminal
    _flush_c()
    if descriptor is not None:
        with contextlib.suppress(OSError):  # closed: nothing can be written there
            os.dup2(descriptor, 1)
    sys.stdout = stream


def _flush_c() -> None:
    """Write out what C's own standard output holds back, for it would do so at the end of the process."""
    with contextlib.suppress(OSError, AttributeError):
        import ctypes  # costs a help nothing

        (ctypes.cdll.ucrtbase if sys.platform == "win32" else ctypes.CDLL(None)).fflush(None)


def _duplicate(descriptor: int) -> int | None:
    try:
        return os.dup(descriptor)
    except OSError:
        return None
