"""A Keras model -> the calls of its layers, in the order they run -> ModelSummary.

Works on Sequential and Functional models, nested and shared ones included. What each kind of layer
does to the receptive field is in receptive_field.layer_rules; the arithmetic is in
receptive_field.arithmetic.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.receptive_field import arithmetic as rf
from eip_cli.networks.receptive_field.arithmetic import Pair, Stride
from eip_cli.networks.receptive_field.calls import Call, Feature, Grid
from eip_cli.networks.receptive_field.layer_rules import LAYOUT_KINDS, trace_call

from .graphs import is_layer_graph, iterate_nodes
from .macs import count_macs, may_hide_macs


@dataclass(frozen=True)
class LayerInfo:
    """One call of one layer.

    The three geometric fields are (height, width) in input pixels, and None once the
    path has seen the whole image. A stride is a fraction after upsampling.
    """

    name: str
    type: str
    output_shape: tuple[int, ...]
    params: int
    macs: int
    receptive_field: Pair | None
    effective_stride: Stride | None
    effective_padding: Pair | None


@dataclass(frozen=True)
class ModelSummary:
    """A network's layers and totals; the geometry is that of its largest receptive field."""

    model: str
    total_params: int
    trainable_params: int
    non_trainable_params: int
    macs: int
    receptive_field: Pair | None
    effective_stride: Stride | None
    effective_padding: Pair | None
    layers: tuple[LayerInfo, ...]
    warnings: tuple[str, ...] = ()


def summarize_model(model: keras.Model, name: str) -> ModelSummary:
    """A row for each call of a layer, in the order they run, and the network's totals.

    Nested models are expanded, their rows named ``outer/inner``. A layer called more than once has a
    row and multiply-accumulates for each call; its parameters are at its first. Shapes are without the
    batch axis. The geometry of the whole is that of the largest receptive field by area (the last row
    of several equal ones), before the whole image is seen.

    Receptive field, effective stride and effective padding are theoretical, as Araujo, Norris and Sim
    define them (Distill 2019): borders do not cut them off.

    Raises ModelError where the model is neither Sequential nor Functional, has no fixed input size,
    takes something other than one image, or holds a layer whose receptive field is not known.
    """
    walk = _walk_through(model, name)
    total, trainable = _count(model.weights), _count(model.trainable_weights)
    widest = _find_widest(walk.rows)
    return ModelSummary(
        model=name,
        total_params=total,
        trainable_params=trainable,
        non_trainable_params=total - trainable,
        macs=sum(row.macs for row in walk.rows),
        receptive_field=widest.receptive_field if widest else None,
        effective_stride=widest.effective_stride if widest else None,
        effective_padding=widest.effective_padding if widest else None,
        layers=tuple(walk.rows),
        warnings=tuple(walk.warnings),
    )


def trace_features(model: keras.Model, name: str) -> tuple[Feature, ...]:
    """The output of each call of a layer, in the order they run, with the exact span of each of its units.

    For where a unit looks, as ``summarize_model`` says how far: ``feature.grid[0].span(3)`` is the first
    and the last row of the image that the units of row 3 see. Raises ModelError as it does.
    """
    return tuple(_walk_through(model, name).features)


def _walk_through(model: keras.Model, name: str) -> "_Walk":
    _require_graph(model, name)
    channels_first = _find_layout(model, name)
    image = _find_image_shape(model, name)
    walk = _Walk(channels_first, image_size=image[1:] if channels_first else image[:2])
    walk.follow(model, (Feature(image, grid=(rf.IMAGE, rf.IMAGE)),), prefix="")
    return walk


@dataclass
class _Walk:
    """Follows an image through a model, and collects a row for each call on the way."""

    channels_first: bool
    image_size: tuple[int, int]
    rows: list[LayerInfo] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    counted: set[int] = field(default_factory=set)

    def follow(self, model: keras.Model, inputs: tuple[Feature, ...], prefix: str) -> tuple[Feature, ...]:
        """The features that ``model`` makes of ``inputs``."""
        if isinstance(model, keras.Sequential):
            features = inputs
            for layer in model.layers:
                features = self._call(layer, features, prefix, [None])
            return features
        if len(model.inputs) != len(inputs):
            raise ModelError(f"{prefix.rstrip('/')} is not called with its {len(model.inputs)} inputs")
        known = {id(tensor): feature for tensor, feature in zip(model.inputs, inputs, strict=True)}
        for node in iterate_nodes(model):
            sources = tuple(known[id(tensor)] for tensor in node.input_tensors)
            shapes = [tensor.shape[1:] for tensor in node.outputs]
            results = self._call(node.operation, sources, prefix, shapes)
            known.update(zip(map(id, node.outputs), results, strict=True))
        return tuple(known[id(tensor)] for tensor in model.outputs)

    def _call(
        self,
        operation: keras.Operation,
        inputs: tuple[Feature, ...],
        prefix: str,
        shapes: list[tuple[int | None, ...] | None],
    ) -> tuple[Feature, ...]:
        name = prefix + operation.name
        if is_layer_graph(operation):
            return self.follow(operation, inputs, prefix=f"{name}/")
        sizes = tuple(_fix_shape(shape, operation, inputs, name) for shape in shapes)
        call = Call(operation, name, inputs, sizes[0], self.channels_first, self.image_size)
        grid, warning = trace_call(call)
        self._record(call, grid, warning)
        results = tuple(Feature(size, grid) for size in sizes)
        self.features.append(results[0])
        return results

    def _record(self, call: Call, grid: Grid | None, warning: str | None) -> None:
        params = 0
        if isinstance(call.operation, keras.Layer) and id(call.operation) not in self.counted:
            self.counted.add(id(call.operation))
            params = call.operation.count_params()
        if warning is not None:
            self.warnings.append(warning)
        if may_hide_macs(call.operation):
            self.warnings.append(f"{call.name} ({call.type}): its multiply-accumulates are not counted")
        self.rows.append(
            LayerInfo(
                name=call.name,
                type=call.type,
                output_shape=call.output_shape,
                params=params,
                macs=count_macs(call),
                receptive_field=_sizes(grid),
                effective_stride=_strides(grid),
                effective_padding=_paddings(grid),
            )
        )


def _require_graph(model: keras.Model, name: str) -> None:
    if not is_layer_graph(model):
        raise ModelError(f"{name} is a subclassed model: only Sequential and Functional models can be traced")
    if not model.built or getattr(model, "inputs", None) is None:
        raise ModelError(f"{name} has no input shape yet: begin it with keras.Input((32, 32, 3))")


def _find_image_shape(model: keras.Model, name: str) -> tuple[int, int, int]:
    if len(model.inputs) != 1:
        raise ModelError(f"{name} has {len(model.inputs)} inputs: one image is needed")
    shape = tuple(model.inputs[0].shape[1:])
    if len(shape) != 3:
        raise ModelError(f"{name} takes input of shape {shape}: an image such as (32, 32, 3) is needed")
    if None in shape:
        raise ModelError(f"{name} takes input of shape {shape}: a fixed size such as (32, 32, 3) is needed")
    return shape


def _find_layout(model: keras.Model, name: str) -> bool:
    """Whether images are channels_first: what the layers say, or else Keras's own setting."""
    said = {layer.data_format for layer in _iterate_layers(model) if type(layer) in LAYOUT_KINDS}
    if len(said) > 1:
        raise ModelError(f"{name} mixes channels_first and channels_last layers: one data_format is needed")
    return (said.pop() if said else keras.config.image_data_format()) == "channels_first"


def _iterate_layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        if is_layer_graph(layer):
            yield from _iterate_layers(layer)
        else:
            yield layer


def _fix_shape(
    shape: tuple[int | None, ...] | None,
    operation: keras.Operation,
    inputs: tuple[Feature, ...],
    name: str,
) -> tuple[int, ...]:
    """The output's shape in whole numbers, from those of the inputs where the graph leaves it open.

    A Sequential model records no shapes of its calls, and a nested model may have been built without a
    size and be called with one.
    """
    if shape is None or None in shape:
        batched: list[tuple[int | None, ...]] = [(None, *feature.shape) for feature in inputs]
        try:
            shape = tuple(operation.compute_output_shape(batched if len(batched) > 1 else batched[0]))[1:]
        except Exception:  # whatever a layer of unknown kind raises: it does not know its output's size
            shape = (None,)
    sizes = tuple(size for size in shape if size is not None)
    if len(sizes) != len(shape):
        raise ModelError(
            f"layer {name!r} of type {type(operation).__name__} has no known output size: give the network a "
            "fixed input size, or a layer of your own a compute_output_shape"
        )
    return sizes


def _find_widest(rows: list[LayerInfo]) -> LayerInfo | None:
    seen = [(math.prod(row.receptive_field), index) for index, row in enumerate(rows) if row.receptive_field]
    return rows[max(seen)[1]] if seen else None


def _count(weights: list[keras.Variable]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _sizes(grid: Grid | None) -> Pair | None:
    return (grid[0].size, grid[1].size) if grid else None


def _strides(grid: Grid | None) -> Stride | None:
    return (grid[0].stride, grid[1].stride) if grid else None


def _paddings(grid: Grid | None) -> Pair | None:
    return (grid[0].padding, grid[1].padding) if grid else None
