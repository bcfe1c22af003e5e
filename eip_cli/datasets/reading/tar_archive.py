"""Reads the members of a gzipped tar archive that may come from anyone, without extracting it.

Only regular files that are asked for by name are read, into memory, each within a bound; the
headers are decoded by ``tarfile``, and the extended ones (which may be of any size) are passed
over unread.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from eip_cli.datasets.collection import Collection
from eip_cli.foundation.errors import DataError

_FILE_TYPES = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})
_EXTENDED_HEADERS = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME}
)


def read_members(
    path: Path, wanted: Iterable[str], collection: Collection, max_member_bytes: int, max_total_bytes: int
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each wanted member, in the archive's order, each at most once.

    The whole archive is read, so that one with a link, a device or a path outside itself is
    refused wherever that stands. ``max_total_bytes`` bounds what is decompressed. ``collection`` is
    what the archive should be of, for messages. Raises
    DataError where the archive is truncated, damaged or refused, or lacks a wanted member.
    """
    named = frozenset(wanted)
    missing = set(named)
    too_much = f"{path} was refused: it unpacks to more than {collection.title} holds"
    try:
        with gzip.open(path, "rb") as stream:
            while (member := _read_header(stream, path)) is not None:
                n_bytes = 0 if member.isdir() else member.size
                padded = -(-n_bytes // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                if stream.tell() + padded > max_total_bytes:
                    raise DataError(too_much)
                name = str(PurePosixPath(member.name))
                if member.type not in _FILE_TYPES or name not in named:
                    stream.seek(padded, 1)
                    continue
                if name not in missing or n_bytes > max_member_bytes:
                    raise DataError(f"{path} was refused: {name!r} is in it twice, or too large")
                missing.remove(name)
                yield name, _read_exactly(stream, padded)[:n_bytes]
            _check_rest(stream, too_much, max_total_bytes)
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is truncated or damaged ({error}): {collection.fresh_copy}") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    if missing:
        raise DataError(f"{path} lacks {min(missing)}: {collection.fresh_copy}")


def _read_header(stream: gzip.GzipFile, path: Path) -> tarfile.TarInfo | None:
    """Decode the next header; None at the archive's end. Refuses what no plain archive has."""
    block = _read_exactly(stream, tarfile.BLOCKSIZE)
    if not any(block):
        return None
    member = tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape")
    where = PurePosixPath(member.name)
    if where.is_absolute() or ".." in where.parts or "\\" in member.name or ":" in member.name:
        raise DataError(f"{path} was refused: {member.name!r:.60} in it points outside the archive")
    if member.type not in _FILE_TYPES | _EXTENDED_HEADERS | {tarfile.DIRTYPE} or member.size < 0:
        raise DataError(f"{path} was refused: {member.name!r:.60} in it is neither file nor folder")
    return member


def _check_rest(stream: gzip.GzipFile, too_much: str, max_total_bytes: int) -> None:
    """Read on to the end, where gzip keeps the checksum of all that came before."""
    while stream.read(2**20):
        if stream.tell() > max_total_bytes:
            raise DataError(too_much)


def _read_exactly(stream: gzip.GzipFile, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError("it ends too early")
    return content
