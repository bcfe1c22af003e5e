"""Dilated convolutions as ordinary ones, by TensorFlow's own way for kernels that know no dilation.

An image's every second row and column, for a rate of 2, are an image of their own: the batch becomes
those smaller images, the convolution runs over them undilated, and its outputs are put together again.

Only imported where Keras runs on TensorFlow.
"""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow gives mypy no types
Amounts = tuple[tuple[int, int], tuple[int, int]]  # (above, below), (left, right)


@dataclass(frozen=True)
class Phases:
    """How images are cut into their phases and put together again, and the gradients of both."""

    rates: tuple[int, int]
    padding: Amounts  # of the images, so that the phases are of one size
    surplus: Amounts  # rows and columns of the output that come of that padding alone

    def split(self, images: Tensor) -> Tensor:
        """(batch, height, width, channels) -> (batch * phases, fewer rows and columns, channels)."""
        return tf.space_to_batch(images, self.rates, self.padding)

    def split_gradient(self, gradient: Tensor) -> Tensor:
        """The gradient of the images from that of their phases."""
        return tf.batch_to_space(gradient, self.rates, self.padding)

    def join(self, outputs: Tensor) -> Tensor:
        """The convolved phases as whole images."""
        return tf.batch_to_space(outputs, self.rates, self.surplus)

    def join_gradient(self, gradient: Tensor) -> Tensor:
        """The gradient of the convolved phases from that of the whole images."""
        return tf.space_to_batch(gradient, self.rates, self.surplus)


def phases_of(size: tuple[int, int], kernel: tuple[int, int], rates: tuple[int, int], padding: str) -> Phases:
    """The phases of images of ``size`` for a convolution of stride 1, ``padding`` "valid" or "same"."""
    rows, columns = (_pad_side(*side, padding) for side in zip(size, kernel, rates, strict=True))
    return Phases(rates, (rows.padding, columns.padding), (rows.surplus, columns.surplus))


@dataclass(frozen=True)
class _Side:
    padding: tuple[int, int]
    surplus: tuple[int, int]


def _pad_side(size: int, kernel: int, rate: int, padding: str) -> _Side:
    total = (kernel - 1) * rate if padding == "same" else 0
    missing = -(size + total) % rate  # from the last phase
    return _Side((total // 2, total - total // 2 + missing), (0, missing))
