"""Reads the arrays of an .npz file, a zip archive of .npy files, each of a shape that is known before.

NumPy's own reader takes the shapes from the file, and a few bytes can ask for any amount of memory.
"""

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from eip_cli.datasets.collection import Collection
from eip_cli.foundation.errors import DataError

MAX_HEADER_BYTES = 4096
MAX_ELEMENT_BYTES = 8
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What a damaged zip archive can raise, or one with a password or of a later version, and NumPy's parser.
_ZIP_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
_DAMAGES = (*_ZIP_DAMAGES, ValueError, TypeError, SyntaxError, tokenize.TokenError, MemoryError)


def read_npz(
    path: Path, shapes: Mapping[str, tuple[int, ...]], collection: Collection
) -> dict[str, NDArray[np.integer]]:
    """The arrays of whole numbers called as in ``shapes``, each of the shape that stands there.

    ``collection`` is what the file should be of, for messages. Raises DataError where the file is missing or
    damaged, lacks an array, or has one of another shape or of other things than whole numbers.
    """
    try:
        collection.require_file(path)
        # In memory, so that an OSError is the disk's: a damaged archive names places that no file has.
        with path.open("rb") as file:
            content = file.read(sum(map(_most_bytes, shapes.values())) + 1)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: _read_member(archive, name, shape) for name, shape in shapes.items()}
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {collection.fresh_copy}") from None
    except KeyError as error:
        raise DataError(
            f"{path} is not {collection.title}'s ({error.args[0]}): {collection.fresh_copy}"
        ) from None
    except _DAMAGES as error:
        raise DataError(
            f"{path} is damaged or not {collection.title}'s ({error!s:.80}): {collection.fresh_copy}"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def _most_bytes(shape: tuple[int, ...]) -> int:
    return MAX_HEADER_BYTES + MAX_ELEMENT_BYTES * math.prod(shape)


def _read_member(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> NDArray[np.integer]:
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type not in _COMPRESSIONS:
        raise ValueError(f"{name} is compressed in an unusual way")
    if member.file_size > _most_bytes(shape):
        raise ValueError(f"{name} is too large")
    content = archive.read(member)
    # The header is text that NumPy parses as a literal; it is believed only where it says what it should.
    stream = io.BytesIO(content)
    if npy.read_magic(stream) != (1, 0):
        raise ValueError(f"{name} is of another version than NumPy writes for such an array")
    found, is_fortran, dtype = npy.read_array_header_1_0(stream, MAX_HEADER_BYTES)
    if found != shape or dtype.kind not in "iu":
        raise ValueError(f"{name} is {dtype} of shape {found} where whole numbers of shape {shape} belong")
    values = content[stream.tell() :]
    if len(values) != dtype.itemsize * math.prod(shape):
        raise ValueError(f"{name} has {len(values)} bytes")
    return np.frombuffer(values, dtype).reshape(shape, order="F" if is_fortran else "C")
