"""Changes of images by Keras's operations: on an accelerator, where the images lie already.

What is drawn may be NumPy's arrays, or tensors of a program that is being traced.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.backend import keras
from eip_cli.recipes.pixels import BYTE_PIXELS, PixelScale

from .draws import Changes

Tensor = Any  # a backend's
ops = keras.ops


def keep(arrays: NDArray[Any]) -> Tensor:
    """``arrays`` in the memory of the device."""
    return ops.convert_to_tensor(arrays)


def take(arrays: Tensor, chosen: NDArray[np.int64]) -> Tensor:
    """Those of ``arrays`` at the indices ``chosen``."""
    return ops.take(arrays, _index(chosen), axis=0)


def apply_changes(images: Tensor, changes: Changes) -> Tensor:
    """``images``, a uint8 tensor (n, height, width, channels), changed as NumPy does it.

    Only where an image is turned may a pixel be another by 1 of 255, where the two round apart.
    """
    if changes.flips is not None:
        is_flipped = ops.convert_to_tensor(changes.flips)[:, None, None, None]
        images = ops.where(is_flipped, ops.flip(images, axis=2), images)
    if changes.rows is not None and changes.columns is not None:
        images = ops.take_along_axis(images, _index(changes.rows)[:, :, None, None], axis=1)
        images = ops.take_along_axis(images, _index(changes.columns)[:, None, :, None], axis=2)
    if changes.angles is not None:
        images = _rotate(images, ops.convert_to_tensor(changes.angles))
    if changes.hole is not None:
        rows, columns = map(ops.convert_to_tensor, changes.hole)
        is_hole = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
        images = ops.where(is_hole, ops.convert_to_tensor(changes.fill), images)
    return images


def scale_pixels(images: Tensor, pixels: PixelScale) -> Tensor:
    """A uint8 tensor as the float32 numbers of ``pixels``."""
    numbers = ops.cast(images, "float32")
    if pixels.form == BYTE_PIXELS.form:
        return numbers
    mean, deviation = (
        ops.convert_to_tensor(np.array(side, "float32")) for side in (pixels.mean, pixels.deviation)
    )
    return (numbers / 255.0 - mean) / deviation


def mix(one: Tensor, other: Tensor, share: NDArray[np.float32]) -> Tensor:
    """``share`` (n,) of each row of ``one``, the rest of that of ``other``."""
    weights = ops.reshape(ops.convert_to_tensor(share), (-1, *(1,) * (len(one.shape) - 1)))
    return weights * one + (1 - weights) * other


def _index(places: NDArray[np.int64]) -> Tensor:
    return ops.convert_to_tensor(places, dtype="int32")


def _rotate(images: Tensor, angles: Tensor) -> Tensor:
    """Bilinear, around the centre, the border reflected."""
    count, height, width, channels = images.shape
    down = (ops.arange(height, dtype="float32") - (height - 1) / 2)[None, :, None]
    right = (ops.arange(width, dtype="float32") - (width - 1) / 2)[None, None, :]
    cosine, sine = ops.cos(angles)[:, None, None], ops.sin(angles)[:, None, None]
    rows = cosine * down - sine * right + (height - 1) / 2
    columns = sine * down + cosine * right + (width - 1) / 2
    top, left = ops.floor(rows), ops.floor(columns)
    lower, further = (rows - top)[..., None], (columns - left)[..., None]
    first = (ops.arange(count, dtype="int32") * (height * width))[:, None, None]
    pixels = ops.cast(ops.reshape(images, (-1, channels)), "float32")

    def at(row: Tensor, column: Tensor) -> Tensor:
        place = first + _reflect(row, height) * width + _reflect(column, width)
        return ops.take(pixels, place, axis=0)

    above, below = at(top, left), at(top + 1, left)
    above = above + (at(top, left + 1) - above) * further
    below = below + (at(top + 1, left + 1) - below) * further
    return ops.cast(ops.round(above + (below - above) * lower), "uint8")


def _reflect(places: Tensor, size: int) -> Tensor:
    period = 2 * (size - 1)
    places = ops.mod(ops.cast(places, "int32"), period)
    return ops.minimum(places, period - places)
