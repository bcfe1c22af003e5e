"""The convolutions inside fused blocks, by TensorFlow's kernels, with their gradients written out.

Only imported where Keras runs on TensorFlow.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow gives mypy no types


class Convolution:
    """A plain convolution: its product (rows, filters) with the size of its image, and its gradients.

    ``kernels`` is one kernel (kh, kw, channels, filters).
    """

    def __init__(
        self, inputs: Tensor, kernels: Sequence[Tensor], strides: tuple[int, int], padding: str
    ) -> None:
        self._inputs = inputs
        self._kernel = kernels[0]
        self._settings = {"strides": [1, *strides, 1], "padding": padding.upper()}
        product = tf.raw_ops.Conv2D(input=inputs, filter=self._kernel, **self._settings)
        self.product = tf.reshape(product, (-1, product.shape[-1]))
        self.size = tuple(product.shape[1:3])

    def gradients(self, product_gradient: Tensor) -> tuple[Tensor, ...]:
        """The gradients of the inputs, of a bias added to the product, and of each kernel."""
        upstream = tf.reshape(product_gradient, (-1, *self.size, product_gradient.shape[-1]))
        # TensorFlow finds the bias's gradient beside the kernel's, of one tensor, and joins the two.
        bias = tf.raw_ops.BiasAddGrad(out_backprop=upstream)
        return (
            tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(self._inputs),
                filter=self._kernel,
                out_backprop=upstream,
                **self._settings,
            ),
            bias,
            tf.raw_ops.Conv2DBackpropFilter(
                input=self._inputs,
                filter_sizes=tf.shape(self._kernel),
                out_backprop=upstream,
                **self._settings,
            ),
        )


class SeparableConvolution:
    """The same for a separable convolution.

    ``kernels`` is depthwise (kh, kw, channels, multiplier) and pointwise (channels * multiplier, filters).
    """

    def __init__(
        self, inputs: Tensor, kernels: Sequence[Tensor], strides: tuple[int, int], padding: str
    ) -> None:
        self._keeps_size = strides == (1, 1) and padding == "same"
        self._inputs = inputs
        self._depthwise, self._pointwise = kernels
        self._settings = {"strides": [1, *strides, 1], "padding": padding.upper()}
        filtered = tf.raw_ops.DepthwiseConv2dNative(input=inputs, filter=self._depthwise, **self._settings)
        self._filtered = tf.reshape(filtered, (-1, filtered.shape[-1]))
        self._filtered_shape = tf.shape(filtered)
        self.product = tf.matmul(self._filtered, self._pointwise)
        self.size = tuple(filtered.shape[1:3])

    def gradients(self, product_gradient: Tensor) -> tuple[Tensor, ...]:
        """The gradients of the inputs, of a bias added to the product, and of each kernel."""
        rows = tf.matmul(product_gradient, self._pointwise, transpose_b=True)
        upstream = tf.reshape(rows, self._filtered_shape)
        return (
            self._input_gradient(upstream),
            tf.raw_ops.BiasAddGrad(out_backprop=product_gradient),
            tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=self._inputs,
                filter_sizes=tf.shape(self._depthwise),
                out_backprop=upstream,
                **self._settings,
            ),
            tf.matmul(self._filtered, product_gradient, transpose_a=True),
        )

    def _input_gradient(self, upstream: Tensor) -> Tensor:
        kernel = self._depthwise
        height, width, _, multiplier = kernel.shape
        if self._keeps_size and multiplier == 1 and height % 2 and width % 2:
            # The forward kernel is a fifth faster than the backward one, and here does the same.
            return tf.raw_ops.DepthwiseConv2dNative(
                input=upstream, filter=kernel[::-1, ::-1], **self._settings
            )
        return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.shape(self._inputs), filter=kernel, out_backprop=upstream, **self._settings
        )


def convolve(
    inputs: Tensor, kernels: Sequence[Tensor], strides: tuple[int, int], padding: str
) -> Convolution | SeparableConvolution:
    """The convolution of ``inputs`` (batch, height, width, channels) by one kernel, or by a separable's two.

    ``padding`` is "valid" or "same".
    """
    kind = Convolution if len(kernels) == 1 else SeparableConvolution
    return kind(inputs, kernels, strides, padding)
