"""The convolutions inside fused blocks, by TensorFlow's kernels, with their gradients written out.

Only imported where Keras runs on TensorFlow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import tensorflow as tf

from .dilation import phases_of

Tensor = Any  # TensorFlow gives mypy no types
Kind = Literal["plain", "depthwise", "separable"]
# oneDNN has a kernel of its own for the filter gradient of a depthwise convolution up to this width.
FAST_WIDTH = 3


@dataclass(frozen=True)
class Geometry:
    """What kind of convolution it is, and how its kernel moves over an image."""

    kind: Kind
    strides: tuple[int, int]
    padding: str  # "valid" or "same"
    dilation: tuple[int, int]  # (1, 1) for none; else the strides are

    @property
    def settings(self) -> dict[str, Any]:
        """The same in the terms of TensorFlow's operations."""
        return {"strides": [1, *self.strides, 1], "padding": self.padding.upper()}


class Spatial(Protocol):
    """A convolution of images (batch, height, width, channels) by one kernel."""

    output: Tensor

    def gradients(self, upstream: Tensor) -> tuple[Tensor, Tensor]:
        """The gradients of the inputs and of the kernel."""


class Plain:
    """A plain convolution by a kernel (kh, kw, channels, filters)."""

    def __init__(self, geometry: Geometry, inputs: Tensor, kernel: Tensor) -> None:
        self._settings = geometry.settings
        self._inputs, self._kernel = inputs, kernel
        self.output = tf.raw_ops.Conv2D(input=inputs, filter=kernel, **self._settings)

    def gradients(self, upstream: Tensor) -> tuple[Tensor, Tensor]:
        """The gradients of the inputs and of the kernel."""
        inputs, kernel = self._inputs, self._kernel
        return (
            tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(inputs), filter=kernel, out_backprop=upstream, **self._settings
            ),
            tf.raw_ops.Conv2DBackpropFilter(
                input=inputs, filter_sizes=tf.shape(kernel), out_backprop=upstream, **self._settings
            ),
        )


class Depthwise:
    """A convolution of each channel by itself; its kernel is (kh, kw, channels, multiplier)."""

    def __init__(self, geometry: Geometry, inputs: Tensor, kernel: Tensor) -> None:
        self._geometry, self._settings = geometry, geometry.settings
        self._inputs, self._kernel = inputs, kernel
        self.output = tf.raw_ops.DepthwiseConv2dNative(input=inputs, filter=kernel, **self._settings)

    def gradients(self, upstream: Tensor) -> tuple[Tensor, Tensor]:
        """The gradients of the inputs and of the kernel."""
        return self._input_gradient(upstream), self._kernel_gradient(upstream)

    def _input_gradient(self, upstream: Tensor) -> Tensor:
        kernel = self._kernel
        height, width, _, multiplier = kernel.shape
        keeps_size = self._geometry.strides == (1, 1) and self._geometry.padding == "same"
        if keeps_size and multiplier == 1 and height % 2 and width % 2:
            # The forward kernel is a fifth faster than the backward one, and here does the same.
            return tf.raw_ops.DepthwiseConv2dNative(
                input=upstream, filter=kernel[::-1, ::-1], **self._settings
            )
        return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.shape(self._inputs), filter=kernel, out_backprop=upstream, **self._settings
        )

    def _kernel_gradient(self, upstream: Tensor) -> Tensor:
        if FAST_WIDTH < self._kernel.shape[1] <= self._inputs.shape[2]:
            return self._wide_kernel_gradient(upstream)
        return tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
            input=self._inputs,
            filter_sizes=tf.shape(self._kernel),
            out_backprop=upstream,
            **self._settings,
        )

    def _wide_kernel_gradient(self, upstream: Tensor) -> Tensor:
        """The kernel's gradient by columns, as many at a time as oneDNN is fast for.

        Each group of columns is a kernel that moves over a part of the padded images: 5 x 5 on
        128 x 16 x 16 x 56 takes 5 ms so, 15 ms at once (two cores with AVX-512).
        """
        height, width, *rest = self._kernel.shape
        reach = (upstream.shape[2] - 1) * self._geometry.strides[1]  # from the first place to the last
        columns: list[Tensor] = []
        for covered in range(0, width, FAST_WIDTH):
            # The last group overlaps the one before it: its images then need padding, but no cut on the left.
            start = min(covered, width - FAST_WIDTH)
            gradient = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=self._padded_columns(start, reach + FAST_WIDTH),
                filter_sizes=[height, FAST_WIDTH, *rest],
                out_backprop=upstream,
                **replace(self._geometry, padding="valid").settings,
            )
            columns.append(gradient[:, covered - start :])
        return tf.concat(columns, 1)

    def _padded_columns(self, start: int, count: int) -> Tensor:
        """``count`` columns of the padded images from ``start`` on."""
        sizes = zip(self._inputs.shape[1:3], self._kernel.shape[:2], self._geometry.strides, strict=True)
        rows, (left, _) = (
            _same_padding(*side) if self._geometry.padding == "same" else (0, 0) for side in sizes
        )
        first, stop, width = start - left, start - left + count, self._inputs.shape[2]
        inside = self._inputs[:, :, max(first, 0) : min(stop, width)]
        return tf.pad(inside, [(0, 0), rows, (max(-first, 0), max(stop - width, 0)), (0, 0)])


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Dilated:
    """A dilated convolution: an ordinary one of the images' phases."""

    def __init__(self, geometry: Geometry, inputs: Tensor, kernel: Tensor) -> None:
        self._phases = phases_of(inputs.shape[1:3], kernel.shape[:2], geometry.dilation, geometry.padding)
        inner = replace(geometry, dilation=(1, 1), padding="valid")
        self._convolution = _spatial(inner, self._phases.split(inputs), kernel)
        self.output = self._phases.join(self._convolution.output)

    def gradients(self, upstream: Tensor) -> tuple[Tensor, Tensor]:
        """The gradients of the inputs and of the kernel."""
        of_phases, of_kernel = self._convolution.gradients(self._phases.join_gradient(upstream))
        return self._phases.split_gradient(of_phases), of_kernel


def _spatial(geometry: Geometry, inputs: Tensor, kernel: Tensor) -> Spatial:
    if geometry.dilation != (1, 1):
        return Dilated(geometry, inputs, kernel)
    return (Plain if geometry.kind == "plain" else Depthwise)(geometry, inputs, kernel)


class Unconvolved:
    """The inputs of a block without a convolution in the place of a convolution's product."""

    def __init__(self, inputs: Tensor) -> None:
        self.size = tuple(inputs.shape[1:3])
        self.product = tf.reshape(inputs, (-1, inputs.shape[-1]))

    def gradients(self, product_gradient: Tensor) -> tuple[Tensor, ...]:
        """The gradients of the inputs and of a bias added to them."""
        upstream = tf.reshape(product_gradient, (-1, *self.size, product_gradient.shape[1]))
        return upstream, tf.raw_ops.BiasAddGrad(out_backprop=product_gradient)


class Convolution:
    """A convolution's product (rows, filters) with the size of its image, and its gradients.

    ``kernels`` is the kernel of a plain or a depthwise convolution, or a separable one's depthwise kernel
    and its pointwise (channels * multiplier, filters).
    """

    def __init__(self, geometry: Geometry, inputs: Tensor, kernels: Sequence[Tensor]) -> None:
        kernel, *pointwise = kernels
        self._pointwise = pointwise[0] if pointwise else None
        self._spatial = _spatial(geometry, inputs, kernel)
        filtered = self._spatial.output
        self.size = tuple(filtered.shape[1:3])
        self._filtered = tf.reshape(filtered, (-1, filtered.shape[-1]))
        self.product = self._filtered if not pointwise else tf.matmul(self._filtered, self._pointwise)

    def gradients(self, product_gradient: Tensor) -> tuple[Tensor, ...]:
        """The gradients of the inputs, of a bias added to the product, and of each kernel."""
        if self._pointwise is None:
            upstream = self._as_image(product_gradient)
            # TensorFlow finds the bias's gradient beside the kernel's, of one tensor, and joins the two.
            bias = tf.raw_ops.BiasAddGrad(out_backprop=upstream)
            of_inputs, of_kernel = self._spatial.gradients(upstream)
            return of_inputs, bias, of_kernel
        rows = tf.matmul(product_gradient, self._pointwise, transpose_b=True)
        of_inputs, of_kernel = self._spatial.gradients(self._as_image(rows))
        return (
            of_inputs,
            tf.raw_ops.BiasAddGrad(out_backprop=product_gradient),
            of_kernel,
            tf.matmul(self._filtered, product_gradient, transpose_a=True),
        )

    def _as_image(self, rows: Tensor) -> Tensor:
        return tf.reshape(rows, (-1, *self.size, rows.shape[1]))


def convolve(
    geometry: Geometry | None, inputs: Tensor, kernels: Sequence[Tensor]
) -> Convolution | Unconvolved:
    """The convolution of ``inputs`` (batch, height, width, channels); without a geometry there is none."""
    return Unconvolved(inputs) if geometry is None else Convolution(geometry, inputs, kernels)
