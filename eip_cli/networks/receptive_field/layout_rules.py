"""Rules of what lays an image's axes out anew, merges several, or looks at all positions at once."""

import math
from dataclasses import replace
from typing import Any

from . import arithmetic as rf
from .calls import Call, Feature, LaidOut, Positions, Shape, Sight, WholeImage, see_whole_image, show_shape
from .pointwise_rules import sees_along


def reshape(call: Call) -> Sight:
    """A reshape: it keeps the positions where each still holds the same numbers, else it ends the image."""
    source, target, positions = call.inputs[0].shape, call.output_shape, call.positions
    if source == target:
        return positions
    axes = _find_axes(source, positions, call.size, target)
    return replace(positions, axes=axes) if axes else LaidOut()


def _find_axes(
    source: Shape, positions: Positions, size: tuple[int, int], target: Shape
) -> tuple[int, int] | None:
    """The axes of ``target`` along which the positions lie that lay along those of ``source``."""
    first, last = positions.axes
    before = _product(source[:first])
    between = _product(source[first + 1 : last])
    for axis in range(len(target)):
        if _product(target[:axis]) != before:
            continue
        if between == 1 and target[axis] == size[0] * size[1] and (1 not in size or size == (1, 1)):
            return axis, axis
        if target[axis] != size[0]:
            continue
        for other in range(axis + 1, len(target)):
            if target[other] == size[1] and _product(target[axis + 1 : other]) == between:
                return axis, other
    return None


def _product(sizes: Shape) -> int:
    return math.prod(size or 0 for size in sizes)


def permute(call: Call) -> Positions:
    """Permute, ``ops.transpose`` and their like, where height stays before width."""
    order = _find_order(call)
    if order[0] != 0:
        raise call.refusal("moves the batch axis")
    height, width = (order.index(axis + 1) - 1 for axis in call.positions.axes)
    if height > width:
        raise call.refusal("swaps height and width, which is not a known kind of transposing")
    return replace(call.positions, axes=(height, width))


def _find_order(call: Call) -> list[int]:
    """Which axis of the input, the batch axis counted, each axis of the output is."""
    operation, rank = call.operation, len(call.inputs[0].shape) + 1
    order = list(range(rank))
    if call.type == "Permute":
        return [0, *operation.dims]
    if call.type == "Transpose":
        return [axis % rank for axis in operation.axes] if operation.axes else order[::-1]
    if call.type == "Swapaxes":
        one, other = operation.axis1 % rank, operation.axis2 % rank
        order[one], order[other] = order[other], order[one]
        return order
    sources = [axis % rank for axis in operation.source]
    order = [axis for axis in order if axis not in sources]
    for place, axis in sorted(zip((axis % rank for axis in operation.destination), sources, strict=True)):
        order.insert(place, axis)
    return order


def take_slices(call: Call) -> Sight:
    """``x[:, ::2, 4:, :3]``: strides and crops along height and width, any choice of channels."""
    keys = _list_keys(call)
    positions = call.positions
    fields: list[rf.AxisField] = []
    for axis, field in zip(positions.axes, positions.grid, strict=True):
        key = keys[axis]
        if not isinstance(key, slice):
            raise call.refusal("takes one row or column of positions out")
        if key == slice(None):
            fields.append(field)
            continue
        if not positions.is_image:
            return LaidOut()
        start, _, step = key.indices(call.size[len(fields)])
        if step < 0:
            raise call.refusal("turns the image round")
        fields.append(rf.see_through_window(field, kernel=1, stride=step, pad_before=-start))
    gone = [axis for axis, key in enumerate(keys) if not isinstance(key, slice)]
    height, width = (axis - sum(other < axis for other in gone) for axis in positions.axes)
    taken = Positions((fields[0], fields[1]), (height, width), positions.size)
    if not positions.is_image or positions.size is None:
        return taken
    rows, columns = call.output_shape[height], call.output_shape[width]
    assert rows is not None and columns is not None  # no rule is asked for open sizes
    return replace(taken, size=(rows, columns))


def _list_keys(call: Call) -> list[Any]:
    """The key of each axis of the input but the batch axis, which must be taken whole."""
    key = call.arguments[1] if len(call.arguments) > 1 else None
    listed = list(key) if isinstance(key, list | tuple) else [key]
    if any(one is not Ellipsis and not isinstance(one, int | slice) for one in listed):
        raise call.refusal("picks by something else than numbers and slices")
    missing = len(call.inputs[0].shape) + 1 - sum(one is not Ellipsis for one in listed)
    place = listed.index(Ellipsis) if Ellipsis in listed else len(listed)
    listed[place : place + 1] = [slice(None)] * missing
    if listed[0] != slice(None):
        raise call.refusal("picks images of a batch")
    return listed[1:]


def split(call: Call) -> Positions:
    """``ops.split`` along channels."""
    if call.operation.axis % (len(call.inputs[0].shape) + 1) - 1 in (-1, *call.positions.axes):
        raise call.refusal("splits along height or width; along channels is known")
    return call.positions


def concatenate(call: Call) -> Positions | WholeImage:
    """Concatenation along channels."""
    axis = call.operation.axis % (len(call.output_shape) + 1) - 1
    if axis in (-1, *call.positions.axes):
        raise call.refusal("concatenates along height or width; along channels is known")
    return merge(call)


def merge(call: Call) -> Positions | WholeImage:
    """Paths that are added, multiplied or the like, number by number."""
    shape, sights = call.output_shape, [_positions_of(feature) for feature in call.inputs]
    widest = _positions_of(max(call.inputs, key=lambda feature: _product(feature.shape)))
    whole_image_seen = False
    for feature, sight in zip(call.inputs, sights, strict=True):
        if sight.axes != widest.axes or len(feature.shape) != len(shape):
            raise call.refusal("merges images whose axes lie in other orders")
        if (sight.size is None) != (widest.size is None):
            raise call.refusal("merges an image that was cropped in training only with one that was not")
        if all(feature.shape[axis] == shape[axis] for axis in sight.axes):
            continue
        if not _sees_image(call, feature):
            raise call.refusal(f"spreads {show_shape(feature.shape)} over {show_shape(shape)}")
        whole_image_seen = True
    if whole_image_seen:
        return see_whole_image(call)
    height, width = (rf.see_through_merge(paths) for paths in list_paths(call))
    return replace(widest, grid=(height, width))


def _positions_of(feature: Feature) -> Positions:
    assert isinstance(feature.sight, Positions)
    return feature.sight


def _sees_image(call: Call, feature: Feature) -> bool:
    """Whether a single unit, which a merge spreads over an image, has seen all of the network's input."""
    positions = _positions_of(feature)
    if any(feature.shape[axis] != 1 for axis in positions.axes):
        return False
    spans = [field.span(0) for field in positions.grid]
    return all(
        span is not None and span[0] <= 0 and span[1] >= size - 1
        for span, size in zip(spans, call.image_size, strict=True)
    )


def list_paths(call: Call) -> tuple[list[rf.AxisField], list[rf.AxisField]]:
    """What each of the merged paths sees along height, and along width."""
    grids = [_positions_of(feature).grid for feature in call.inputs]
    return [height for height, _ in grids], [width for _, width in grids]


def describe_misalignment(call: Call) -> str | None:
    """In what the merged paths disagree, as a warning; None where they do not."""
    found = [rf.describe_misalignment(paths) for paths in list_paths(call)]
    if found[0] is not None and found[0] == found[1]:
        return f"{call.name} ({call.type}) merges misaligned paths in height and width: {found[0]}"
    parts = [
        f"in {axis}: {text}"
        for axis, text in zip(("height", "width"), found, strict=True)
        if text is not None
    ]
    return f"{call.name} ({call.type}) merges misaligned paths {'; '.join(parts)}" if parts else None


def pool_globally(call: Call) -> WholeImage:
    """Global pooling over height and width."""
    if isinstance(call.inputs[0].sight, Positions):
        call.image(call.operation.data_format)
    return see_whole_image(call)


def pool_row_globally(call: Call) -> WholeImage:
    """Global pooling over a row of positions."""
    axis = 2 if call.operation.data_format == "channels_first" else 1
    if isinstance(call.inputs[0].sight, Positions) and not sees_along(call, axis):
        raise call.refusal("pools channels, not positions")
    return see_whole_image(call)


def normalize_everywhere(call: Call) -> WholeImage:
    """GroupNormalization, whose groups of channels are normalized over all positions, and its like."""
    return see_whole_image(call)


def attend(call: Call) -> WholeImage:
    """Attention along all positions, which is what it does unless told other axes."""
    shape = call.inputs[0].shape
    axes = getattr(call.operation, "attention_axes", None)
    looked_along = tuple(axes) if axes else tuple(range(1, len(shape)))
    if isinstance(call.inputs[0].sight, Positions) and not sees_along(call, looked_along):
        raise call.refusal("attends along channels, not positions")
    return see_whole_image(call)
