"""Reads the arrays of an .npz file, each of a shape that is known before."""

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.collection import Collection
from eip_cli.foundation.errors import DataError

from .npy_member import DAMAGES, MAX_HEADER_BYTES, read_member

MAX_ELEMENT_BYTES = 8


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
            most_bytes = sum(MAX_HEADER_BYTES + _most_bytes(shape) for shape in shapes.values())
            content = file.read(most_bytes + 1)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: _read_array(archive, name, shape) for name, shape in shapes.items()}
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {collection.fresh_copy}") from None
    except KeyError as error:
        raise DataError(
            f"{path} is not {collection.title}'s ({error.args[0]}): {collection.fresh_copy}"
        ) from None
    except DAMAGES as error:
        raise DataError(
            f"{path} is damaged or not {collection.title}'s ({error!s:.80}): {collection.fresh_copy}"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def _most_bytes(shape: tuple[int, ...]) -> int:
    return MAX_ELEMENT_BYTES * math.prod(shape)


def _read_array(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> NDArray[np.integer]:
    def check(found: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        if found != shape or dtype.kind not in "iu":
            raise ValueError(
                f"{name} is {dtype} of shape {found} where whole numbers of shape {shape} belong"
            )

    return read_member(archive, name, _most_bytes(shape), check)
