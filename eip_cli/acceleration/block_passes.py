"""The passes over memory of a fused block, an XLA program each.

They read each of their arrays once:

- column sums are written as additions of 16 neighbouring rows, because XLA vectorizes those
  and not its own fused reductions, and two of them as one sum of complex numbers, because XLA
  would read the arrays once for each result (for 131,072 x 64 on two cores, the sums and sums of
  squares behind batch norm take 12 ms as reductions, 2.2 ms joined, 1.5 ms joined and paired);
- dropout keeps one byte an element, and its bits are a hash of the element's index;
- what a pass can compute again from what it reads anyway is not stored: the activations, the
  normalized values, and the gradient through all of them.

Only imported where Keras runs on TensorFlow.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from .activations import ACTIVATIONS, Activation
from .convolutions import Geometry

Tensor = Any  # TensorFlow gives mypy no types
Function = Callable[..., Any]
# Rows added up before partial sums are reduced: the best of 8, 16 and 32.
ROWS_JOINED = 16


def compiled(function: Function) -> Function:
    """One XLA program: only for chains of element-wise operations, where XLA shines on a CPU."""
    return tf.function(function, jit_compile=True, autograph=False)


@dataclass(frozen=True)
class BlockForm:
    """What a fused block does, its convolution and around it."""

    convolution: Geometry | None  # None: batch norm and the rest by themselves
    inner: str  # the activation between convolution and batch norm
    batch_norm: bool
    outer: str  # the activation after batch norm
    epsilon: float
    dropout: float  # the rate; 0 for none
    average: tuple[int, int]  # windows of average pooling at the end, which fill the image; (1, 1) for none


def dropout_key(seed_state: Tensor) -> Tensor:
    """Two 32-bit keys, uint32 (2,), from a Keras seed generator's state (2,): [seed, counter]."""
    seed = tf.cast(seed_state, tf.int64)
    return tf.random.stateless_uniform((2,), seed, minval=None, maxval=None, dtype=tf.uint32)


def hashed_keep(like: Tensor, key: Tensor, rate: float) -> Tensor:
    """Booleans in the shape of ``like`` (rows, channels): whether dropout at ``rate`` keeps the element.

    An element is dropped where the 32-bit hash of its index is below ``rate`` * 2**32, so the
    rate is exact to 2**-32. The hash is Wellons's lowbias32 (nullprogram.com, "Prospecting for
    Hash Functions", 2018); its second key enters between the two multiplications, so that the
    masks of two keys are not shifted copies of each other.
    """

    def fold(value: Tensor, bits: int) -> Tensor:
        return tf.bitwise.bitwise_xor(value, tf.bitwise.right_shift(value, tf.constant(bits, tf.uint32)))

    channels = like.shape[1]
    # The key enters first: an index of constants alone would be computed by TensorFlow, and stored in the
    # program with its millions of numbers.
    row = tf.bitcast(tf.range(tf.shape(like)[0]) * channels, tf.uint32) + key[0]
    index = row[:, None] + tf.bitcast(tf.range(channels), tf.uint32)[None, :]
    hashed = fold(index, 16) * tf.constant(0x7FEB352D, tf.uint32)
    hashed = fold(tf.bitwise.bitwise_xor(hashed, key[1]), 15) * tf.constant(0x846CA68B, tf.uint32)
    return fold(hashed, 16) >= tf.constant(min(round(rate * 2**32), 2**32 - 1), tf.uint32)


@functools.cache
def mask_program(rate: float) -> Function:
    """The program that makes a dropout mask of bytes, (like, key) -> 0 or 1 in the shape of ``like``."""
    return compiled(lambda like, key: tf.cast(hashed_keep(like, key, rate), tf.uint8))


def _sum_rows(pair: Function, arrays: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Column sums of both results of ``pair(*rows)`` for arrays of shape (rows, channels)."""
    count = tf.shape(arrays[0])[0]
    even = count - count % ROWS_JOINED
    channels = arrays[0].shape[1]
    joined = [tf.reshape(array[:even], (-1, ROWS_JOINED, channels)) for array in arrays]
    # In halves, not row by row: TensorFlow takes its time for each operation of a program. Not all at once:
    # XLA computes what more than 15 others read only once, and that is a pass over memory of its own.
    halves = zip(*(tf.split(array, 2, axis=1) for array in joined), strict=True)
    terms = [row for half in halves for row in tf.unstack(tf.complex(*pair(*half)), axis=1)]
    while len(terms) > 1:
        terms = [left + right for left, right in zip(terms[::2], terms[1::2], strict=True)]
    rest = tf.complex(*pair(*(array[even:] for array in arrays)))
    total = tf.reduce_sum(terms[0], 0) + tf.reduce_sum(rest, 0)
    return tf.math.real(total), tf.math.imag(total)


@dataclass(frozen=True)
class BlockPasses:
    """The XLA programs of one kind of block; arrays are (rows, channels), the rest (channels,)."""

    statistics: Function  # product, bias -> mean, biased variance
    output: Function  # product, bias, scale, offset, *mask -> output
    gradient_sums: Function  # gradient, product, bias, mean, scale, offset, *mask -> two sums
    gradient: Function  # ..., sums -> gradient of the product


@functools.cache
def passes_of(form: BlockForm, size: tuple[int, int]) -> BlockPasses:
    """The programs for products of ``size``, height and width, compiled when they first run."""
    steps = _Steps(form, size)
    return BlockPasses(
        compiled(steps.statistics),
        compiled(steps.output),
        compiled(steps.gradient_sums),
        compiled(steps.gradient),
    )


@dataclass(frozen=True)
class _Steps:
    """The mathematics of the programs: what XLA compiles, in TensorFlow's terms."""

    form: BlockForm
    size: tuple[int, int]

    @property
    def _inner(self) -> Activation:
        return ACTIVATIONS[self.form.inner]

    @property
    def _outer(self) -> Activation:
        return ACTIVATIONS[self.form.outer]

    @property
    def _amplification(self) -> float:
        return 1 / (1 - self.form.dropout)

    def statistics(self, product: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        # Deviations from a value near the mean: a variance as a difference of large sums loses its digits.
        centre = tf.reduce_mean(self._inner.value(product[:64] + bias), 0)
        count = tf.cast(tf.shape(product)[0], tf.float32)

        def moments(rows: Tensor) -> tuple[Tensor, Tensor]:
            deviation = self._inner.value(rows + bias) - centre
            return deviation, tf.square(deviation)

        first, second = _sum_rows(moments, [product])
        return centre + first / count, tf.maximum(second / count - tf.square(first / count), 0.0)

    def _normalize(self, product: Tensor, bias: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        activated = self._inner.value(product + bias)
        return activated * scale + offset if self.form.batch_norm else activated

    def output(self, product: Tensor, bias: Tensor, scale: Tensor, offset: Tensor, *mask: Tensor) -> Tensor:
        activated = self._outer.value(self._normalize(product, bias, scale, offset))
        kept = tf.where(mask[0] > 0, activated * self._amplification, 0.0) if mask else activated
        return self._average(kept)

    def _average(self, rows: Tensor) -> Tensor:
        if self.form.average == (1, 1):
            return rows
        (height, width), (down, across) = self.size, self.form.average
        windows = tf.reshape(rows, (-1, height // down, down, width // across, across, rows.shape[1]))
        parts = [windows[:, :, row, :, column] for row in range(down) for column in range(across)]
        return tf.reshape(functools.reduce(tf.add, parts) / len(parts), (-1, rows.shape[1]))

    def _spread(self, gradient: Tensor) -> Tensor:
        """The gradient through the average pooling, a row a pixel again."""
        if self.form.average == (1, 1):
            return gradient
        (height, width), (down, across) = self.size, self.form.average
        channels = gradient.shape[1]
        pooled = tf.reshape(gradient, (-1, height // down, 1, width // across, 1, channels))
        windows = tf.tile(pooled / (down * across), (1, 1, down, 1, across, 1))
        return tf.reshape(windows, (-1, channels))

    def _through(
        self, gradient: Tensor, product: Tensor, bias: Tensor, scale: Tensor, offset: Tensor, *mask: Tensor
    ) -> Tensor:
        """The gradient of the normalized values."""
        if mask:
            gradient = tf.where(mask[0] > 0, gradient * self._amplification, 0.0)
        return self._outer.gradient(gradient, self._normalize(product, bias, scale, offset))

    def gradient_sums(
        self,
        gradient: Tensor,
        product: Tensor,
        bias: Tensor,
        mean: Tensor,
        scale: Tensor,
        offset: Tensor,
        *mask: Tensor,
    ) -> tuple[Tensor, Tensor]:
        def sums(g: Tensor, y: Tensor, *m: Tensor) -> tuple[Tensor, Tensor]:
            g = self._through(g, y, bias, scale, offset, *m)
            return g, g * (self._inner.value(y + bias) - mean)

        return _sum_rows(sums, [self._spread(gradient), product, *mask])

    def gradient(
        self,
        gradient: Tensor,
        product: Tensor,
        bias: Tensor,
        mean: Tensor,
        scale: Tensor,
        offset: Tensor,
        shift: Tensor,
        slope: Tensor,
        *mask: Tensor,
    ) -> Tensor:
        gradient = self._through(self._spread(gradient), product, bias, scale, offset, *mask)
        argument = product + bias
        if self.form.batch_norm:
            gradient = scale * (gradient - shift - (self._inner.value(argument) - mean) * slope)
        return self._inner.gradient(gradient, argument)
