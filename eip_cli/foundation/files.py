"""Files that appear whole or not at all."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# The names that write_atomically gives files while they are written.
_ASIDE_NAME = re.compile(r"\.[^.]+\.[0-9a-f]{8}\.[^.]+")


@contextmanager
def write_atomically(path: Path | str) -> Iterator[Path]:
    """Yield a path in the same folder to write to; on success it becomes ``path``, on failure it goes.

    The content is flushed to the disk before the rename, and the folder after it, so that a
    crash leaves the old file or the new one. The path yielded ends as ``path`` does, because
    many writers choose their format by the ending. OSErrors are the caller's to put in words; they
    name ``path``.
    """
    target = Path(path)
    aside = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{target.suffix}")
    try:
        yield aside
        _flush(aside)
        os.replace(aside, target)  # noqa: PTH105  # unlike Path.rename it replaces on Windows too
    except OSError as error:
        # What the user knows nothing of helps him nowhere.
        if error.filename is not None:
            error.filename = str(target)
        if isinstance(error.strerror, str):
            error.strerror = error.strerror.replace(str(aside), str(target))
        raise
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    _flush_folder(target.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in ``folder``; no other process may be writing there."""
    for path in filter(is_leftover, folder.iterdir()):
        path.unlink()


def is_leftover(path: Path) -> bool:
    """Whether a killed writer left ``path``, by its name."""
    return _ASIDE_NAME.fullmatch(path.name) is not None


def file_sha256(path: Path | str) -> str:
    """The SHA-256 of a file's content, in hexadecimal. Raises OSError where it cannot be read."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    # Windows flushes only what is open for writing.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    # Windows cannot open a folder, and some file systems cannot flush one: the rename stands anyway.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
