"""The standard streams: mended where they are closed or narrow, and silent while native libraries start."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator


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
    """Hold back what native libraries write to standard error, unless the block fails.

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
        except BaseException:
            os.dup2(standard_error, 2)
            held_back.seek(0)
            os.write(2, held_back.read())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
