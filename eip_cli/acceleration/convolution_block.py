"""A convolution with batch norm, activations and dropout as one TensorFlow operation with its own gradient.

The mathematics is Keras's; what differs is how often memory is read and written. Matrix
products and convolution kernels are TensorFlow's, which are fast by themselves; everything
between them is a few XLA passes (``block_passes``).

Only imported where Keras runs on TensorFlow.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from .block_passes import BlockForm, dropout_key, mask_program, passes_of
from .convolutions import convolve

Tensor = Any  # TensorFlow gives mypy no types


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
    ``Convolution``, or empty where there is none; the rest are (filters,), but for the seed generator's
    state (2,). Where the form has no batch norm, mean and variance are zeros and ones.
    """

    @tf.custom_gradient
    def block(x: Tensor, b: Tensor, g: Tensor, o: Tensor, *ks: Tensor) -> Any:
        convolution = convolve(form.convolution, x, ks)
        product, passes = convolution.product, passes_of(form, convolution.size)
        if form.batch_norm:
            mean, variance = passes.statistics(product, b)
        else:
            mean, variance = tf.zeros_like(b), tf.ones_like(b)
        spread = tf.math.rsqrt(variance + form.epsilon)
        scale = g * spread
        offset = o - mean * scale
        mask = [mask_program(form.dropout)(product, dropout_key(seed_state))] if form.dropout else []
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
    convolution = convolve(form.convolution, inputs, kernels)
    flat = passes_of(form, convolution.size).output(convolution.product, bias, scale, offset)
    return _restore_image(flat, form, convolution.size)


def _restore_image(rows: Tensor, form: BlockForm, size: tuple[int, int]) -> Tensor:
    height, width = size[0] // form.average[0], size[1] // form.average[1]
    return tf.reshape(rows, (-1, height, width, rows.shape[1]))
