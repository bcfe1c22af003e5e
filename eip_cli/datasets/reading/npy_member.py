"""Reads one array of an .npz file, a zip archive of .npy files, which is believed in nothing.

NumPy's own reader takes the shapes from the file, and a few bytes can ask for any amount of memory; objects
it would unpickle, which runs code.
"""

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MAX_HEADER_BYTES = 4096
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What a damaged zip archive can raise, or one with a password or of a later version, and NumPy's parser.
_ZIP_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
DAMAGES = (*_ZIP_DAMAGES, ValueError, TypeError, SyntaxError, tokenize.TokenError, MemoryError)


def read_member(
    archive: zipfile.ZipFile,
    name: str,
    most_bytes: int,
    check: Callable[[tuple[int, ...], np.dtype[Any]], None],
) -> NDArray[Any]:
    """The array ``name``, of ``most_bytes`` at most, header aside.

    ``check`` is given shape and type, before anything is made of that shape, and raises what it likes where
    they are not what they should be. Raises KeyError where there is no such array, ValueError where it is of
    Python objects, and one of DAMAGES where the file is damaged or forged.
    """
    member = archive.getinfo(f"{name}.npy")
    if archive.namelist().count(member.filename) > 1:
        raise ValueError(f"{name} is in it more than once")
    if member.compress_type not in _COMPRESSIONS:
        raise ValueError(f"{name} is compressed in an unusual way")
    # The header is text that NumPy parses as a literal; it is believed only where it says what it should.
    with archive.open(member) as file:
        stream = io.BytesIO(file.read(MAX_HEADER_BYTES))
        if npy.read_magic(stream) != (1, 0):
            raise ValueError(f"{name} is of another version than NumPy writes for such an array")
        shape, is_fortran, dtype = npy.read_array_header_1_0(stream, MAX_HEADER_BYTES)
        check(shape, dtype)
        if dtype.hasobject:
            raise ValueError(f"{name} is {dtype}")
        size = dtype.itemsize * math.prod(shape)
        if max(size, member.file_size - stream.tell()) > most_bytes:
            raise ValueError(f"{name} is too large")
        values = stream.read() + file.read(most_bytes + 1)
    if len(values) != size:
        raise ValueError(f"{name} has {len(values)} bytes")
    return np.frombuffer(values, dtype).reshape(shape, order="F" if is_fortran else "C")
