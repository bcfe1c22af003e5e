"""A Keras model -> the calls of its layers, in the order they run, and what the units of each output see."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.graphs import is_layer_graph, iterate_nodes

from . import arithmetic as rf
from .calls import Call, Feature, Positions, Shape, Sight, Unknown, WholeImage
from .layer_rules import LAYOUT_KINDS, trace_call

# Sizes of an image's channels, by which an axis of them is told from height and width.
CHANNEL_COUNTS = (1, 3)


@dataclass(frozen=True)
class Step:
    """One call of a layer and its (first) output."""

    call: Call
    output: Feature


@dataclass
class Trace:
    """The steps of a model; ``unknown`` says why what some units see is not known, where it is not."""

    image_size: tuple[int, int]
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unknown: str | None = None

    @property
    def whole_image_seen(self) -> bool:
        """Whether a feature map's units have seen the whole image, before the classifier's own pooling."""
        sights = (step.output.sight for step in self.steps)
        return any(isinstance(sight, WholeImage) and sight.is_map for sight in sights)

    def follow(self, model: keras.Model, inputs: Sequence[Feature], prefix: str) -> list[Feature]:
        """The features that ``model`` makes of ``inputs``."""
        graph = _find_graph(model)
        known = {id(tensor): feature for tensor, feature in zip(graph.inputs, inputs, strict=True)}
        for node in iterate_nodes(graph):
            sources = tuple(known[id(tensor)] for tensor in node.input_tensors)
            results = self._call(node, sources, prefix)
            known.update(zip(map(id, node.outputs), results, strict=True))
        return [known[id(tensor)] for tensor in graph.outputs]

    def _call(self, node: Any, inputs: tuple[Feature, ...], prefix: str) -> list[Feature]:
        operation, name = node.operation, prefix + node.operation.name
        if is_layer_graph(operation) and _find_graph(operation) is not None:
            return self.follow(operation, inputs, prefix=f"{name}/")
        shapes = _find_shapes(node, inputs)
        call = Call(operation, name, inputs, shapes[0], self.image_size, node.arguments.args)
        sight = self._see(call)
        self.steps.append(Step(call, Feature(shapes[0], sight)))
        return [Feature(shape, sight) for shape in shapes]

    def _see(self, call: Call) -> Sight:
        try:
            sight, warning = trace_call(call)
        except ModelError as error:
            self.unknown = self.unknown or str(error)
            return Unknown()
        if warning is not None:
            self.warnings.append(warning)
        return sight


def trace_model(model: keras.Model, name: str) -> Trace:
    """The calls of ``model``'s layers, those of nested models included, whatever the layers are.

    Raises ModelError where the model is neither Sequential nor Functional, or has no input yet.
    """
    _require_graph(model, name)
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    try:
        image = _find_image(model, name)
    except ModelError as error:
        trace = Trace(image_size=(0, 0), unknown=f"no receptive field: {error}")
        trace.follow(model, [Feature(shape, Unknown()) for shape in shapes], prefix="")
        return trace
    assert image.size is not None  # an image to begin with
    trace = Trace(image.size)
    trace.follow(model, [Feature(shapes[0], image)], prefix="")
    return trace


def find_image_axes(model: keras.Model, name: str) -> tuple[int, int]:
    """The axes of an image, the batch axis not counted, along which height and width lie.

    Raises ModelError where the model takes something else than images of a fixed size.
    """
    _require_graph(model, name)
    return _find_image(model, name).axes


def _require_graph(model: keras.Model, name: str) -> None:
    if not is_layer_graph(model):
        raise ModelError(f"{name} is a subclassed model: only Sequential and Functional models can be traced")
    if not model.built or _find_graph(model) is None:
        raise ModelError(f"{name} has no input shape yet: begin it with keras.Input((32, 32, 3))")


def _find_graph(model: keras.Model) -> Any:
    """The Functional model that a Sequential one runs as; private, but what ``call`` itself takes."""
    return model._functional if isinstance(model, keras.Sequential) else model


def _find_image(model: keras.Model, name: str) -> Positions:
    """The one image that ``model`` takes. Raises ModelError where it takes something else."""
    channels_first = _find_layout(model, name)
    if len(model.inputs) != 1:
        raise ModelError(f"{name} has {len(model.inputs)} inputs: one image is needed")
    shape = tuple(model.inputs[0].shape[1:])
    if len(shape) != 3:
        raise ModelError(f"{name} takes input of shape {shape}: an image such as (32, 32, 3) is needed")
    if None in shape:
        raise ModelError(f"{name} takes input of shape {shape}: a fixed size such as (32, 32, 3) is needed")
    axes = (1, 2) if channels_first or _is_turned(model, shape) else (0, 1)
    return Positions((rf.IMAGE, rf.IMAGE), axes, (shape[axes[0]], shape[axes[1]]))


def _find_layout(model: keras.Model, name: str) -> bool:
    """Whether images are channels_first: what the layers say, or else Keras's own setting."""
    said = {layer.data_format for layer in _iterate_layers(model) if type(layer) in LAYOUT_KINDS}
    if len(said) > 1:
        raise ModelError(f"{name} mixes channels_first and channels_last layers: one data_format is needed")
    return (said.pop() if said else keras.config.image_data_format()) == "channels_first"


def _is_turned(model: keras.Model, shape: Shape) -> bool:
    """Whether the model takes channels_first images and begins by putting the channels last."""
    first = next(iterate_nodes(_find_graph(model)), None)
    begins_so = first is not None and type(first.operation).__name__ in ("Permute", "Transpose", "Moveaxis")
    return begins_so and shape[0] in CHANNEL_COUNTS and shape[2] not in CHANNEL_COUNTS


def _iterate_layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        if is_layer_graph(layer):
            yield from _iterate_layers(layer)
        else:
            yield layer


def _find_shapes(node: Any, inputs: Sequence[Feature]) -> list[Shape]:
    """The shapes of a call's outputs, from those of the inputs where the graph leaves them open.

    A nested model may have been built without a size, or with another one, and be called with one.
    """
    recorded = [tuple(tensor.shape[1:]) for tensor in node.outputs]
    given = [tuple(tensor.shape[1:]) for tensor in node.input_tensors]
    if given == [feature.shape for feature in inputs]:
        return recorded
    tensors = {
        id(tensor): keras.KerasTensor((None, *feature.shape), tensor.dtype)
        for tensor, feature in zip(node.input_tensors, inputs, strict=True)
    }
    with suppress(Exception):  # whatever a layer of unknown kind raises: it does not know its output's size
        arguments, settings = node.arguments.fill_in(tensors)
        found = keras.tree.flatten(node.operation.compute_output_spec(*arguments, **settings))
        return [tuple(tensor.shape[1:]) for tensor in found]
    return [(None,) * len(shape) for shape in recorded]
