"""Rules of layers that move, widen or resize an image: windows, padding, cropping, resizing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from . import arithmetic as rf
from .calls import Call, Positions, WholeImage, see_whole_image
from .pointwise_rules import check_activation

RESIZINGS = {"nearest": rf.see_through_repetition, "bilinear": rf.see_through_interpolation}
# Of these modes a unit beyond the border is a copy of one near it, which is a matter of the border alone.
PADDING_MODES = frozenset(["constant", "edge", "reflect", "symmetric"])


def see_window(call: Call) -> Positions:
    """Convolution and pooling."""
    layer = call.operation
    check_activation(call, getattr(layer, "activation", None))
    kernel = layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size
    dilation = getattr(layer, "dilation_rate", (1, 1))
    positions = call.image(layer.data_format)

    def see(axis: int) -> rf.AxisField:
        shape = (kernel[axis], layer.strides[axis], dilation[axis])
        pad_before = _pad_before(call, axis, *shape) if layer.padding == "same" else 0
        return rf.see_through_window(positions.grid[axis], *shape, pad_before=pad_before)

    return call.moved(see(0), see(1))


def _pad_before(call: Call, axis: int, kernel: int, stride: int, dilation: int) -> int:
    if stride == 1:  # the same for every size
        return (kernel - 1) * dilation // 2
    return rf.pad_before_same(call.size[axis], kernel, stride, dilation)


def see_transposed_window(call: Call) -> Positions:
    """Transposed convolution."""
    layer = call.operation
    check_activation(call, layer.activation)
    positions = call.image(layer.data_format)
    size, output_size = call.size, call.output_size
    if any(out <= (n - 1) * stride for out, n, stride in zip(output_size, size, layer.strides, strict=True)):
        # TensorFlow 2.21 reads beyond its buffers there, and has crashed.
        raise call.refusal("gives an even kernel an output_padding of 0; leave output_padding out")

    def see(axis: int) -> rf.AxisField:
        shape = (layer.kernel_size[axis], layer.strides[axis], layer.dilation_rate[axis])
        same = layer.padding == "same"
        crop_before = rf.crop_before_same(size[axis], output_size[axis], *shape) if same else 0
        return rf.see_through_transposed_window(positions.grid[axis], *shape, crop_before=crop_before)

    return call.moved(see(0), see(1))


def see_padded(call: Call) -> Positions:
    """ZeroPadding2D."""
    call.image(call.operation.data_format)
    return _shift(call, [before for before, _ in call.operation.padding])


def see_cropped(call: Call) -> Positions:
    """Cropping2D."""
    call.image(call.operation.data_format)
    return _shift(call, [-before for before, _ in call.operation.cropping])


def see_center(call: Call) -> Positions:
    """CenterCrop, which resizes instead where the image is the smaller one."""
    call.image(call.operation.data_format)
    size, output_size = call.size, call.output_size
    spare = [n - out for n, out in zip(size, output_size, strict=True)]
    if min(spare) < 0:
        raise call.refusal("enlarges the image and cuts it to its sides' ratio; Resizing is known")
    return _shift(call, [-(n // 2) for n in spare])


def see_uncropped(call: Call) -> Positions:
    """RandomCrop, which passes images on as they are in inference, whatever its output's shape says."""
    is_same = call.output_shape == call.inputs[0].shape
    return call.positions if is_same else replace(call.positions, size=None)


def see_padded_by_operation(call: Call) -> Positions:
    """``ops.pad``."""
    widths, mode = call.operation.pad_width, call.operation.mode
    if len(widths) != len(call.inputs[0].shape) + 1 or tuple(widths[0]) != (0, 0):
        raise call.refusal("pads the batch axis")
    padding = [widths[axis + 1] for axis in call.positions.axes]
    if all(tuple(one) == (0, 0) for one in padding):
        return call.positions
    if mode not in PADDING_MODES:
        raise call.refusal(f"pads by {mode!r}; {', '.join(sorted(PADDING_MODES))} are known")
    if not call.positions.is_image:
        raise call.refusal("pads a row of positions; images are known")
    return _shift(call, [one[0] for one in padding])


def _shift(call: Call, pad_before: Sequence[int]) -> Positions:
    height, width = (
        rf.see_through_window(field, kernel=1, pad_before=before)
        for field, before in zip(call.positions.grid, pad_before, strict=True)
    )
    return call.moved(height, width)


def see_upsampled(call: Call) -> Positions:
    """UpSampling2D."""
    positions, see = call.image(call.operation.data_format), _find_resizing(call)
    rows, columns = call.operation.size
    return call.moved(see(positions.grid[0], rows), see(positions.grid[1], columns))


def see_resized(call: Call) -> Positions:
    """Resizing and ``ops.image.resize``, by any ratio."""
    layer, positions = call.operation, call.image(call.operation.data_format)
    see = _find_resizing(call)
    if layer.antialias:
        raise call.refusal("resizes with antialias, whose windows have no rule")
    size, output_size = call.size, call.output_size
    keeps_ratio = size[0] * output_size[1] == size[1] * output_size[0]
    if (layer.crop_to_aspect_ratio or layer.pad_to_aspect_ratio) and not keeps_ratio:
        raise call.refusal("crops or pads to the ratio of its sides; resizing alone is known")
    if layer.interpolation == "nearest" and not all(map(_rounds_exactly, size, output_size)):
        raise call.refusal(
            f"picks other neighbours in float32 than exactly, from {show_sizes(size)} to "
            f"{show_sizes(output_size)}"
        )
    height, width = (
        see(field, Fraction(out, n)) for field, out, n in zip(positions.grid, output_size, size, strict=True)
    )
    return call.moved(height, width)


def show_sizes(sizes: Sequence[int]) -> str:
    """Height and width as messages name them."""
    return "x".join(map(str, sizes))


def _rounds_exactly(size: int, output_size: int) -> bool:
    """Whether float32 finds each output's nearest unit where fractions do; TensorFlow computes in float32."""
    scale = np.float32(size) / np.float32(output_size)
    found = np.floor((np.arange(output_size, dtype=np.float32) + np.float32(0.5)) * scale)
    exact = [(2 * unit + 1) * size // (2 * output_size) for unit in range(output_size)]
    return bool((found == np.asarray(exact)).all())


def _find_resizing(call: Call) -> Callable[[rf.AxisField, Fraction | int], rf.AxisField]:
    interpolation = call.operation.interpolation
    if interpolation not in RESIZINGS:
        raise call.refusal(f"interpolates by {interpolation!r}; 'nearest' and 'bilinear' are known")
    return RESIZINGS[interpolation]


def see_adaptive_window(call: Call) -> Positions | WholeImage:
    """Adaptive pooling: of the whole image to one unit, or by equal windows."""
    positions = call.image(call.operation.data_format)
    size, output_size = call.size, call.output_size
    if output_size == (1, 1):
        return see_whole_image(call)
    if any(n % out for n, out in zip(size, output_size, strict=True)):
        raise call.refusal(f"pools {show_sizes(size)} units by unequal windows to {show_sizes(output_size)}")
    height, width = (
        rf.see_through_window(field, kernel=n // out, stride=n // out)
        for field, n, out in zip(positions.grid, size, output_size, strict=True)
    )
    return call.moved(height, width)


def see_blocks(call: Call) -> Positions:
    """``ops.space_to_depth``: each unit holds a block of units."""
    positions, block = call.image(call.operation.data_format), call.operation.block_size
    height, width = (rf.see_through_window(field, kernel=block, stride=block) for field in positions.grid)
    return call.moved(height, width)


def see_unfolded_blocks(call: Call) -> Positions:
    """``ops.depth_to_space``: each unit's channels become a block of units."""
    positions, block = call.image(call.operation.data_format), call.operation.block_size
    height, width = (rf.see_through_repetition(field, block) for field in positions.grid)
    return call.moved(height, width)
