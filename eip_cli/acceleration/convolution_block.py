"""A convolution with its batch norm, ReLU and dropout as one TensorFlow operation with its own gradient.

The mathematics is Keras's; what differs is how often memory is read and written. Matrix
products and convolution kernels are TensorFlow's, which are fast by themselves; everything
between them is a few XLA passes, each of which reads its arrays once:

- column sums are written as additions of 16 neighbouring rows, because XLA vectorizes those
  and not its own fused reductions, and two of them as one sum of complex numbers, because XLA
  would read the arrays once for each result (for 131,072 x 64 on two cores, the sums and sums of
  squares behind batch norm take 12 ms as reductions, 2.2 ms joined, 1.5 ms joined and paired);
- dropout keeps one byte an element, and its bits are a hash of the element's index;
- what a pass can compute again from what it reads anyway is not stored: ReLU, the normalized
  values, and the gradient through both.

Only imported where Keras runs on TensorFlow.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from .convolutions import convolve

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

    strides: tuple[int, int]
    padding: str  # "valid" or "same"
    inner_relu: bool  # between convolution and batch norm
    batch_norm: bool
    outer_relu: bool  # after batch norm
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
    row = tf.range(tf.shape(like)[0]) * channels
    index = tf.bitcast(row[:, None] + tf.range(channels)[None, :], tf.uint32)
    hashed = fold(index + key[0], 16) * tf.constant(0x7FEB352D, tf.uint32)
    hashed = fold(tf.bitwise.bitwise_xor(hashed, key[1]), 15) * tf.constant(0x846CA68B, tf.uint32)
    return fold(hashed, 16) >= tf.constant(min(round(rate * 2**32), 2**32 - 1), tf.uint32)


@functools.cache
def _mask_program(rate: float) -> Function:
    return compiled(lambda like, key: tf.cast(hashed_keep(like, key, rate), tf.uint8))


def _sum_rows(pair: Function, arrays: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Column sums of both results of ``pair(*rows)`` for arrays of shape (rows, channels)."""
    count = tf.shape(arrays[0])[0]
    even = count - count % ROWS_JOINED
    channels = arrays[0].shape[1]
    joined = [tf.reshape(array[:even], (-1, ROWS_JOINED, channels)) for array in arrays]
    terms = [tf.complex(*pair(*(array[:, row] for array in joined))) for row in range(ROWS_JOINED)]
    while len(terms) > 1:
        terms = [left + right for left, right in zip(terms[::2], terms[1::2], strict=True)]
    rest = tf.complex(*pair(*(array[even:] for array in arrays)))
    total = tf.reduce_sum(terms[0], 0) + tf.reduce_sum(rest, 0)
    return tf.math.real(total), tf.math.imag(total)


@dataclass(frozen=True)
class _Passes:
    """The XLA programs of one kind of block; arrays are (rows, channels), the rest (channels,)."""

    statistics: Function  # product, bias -> mean, biased variance
    output: Function  # product, bias, scale, offset, *mask -> output
    gradient_sums: Function  # gradient, product, bias, mean, scale, offset, *mask -> two sums
    gradient: Function  # ..., sums -> gradient of the product


@functools.cache
def _passes(form: BlockForm, size: tuple[int, int]) -> _Passes:
    """``size``: height and width of the product."""
    amplification = 1 / (1 - form.dropout)
    inner_relu, batch_norm, outer_relu = form.inner_relu, form.batch_norm, form.outer_relu
    (height, width), (down, across) = size, form.average

    def activate(product: Tensor, bias: Tensor) -> Tensor:
        return tf.nn.relu(product + bias) if inner_relu else product + bias

    def statistics(product: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        # Deviations from a value near the mean: a variance as a difference of large sums loses its digits.
        centre = tf.reduce_mean(activate(product[:64], bias), 0)
        count = tf.cast(tf.shape(product)[0], tf.float32)

        def moments(rows: Tensor) -> tuple[Tensor, Tensor]:
            deviation = activate(rows, bias) - centre
            return deviation, tf.square(deviation)

        first, second = _sum_rows(moments, [product])
        return centre + first / count, tf.maximum(second / count - tf.square(first / count), 0.0)

    def normalize(product: Tensor, bias: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        activated = activate(product, bias)
        return activated * scale + offset if batch_norm else activated

    def output(product: Tensor, bias: Tensor, scale: Tensor, offset: Tensor, *mask: Tensor) -> Tensor:
        normalized = normalize(product, bias, scale, offset)
        if outer_relu:
            normalized = tf.nn.relu(normalized)
        kept = tf.where(mask[0] > 0, normalized * amplification, 0.0) if mask else normalized
        return average(kept) if form.average != (1, 1) else kept

    def average(rows: Tensor) -> Tensor:
        windows = tf.reshape(rows, (-1, height // down, down, width // across, across, rows.shape[1]))
        parts = [windows[:, :, row, :, column] for row in range(down) for column in range(across)]
        return tf.reshape(functools.reduce(tf.add, parts) / len(parts), (-1, rows.shape[1]))

    def spread(gradient: Tensor) -> Tensor:
        """The gradient through the average pooling, a row a pixel again."""
        channels = gradient.shape[1]
        pooled = tf.reshape(gradient, (-1, height // down, 1, width // across, 1, channels))
        windows = tf.tile(pooled / (down * across), (1, 1, down, 1, across, 1))
        return tf.reshape(windows, (-1, channels))

    def through(
        gradient: Tensor, product: Tensor, bias: Tensor, scale: Tensor, offset: Tensor, *mask: Tensor
    ) -> Tensor:
        """The gradient of the normalized values."""
        if mask:
            gradient = tf.where(mask[0] > 0, gradient * amplification, 0.0)
        if outer_relu:
            gradient = tf.where(normalize(product, bias, scale, offset) > 0, gradient, 0.0)
        return gradient

    def gradient_sums(
        gradient: Tensor,
        product: Tensor,
        bias: Tensor,
        mean: Tensor,
        scale: Tensor,
        offset: Tensor,
        *mask: Tensor,
    ) -> tuple[Tensor, Tensor]:
        def sums(g: Tensor, y: Tensor, *m: Tensor) -> tuple[Tensor, Tensor]:
            g = through(g, y, bias, scale, offset, *m)
            return g, g * (activate(y, bias) - mean)

        gradient = spread(gradient) if form.average != (1, 1) else gradient
        return _sum_rows(sums, [gradient, product, *mask])

    def input_gradient(
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
        gradient = spread(gradient) if form.average != (1, 1) else gradient
        gradient = through(gradient, product, bias, scale, offset, *mask)
        activated = activate(product, bias)
        if batch_norm:
            gradient = scale * (gradient - shift - (activated - mean) * slope)
        return tf.where(activated > 0, gradient, 0.0) if inner_relu else gradient

    return _Passes(compiled(statistics), compiled(output), compiled(gradient_sums), compiled(input_gradient))


def convolution_block(
    form: BlockForm,
    inputs: Tensor,
    kernels: Sequence[Tensor],
    bias: Tensor,
    gamma: Tensor,
    beta: Tensor,
    seed_state: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Training-mode output (batch, height, width, filters), and the batch's mean and biased variance.

    ``inputs`` is (batch, height, width, channels), height and width known; ``kernels`` as for
    ``convolve``; the rest are (filters,), but for the seed generator's state (2,). Where the
    form has no batch norm, mean and variance are zeros and ones.
    """

    @tf.custom_gradient
    def block(x: Tensor, b: Tensor, g: Tensor, o: Tensor, *ks: Tensor) -> Any:
        convolution = convolve(x, ks, form.strides, form.padding)
        product, passes = convolution.product, _passes(form, convolution.size)
        if form.batch_norm:
            mean, variance = passes.statistics(product, b)
        else:
            mean, variance = tf.zeros_like(b), tf.ones_like(b)
        spread = tf.math.rsqrt(variance + form.epsilon)
        scale = g * spread
        offset = o - mean * scale
        mask = [_mask_program(form.dropout)(product, dropout_key(seed_state))] if form.dropout else []
        flat = passes.output(product, b, scale, offset, *mask)

        def gradient(upstream: Tensor, _mean: Tensor, _variance: Tensor) -> tuple[Tensor, ...]:
            g_flat = tf.reshape(upstream, (-1, flat.shape[1]))
            count = tf.cast(tf.shape(product)[0], tf.float32)
            first = second = tf.zeros_like(b)
            if form.batch_norm:
                first, second = passes.gradient_sums(g_flat, product, b, mean, scale, offset, *mask)
            slope = second * tf.square(spread) / count
            dproduct = passes.gradient(g_flat, product, b, mean, scale, offset, first / count, slope, *mask)
            dx, dbias, *dkernels = convolution.gradients(dproduct)
            return dx, dbias, second * spread, first, *dkernels

        return (_restore_image(flat, form, convolution.size), mean, variance), gradient

    return block(inputs, bias, gamma, beta, *kernels)


def convolution_block_inference(
    form: BlockForm, inputs: Tensor, kernels: Sequence[Tensor], bias: Tensor, scale: Tensor, offset: Tensor
) -> Tensor:
    """Inference-mode output of a block whose batch norm is ``scale`` * x + ``offset``; shapes as above."""
    form = replace(form, dropout=0.0)
    convolution = convolve(inputs, kernels, form.strides, form.padding)
    flat = _passes(form, convolution.size).output(convolution.product, bias, scale, offset)
    return _restore_image(flat, form, convolution.size)


def _restore_image(rows: Tensor, form: BlockForm, size: tuple[int, int]) -> Tensor:
    height, width = size[0] // form.average[0], size[1] // form.average[1]
    return tf.reshape(rows, (-1, height, width, rows.shape[1]))
