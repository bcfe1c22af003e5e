"""Silence for native libraries that write to standard error as they start."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def held_back_errors() -> Iterator[None]:
    """Hold back what native libraries write to standard error, unless the block fails.

    TensorFlow 2.21 and Ray log before their own log levels are in force, below Python's sys.stderr,
    so only the file descriptor can be turned away.
    """
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
