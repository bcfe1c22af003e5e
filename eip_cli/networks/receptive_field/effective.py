"""The effective receptive field: how much each pixel moves the centre unit, by gradients over images.

After Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks", NeurIPS 2016: of the pixels that a unit sees, those in the middle count far more than the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.graphs import is_layer_graph, iterate_nodes

from .arithmetic import Pair, Span
from .calls import Positions, WholeImage
from .tracing import Step, trace_model

BATCH = 50
PART = 0.95


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """How much each pixel counts for one unit of a layer.

    ``weights`` (height, width) are shares that sum to 1. ``unit`` is the unit's row and column; ``spans``
    are the first and last row, and column, that it can see at all, beyond the image's border where padding
    is, and None where it sees the whole image whatever its place.
    """

    layer: str
    unit: Pair
    spans: tuple[Span, Span] | None
    weights: NDArray[np.float64]
    n_images: int

    @property
    def pixels(self) -> int:
        """The pixels of the image that the unit can see at all."""
        if self.spans is None:
            return self.weights.size
        height, width = (
            max(0, min(last, size - 1) - max(first, 0) + 1)
            for (first, last), size in zip(self.spans, self.weights.shape, strict=True)
        )
        return height * width

    @property
    def pixels_95(self) -> int:
        """The fewest pixels that together carry 95% of what moves the unit."""
        cumulated = np.cumsum(np.sort(self.weights, axis=None)[::-1])
        # The sum is 1 but for rounding: a field that is equal everywhere needs no pixel more for that.
        return int(np.searchsorted(cumulated, PART - 1e-9)) + 1

    @property
    def share(self) -> float:
        """``pixels_95`` as a fraction of ``pixels``."""
        return self.pixels_95 / self.pixels


@dataclass(frozen=True, eq=False)
class MeasuredField:
    """An effective field with what it was measured on, in words, and whether the weights were fresh ones."""

    field: EffectiveField
    images: str
    is_untrained: bool

    @property
    def place(self) -> str:
        """What it was measured on, and with."""
        weights = "untrained weights" if self.is_untrained else "the file's weights"
        return f"{self.images}, {weights}"


def measure_effective_field(model: keras.Model, name: str, images: NDArray[np.float32]) -> EffectiveField:
    """The effective field of the centre unit of the layer whose field ``summarize_model`` gives the network.

    ``images`` are (n, *input shape), as the network takes them. Each pixel's weight is the absolute gradient
    of the unit's value (summed over its channels, in inference) with respect to the pixel, summed over the
    pixel's channels, averaged over the images. Of a map of even size the centre unit is the lower right one
    of the four in its middle. Where units of feature maps see the whole image it is the last map's.

    Raises ModelError where there is no such layer, or no gradient reaches the image.
    """
    trace = trace_model(model, name)
    if trace.unknown is not None:
        raise ModelError(trace.unknown)
    index = _choose_step(trace.steps)
    step, image = trace.steps[index], trace.steps[0].call.inputs[0].sight
    assert isinstance(image, Positions)  # what is traced begins with an image
    sight = step.output.sight
    axes = sight.axes if isinstance(sight, Positions) else image.axes
    row, column = ((step.output.shape[axis] or 0) // 2 for axis in axes)

    def centre(batch: Any) -> Any:
        values: list[Any] = []
        _run(model, [batch], values)
        place: list[Any] = [slice(None)] * (1 + len(step.output.shape))
        place[1 + axes[0]], place[1 + axes[1]] = row, column
        return keras.ops.sum(values[index][tuple(place)])

    total = np.zeros(trace.image_size)
    channel_axis = 1 + next(axis for axis in range(3) if axis not in image.axes)
    gradient_of = _make_gradient(centre)
    for first in range(0, len(images), BATCH):
        gradients = gradient_of(images[first : first + BATCH])
        total += np.abs(gradients).sum(axis=channel_axis, dtype=np.float64).sum(axis=0)
    if not np.isfinite(total).all() or total.sum() == 0:
        raise ModelError(
            f"no effective receptive field: the gradient of {step.call.name}'s centre is "
            f"{'zero' if np.isfinite(total).all() else 'not finite'} for all {len(images)} images"
        )
    return EffectiveField(
        step.call.name, (row, column), _find_spans(step, (row, column)), total / total.sum(), len(images)
    )


def _choose_step(steps: Sequence[Step]) -> int:
    """The last of those with the widest field by area; or the last map where maps see the whole image."""
    maps = [
        index
        for index, step in enumerate(steps)
        if isinstance(step.output.sight, WholeImage)
        and step.output.sight.is_map
        and len(step.output.shape) == 3
    ]
    if maps:
        return maps[-1]
    areas = [
        (grid[0].size * grid[1].size, index)
        for index, step in enumerate(steps)
        if (grid := step.output.grid) is not None
    ]
    if not areas:
        raise ModelError("no effective receptive field: no layer sees less than the whole image")
    return max(areas)[1]


def _find_spans(step: Step, unit: Pair) -> tuple[Span, Span] | None:
    grid = step.output.grid
    if grid is None:
        return None
    rows, columns = grid[0].span(unit[0]), grid[1].span(unit[1])
    return None if rows is None or columns is None else (rows, columns)


def _run(model: keras.Model, inputs: Sequence[Any], values: list[Any]) -> list[Any]:
    """Append the value of each call of ``model``, in the order of the trace's steps; what it returns."""
    graph = model._functional if isinstance(model, keras.Sequential) else model
    known = dict(zip(map(id, graph.inputs), inputs, strict=True))
    for node in iterate_nodes(graph):
        if is_layer_graph(node.operation):
            results = _run(node.operation, [known[id(tensor)] for tensor in node.input_tensors], values)
        else:
            arguments, settings = node.arguments.fill_in(known)
            results = keras.tree.flatten(node.operation(*arguments, **settings))
            values.append(results[0])
        known.update(zip(map(id, node.outputs), results, strict=True))
    return [known[id(tensor)] for tensor in graph.outputs]


def _make_gradient(function: Callable[[Any], Any]) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The gradient of ``function``, a sum over a batch, with respect to each image of the batch."""
    if keras.backend.backend() == "jax":
        import jax

        differentiate = jax.jit(jax.grad(function))
        return lambda images: np.asarray(differentiate(images))
    import tensorflow as tf

    def differentiate_by_tape(images: Any) -> Any:
        # Gradients of the weights, which nobody asks for, are left out.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            value = function(images)
        return tape.gradient(value, images, unconnected_gradients="zero")

    ways = [tf.function(differentiate_by_tape), tf.function(differentiate_by_tape, jit_compile=True)]

    def gradient(images: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return ways[0](tf.constant(images)).numpy()
        except tf.errors.InvalidArgumentError:  # dilated convolutions have no gradient on a CPU, but in XLA
            return ways[1](tf.constant(images)).numpy()

    return gradient
