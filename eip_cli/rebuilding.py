"""A stored model configuration -> the Keras model, built layer by layer with Keras's own classes."""

import math
from dataclasses import dataclass
from typing import Any

from .backend import keras
from .errors import CheckpointError
from .layer_configs import is_known_layer, is_plain_keras, layer_type, make_input, make_layer, plain_shape

SEQUENTIAL = "Sequential"
FUNCTIONAL_TYPES = frozenset({"Functional", "Model"})
MAX_LAYERS = 1_000
MAX_NESTING = 8
# Per image: 64 million numbers between two layers are 256 MiB.
MAX_ACTIVATION_SIZE = 2**26

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Rebuilt:
    """A model, and the layers of it and of each model inside it, in the order of the file.

    Weights are stored in that order, which Keras does not promise to keep when it builds anew.
    """

    model: keras.Model
    layer_orders: dict[int, list[keras.layers.Layer]]

    def layers_of(self, model: keras.layers.Layer) -> list[keras.layers.Layer]:
        """The layers of ``model``, in the order of the file where the file gave it."""
        return self.layer_orders.get(id(model), list(model.layers))


def rebuild_model(
    config: dict[str, Any], from_keras_2: bool, weight_count: int, trust: bool = False
) -> Rebuilt:
    """Build the model that a checked file's ``config`` describes.

    ``weight_count`` is how many numbers the file's weights are: a configuration that calls
    for more is refused before memory is taken for them. With ``trust``, layer types outside
    the allow-list are made by Keras's own deserialiser in its safe mode: other built-in
    layers, and classes registered in this process. Raises CheckpointError.
    """
    try:
        # A first build with every initialiser metered; the second has those of the file.
        _Builder(from_keras_2, trust, _Meter(weight_count)).build(config)
        builder = _Builder(from_keras_2, trust, None)
        model = builder.build(config)
    except CheckpointError:
        raise
    except RecursionError as error:
        raise CheckpointError("a model configuration that is nested too deep") from error
    except Exception as error:  # Keras reports impossible settings by every type there is
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"a model configuration that Keras cannot build: {first_line}") from error
    return Rebuilt(model, builder.layer_orders)


class _Meter:
    """Counts the numbers that a model's weights take, and stops before they exceed the file's."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def take(self, shape: Shape) -> None:
        self.used += math.prod(size or 0 for size in shape)
        if self.used > self.limit:
            raise CheckpointError(
                f"a configuration of {self.used:,} weights or more where the file has {self.limit:,}"
            )

    def wrap(self, _: keras.initializers.Initializer) -> keras.initializers.Initializer:
        return _MeteredZeros(self)


class _MeteredZeros(keras.initializers.Initializer):
    def __init__(self, meter: _Meter) -> None:
        self.meter = meter

    def __call__(self, shape: Shape, dtype: str | None = None) -> Any:  # a backend's tensor
        self.meter.take(shape)
        return keras.ops.zeros(shape, dtype=dtype)

    def clone(self) -> "_MeteredZeros":
        return self


@dataclass(frozen=True)
class _Reference:
    """An output of an earlier call of a layer: which layer, which call, which output."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True)
class _Call:
    inputs: list[_Reference]
    as_list: bool
    settings: dict[str, bool]


class _Builder:
    def __init__(self, from_keras_2: bool, trust: bool, meter: _Meter | None) -> None:
        self.from_keras_2 = from_keras_2
        self.trust = trust
        self.meter = meter
        self.layer_count = 0
        self.layer_orders: dict[int, list[keras.layers.Layer]] = {}

    def build(self, config: dict[str, Any]) -> keras.Model:
        if not _is_model(config):
            raise CheckpointError(
                f"a model of type {str(config.get('class_name'))[:60]!a}: it must be Sequential or Functional"
            )
        model = self._model(config, depth=0)
        if not model.built:
            raise CheckpointError("a model whose input shape the file does not give")
        return model

    def _model(self, config: dict[str, Any], depth: int) -> keras.Model:
        if depth > MAX_NESTING:
            raise CheckpointError(f"models nested more than {MAX_NESTING} deep")
        stored = config.get("config")
        if isinstance(stored, list) and layer_type(config) == SEQUENTIAL:
            stored = {"layers": stored}  # as Keras wrote before 2.2.3
        if not isinstance(stored, dict) or not isinstance(stored.get("layers"), list):
            raise CheckpointError("a model configuration without layers")
        layers = stored["layers"]
        self.layer_count += len(layers)
        if self.layer_count > MAX_LAYERS:
            raise CheckpointError(f"a model of more than {MAX_LAYERS:,} layers")
        if not all(isinstance(layer, dict) for layer in layers):
            raise CheckpointError("a layer that is not a JSON object")
        name = stored.get("name")
        if name is not None and not (isinstance(name, str) and len(name) <= 256):
            raise CheckpointError("a model whose name is not text")
        build = self._sequential if layer_type(config) == SEQUENTIAL else self._functional
        model = build(stored, layers, depth)
        if stored.get("trainable") is False:
            model.trainable = False
        return model

    def _layer(self, config: dict[str, Any], depth: int) -> keras.layers.Layer:
        if _is_model(config):
            return self._model(config, depth + 1)
        if self.trust and not is_known_layer(config):
            return _trusted_layer(config)
        wrap = self.meter.wrap if self.meter else lambda initializer: initializer
        return make_layer(config, self.from_keras_2, wrap)

    def _sequential(self, stored: dict[str, Any], layers: list[dict[str, Any]], depth: int) -> keras.Model:
        inputs = []
        if layers and layer_type(layers[0]) == "InputLayer":
            inputs = [make_input(layers[0])]
            layers = layers[1:]
        elif (
            layers
            and isinstance(layers[0].get("config"), dict)
            and "batch_input_shape" in layers[0]["config"]
        ):
            inputs = [make_input(layers[0])]
        elif stored.get("build_input_shape"):
            shape = plain_shape(stored["build_input_shape"])
            inputs = [keras.layers.InputLayer(batch_shape=(None, *shape[1:]))]
        made = [self._layer(layer, depth) for layer in layers]
        if inputs:
            _check_sizes(inputs[0].batch_shape, made)
        model = keras.Sequential([*inputs, *made], name=_safe_name(stored))
        self.layer_orders[id(model)] = made
        return model

    def _functional(self, stored: dict[str, Any], layers: list[dict[str, Any]], depth: int) -> keras.Model:
        made: dict[str, keras.layers.Layer] = {}
        waiting: dict[str, list[_Call]] = {}
        tensors: dict[str, list[list[Any]]] = {}
        calls = {str(layer.get("name")): layer.get("inbound_nodes") for layer in layers}
        if len(calls) != len(layers):
            raise CheckpointError("two layers of one name")
        nested = {str(layer.get("name")) for layer in layers if _is_model(layer)}
        for layer in layers:
            name = str(layer.get("name"))
            if layer_type(layer) == "InputLayer":
                tensors[name] = [[make_input(layer).output]]
                continue
            made[name] = self._layer(layer, depth)
            tensors[name] = []
            waiting[name] = [self._call(node, nested) for node in _as_list(calls[name])]
        _run_calls(made, waiting, tensors)
        # Keras counts the calls of a nested model from 1 where it names a model's outputs;
        # Keras 3 does so for Functional ones alone.
        counted = {
            str(layer.get("name"))
            for layer in layers
            if _is_model(layer) and (self.from_keras_2 or layer_type(layer) != SEQUENTIAL)
        }
        ends = [
            [_find(tensors, _reference(item, counted)) for item in _references(stored.get(key))]
            for key in ("input_layers", "output_layers")
        ]
        inputs, outputs = (tensor[0] if len(tensor) == 1 else tensor for tensor in ends)
        model = keras.Model(inputs, outputs, name=_safe_name(stored))
        self.layer_orders[id(model)] = list(made.values())
        return model

    def _call(self, node: object, nested: set[str]) -> _Call:
        if isinstance(node, dict):
            return _keras_3_call(node)
        # Keras 2: one [layer, call, output, settings] for each input. A nested model's call 0 is its own.
        items = _references(node)
        references = [_reference(item[:3], nested) for item in items]
        settings: dict[str, Any] = {}
        for item in items:
            settings |= item[3] if len(item) == 4 and isinstance(item[3], dict) else {}
        return _Call(references, len(references) > 1, _plain_settings(settings))


def _keras_3_call(node: dict[str, Any]) -> _Call:
    arguments, settings = node.get("args"), node.get("kwargs")
    if not isinstance(arguments, list) or not isinstance(settings, dict) or not arguments:
        raise CheckpointError("a layer called with other arguments than tensors")
    as_list = isinstance(arguments[0], list) or len(arguments) > 1
    references = []
    for tensor in arguments[0] if isinstance(arguments[0], list) else arguments:
        if not isinstance(tensor, dict) or tensor.get("class_name") != "__keras_tensor__":
            raise CheckpointError(f"a layer called with {str(tensor)[:60]!a}, which is not a tensor")
        inner = tensor.get("config")
        references.append(_reference(inner.get("keras_history") if isinstance(inner, dict) else None, set()))
    return _Call(references, as_list, _plain_settings(settings))


def _plain_settings(settings: dict[str, Any]) -> dict[str, bool]:
    for key, value in settings.items():
        if key not in ("training", "mask") or not (
            value is None or (key == "training" and value in (True, False))
        ):
            raise CheckpointError(f"a layer called with {str(key)[:60]!a}, which is not supported")
    return {key: value for key, value in settings.items() if value is not None}


def _run_calls(
    made: dict[str, keras.layers.Layer], waiting: dict[str, list[_Call]], tensors: dict[str, list[list[Any]]]
) -> None:
    """Call the layers in the order in which their inputs come to exist, as Keras does."""
    while waiting:
        before = sum(len(calls) for calls in waiting.values())
        for name in list(waiting):
            while waiting[name] and all(_exists(tensors, item) for item in waiting[name][0].inputs):
                call = waiting[name].pop(0)
                inputs = [_find(tensors, item) for item in call.inputs]
                output = made[name](inputs if call.as_list else inputs[0], **call.settings)
                outputs = list(output) if isinstance(output, list | tuple) else [output]
                for tensor in outputs:
                    _check_size(tensor.shape, made[name])
                tensors[name].append(outputs)
            if not waiting[name]:
                del waiting[name]
        if sum(len(calls) for calls in waiting.values()) == before and waiting:
            raise CheckpointError(f"layer {min(waiting)[:60]!a} has an input that does not exist")


def _exists(tensors: dict[str, list[list[Any]]], reference: _Reference) -> bool:
    if reference.layer not in tensors:
        raise CheckpointError(f"a layer takes its input from {reference.layer[:60]!a}, which does not exist")
    return reference.call < len(tensors[reference.layer])


def _find(tensors: dict[str, list[list[Any]]], reference: _Reference) -> Any:  # a Keras tensor
    calls = tensors.get(reference.layer, [])
    if reference.call >= len(calls) or reference.output >= len(calls[reference.call]):
        raise CheckpointError(f"output {reference.output} of layer {reference.layer[:60]!a} does not exist")
    return calls[reference.call][reference.output]


def _reference(item: object, counted_from_1: set[str]) -> _Reference:
    if isinstance(item, list) and len(item) == 3:
        name, call, output = item
        if isinstance(name, str) and type(call) is int and type(output) is int:
            call -= name in counted_from_1
            if call >= 0 and output >= 0:
                return _Reference(name, call, output)
    raise CheckpointError(f"a connection {str(item)[:60]!a}, which names no layer's output")


def _references(value: object) -> list[Any]:
    """``["name", 0, 0]`` or a list of those -> a list of those."""
    items = _as_list(value)
    return [items] if items and isinstance(items[0], str) else items


def _as_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise CheckpointError("a model's connections are not a list")
    return value


def _is_model(config: dict[str, Any]) -> bool:
    return layer_type(config) in FUNCTIONAL_TYPES | {SEQUENTIAL} and is_plain_keras(config)


def _safe_name(stored: dict[str, Any]) -> str | None:
    name = stored.get("name")
    return name.replace("/", "_") if name else None


def _check_sizes(shape: Shape, layers: list[keras.layers.Layer]) -> None:
    for layer in layers:
        shape = layer.compute_output_shape(shape)
        _check_size(shape, layer)


def _check_size(shape: Shape, layer: keras.layers.Layer) -> None:
    if math.prod(size or 1 for size in shape) > MAX_ACTIVATION_SIZE:
        raise CheckpointError(
            f"layer {layer.name[:60]!a} gives an output of shape {shape}, too large to compute"
        )


def _trusted_layer(config: dict[str, Any]) -> keras.layers.Layer:
    stored = {**config, "module": config.get("module") or "keras.layers"}
    for graph_key in ("inbound_nodes", "name"):
        stored.pop(graph_key, None)
    stored.setdefault("registered_name", None)
    layer = keras.saving.deserialize_keras_object(stored, safe_mode=True)
    if not isinstance(layer, keras.layers.Layer):
        raise CheckpointError(f"{str(config.get('class_name'))[:60]!a} is not a Keras layer")
    return layer
