"""Reads IDX files, gzipped or not: MNIST's own format, a few header numbers and then plain bytes.

The format stands at the foot of http://yann.lecun.com/exdb/mnist/: two zero bytes, a byte for the type of
an element (8 for unsigned bytes), the number of axes, the length of each as 32 bits, the last byte last.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.collection import Collection
from eip_cli.foundation.errors import DataError

UNSIGNED_BYTES = 8
_GZIP_BEGINNING = b"\x1f\x8b"


def read_idx(path: Path, shape: tuple[int, ...], collection: Collection) -> NDArray[np.uint8]:
    """The array of ``shape`` that an IDX file holds; what is inside decides whether it is gzipped.

    ``collection`` is what the file should be of, for messages. No more is read than ``shape`` needs.
    Raises DataError where the file is missing or damaged, or holds an array of another shape or type.
    """
    try:
        collection.require_file(path)
        with path.open("rb") as file:
            is_gzipped = file.read(2) == _GZIP_BEGINNING
            file.seek(0)
            return _read(gzip.open(file) if is_gzipped else file, shape)  # type: ignore[arg-type]
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {collection.fresh_copy}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise DataError(
            f"{path} is damaged or not {collection.title}'s ({error}): {collection.fresh_copy}"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def _read(stream: BinaryIO, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    header = stream.read(4)
    if len(header) < 4 or header[:2] != b"\0\0":
        raise ValueError("it does not begin as an IDX file does")
    if header[2] != UNSIGNED_BYTES or header[3] != len(shape):
        raise ValueError(f"{header[3]} axes of elements of type {header[2]}")
    lengths = stream.read(4 * len(shape))
    if len(lengths) < 4 * len(shape):
        raise EOFError("it ends too early")
    found = struct.unpack(f">{len(shape)}I", lengths)
    if found != shape:
        raise ValueError(f"an array of {_show(found)} where {_show(shape)} belongs")
    size = math.prod(shape)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError("it ends too early")
    if stream.read(1):  # at the end of a gzipped file this compares its checksum too
        raise ValueError("it goes on after its end")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _show(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
