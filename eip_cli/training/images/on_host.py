"""Changes of images in NumPy: on a CPU, where a step takes its time elsewhere."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.recipes.pixels import PixelScale

from .draws import Changes, reflect


def keep(arrays: NDArray[Any]) -> NDArray[Any]:
    """``arrays`` where they will be taken from."""
    return arrays


def take(arrays: NDArray[Any], chosen: NDArray[np.int64]) -> NDArray[Any]:
    """Those of ``arrays`` at the indices ``chosen``."""
    return arrays[chosen]


def scale_pixels(images: NDArray[np.uint8], pixels: PixelScale) -> NDArray[np.float32]:
    """The images as the float32 numbers of ``pixels``."""
    return pixels.apply(images)


def apply_changes(images: NDArray[np.uint8], changes: Changes) -> NDArray[np.uint8]:
    """``images`` (n, height, width, channels), changed; they may be changed in place."""
    each = np.arange(len(images))[:, None, None]
    if changes.flips is not None:
        images[changes.flips] = images[changes.flips, :, ::-1]
    if changes.rows is not None and changes.columns is not None:
        images = images[each, changes.rows[:, :, None], changes.columns[:, None, :]]
    if changes.angles is not None:
        images = _rotate(images, changes.angles)
    if changes.hole is not None:
        rows, columns = changes.hole
        images[rows[:, :, None] & columns[:, None, :]] = changes.fill
    return images


def mix(
    one: NDArray[np.float32], other: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """``share`` (n,) of each row of ``one``, the rest of that of ``other``."""
    weights = share.reshape(-1, *(1,) * (one.ndim - 1))
    return weights * one + (1 - weights) * other


def _rotate(images: NDArray[np.uint8], angles: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bilinear, around the centre, the border reflected."""
    height, width = images.shape[1:3]
    down = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[None, :, None]
    right = (np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, None, :]
    cosine, sine = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    rows = cosine * down - sine * right + (height - 1) / 2
    columns = sine * down + cosine * right + (width - 1) / 2
    top, left = np.floor(rows).astype(np.int32), np.floor(columns).astype(np.int32)
    lower, further = (rows - top)[..., None], (columns - left)[..., None]
    upper_rows, lower_rows = (reflect(row, height) * width for row in (top, top + 1))
    left_columns, right_columns = (reflect(column, width) for column in (left, left + 1))
    # One index a pixel is gathered several times faster than three.
    first = (np.arange(len(images), dtype=np.int32) * (height * width))[:, None, None]
    pixels = images.reshape(-1, images.shape[3]).astype(np.float32)

    def at(row: NDArray[Any], column: NDArray[Any]) -> NDArray[np.float32]:
        return pixels.take(first + row + column, axis=0)

    above = at(upper_rows, left_columns)
    above += (at(upper_rows, right_columns) - above) * further
    below = at(lower_rows, left_columns)
    below += (at(lower_rows, right_columns) - below) * further
    above += (below - above) * lower
    return np.rint(above).astype(np.uint8)
