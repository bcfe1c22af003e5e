"""A stored model configuration -> the Keras model, built layer by layer with Keras's own classes."""

import copy
import math
from dataclasses import dataclass
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

from .calls import Call, as_list, read_call, read_reference, read_references
from .layers import is_known_layer, layer_type, make_input, make_layers
from .operations import TENSORFLOW_TYPES, is_operation, make_operation
from .settings import is_plain_keras, plain_shape
from .wiring import Shape, Step, Tensors, as_step, check_size, find_tensor, run_calls

SEQUENTIAL = "Sequential"
FUNCTIONAL_TYPES = frozenset({"Functional", "Model"})
MAX_LAYERS = 1_000
MAX_NESTING = 8


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
        if builder.has_operations:
            try_out(model)
    except CheckpointError:
        raise
    except RecursionError as error:
        raise CheckpointError("a model configuration that is nested too deep") from error
    except Exception as error:  # Keras reports impossible settings by every type there is
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"a model configuration that Keras cannot build: {first_line}") from error
    return Rebuilt(model, builder.layer_orders)


def try_out(model: keras.Model) -> None:
    """Compute once: what a layer does only with numbers in hand is done, such as an index found wrong."""
    inputs = [keras.ops.zeros([size or 1 for size in tensor.shape], tensor.dtype) for tensor in model.inputs]
    model(inputs[0] if len(inputs) == 1 else inputs, training=False)


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

    def get_config(self) -> dict[str, Any]:
        return {"meter": self.meter}  # attention makes its inner layers' initialisers anew from this


class _Builder:
    def __init__(self, from_keras_2: bool, trust: bool, meter: _Meter | None) -> None:
        self.from_keras_2 = from_keras_2
        self.trust = trust
        self.meter = meter
        self.layer_count = 0
        self.has_operations = False
        self.layer_orders: dict[int, list[keras.layers.Layer]] = {}

    def build(self, config: dict[str, Any]) -> keras.Model:
        if not _is_model(config):
            raise CheckpointError(_unknown_model(config))
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

    def _layers(self, config: dict[str, Any], depth: int) -> list[keras.layers.Layer]:
        """The layers that compute what a stored one does; the first has its weights."""
        if _is_model(config):
            return [self._model(config, depth + 1)]
        if self.trust and not is_known_layer(config):
            return [_trusted_layer(config)]
        wrap = self.meter.wrap if self.meter else lambda initializer: initializer
        return make_layers(config, self.from_keras_2, wrap)

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
        made = [self._layers(layer, depth) for layer in layers]
        chain = [layer for steps in made for layer in steps]
        if inputs:
            _check_sizes(inputs[0].batch_shape, chain)
        model = keras.Sequential([*inputs, *chain], name=_safe_name(stored))
        self.layer_orders[id(model)] = [steps[0] for steps in made]
        return model

    def _functional(self, stored: dict[str, Any], layers: list[dict[str, Any]], depth: int) -> keras.Model:
        made: list[keras.layers.Layer] = []
        steps: dict[str, Step] = {}
        waiting: dict[str, list[Call]] = {}
        tensors: Tensors = {}
        calls = {str(layer.get("name")): layer.get("inbound_nodes") for layer in layers}
        if len(calls) != len(layers):
            raise CheckpointError("two layers of one name")
        nested = {str(layer.get("name")) for layer in layers if _is_model(layer)}
        for layer in layers:
            name = str(layer.get("name"))
            if layer_type(layer) == "InputLayer":
                tensors[name] = [[make_input(layer).output]]
                continue
            if is_operation(layer, self.from_keras_2):
                steps[name] = make_operation(layer)
                self.has_operations = True
            else:
                inner = self._layers(layer, depth)
                made.append(inner[0])
                steps[name] = as_step(inner)
            tensors[name] = []
            keeps_lists = layer_type(layer) in TENSORFLOW_TYPES
            waiting[name] = [
                read_call(node, set(calls), nested, keeps_lists) for node in as_list(calls[name])
            ]
        run_calls(steps, waiting, tensors)
        # Keras counts the calls of a nested model from 1 where it names a model's outputs;
        # Keras 3 does so for Functional ones alone.
        counted = {
            str(layer.get("name"))
            for layer in layers
            if _is_model(layer) and (self.from_keras_2 or layer_type(layer) != SEQUENTIAL)
        }
        ends = [
            [find_tensor(tensors, read_reference(item, counted)) for item in read_references(stored.get(key))]
            for key in ("input_layers", "output_layers")
        ]
        inputs, outputs = (tensor[0] if len(tensor) == 1 else tensor for tensor in ends)
        model = keras.Model(inputs, outputs, name=_safe_name(stored))
        self.layer_orders[id(model)] = made
        return model


def _is_model(config: dict[str, Any]) -> bool:
    return layer_type(config) in FUNCTIONAL_TYPES | {SEQUENTIAL} and is_plain_keras(config)


def _safe_name(stored: dict[str, Any]) -> str | None:
    name = stored.get("name")
    return name.replace("/", "_") if name else None


def _check_sizes(shape: Shape, layers: list[keras.layers.Layer]) -> None:
    for layer in layers:
        shape = layer.compute_output_shape(shape)
        check_size(shape, layer.name)


def _unknown_model(config: dict[str, Any]) -> str:
    kind = str(config.get("class_name"))[:60]
    if kind in FUNCTIONAL_TYPES | {SEQUENTIAL}:
        return (
            f"a model of type {kind!a} of module {str(config.get('module'))[:60]!a}, which is not Keras's own"
        )
    return (
        f"a model of type {kind!a}, a class of its author's, whose code is not in the file: save a "
        "Sequential or Functional model, or save the weights and name the network with --model"
    )


def _trusted_layer(config: dict[str, Any]) -> keras.layers.Layer:
    """A layer outside the allow-list: one of Keras's own, or of a class registered in this process."""
    kind = layer_type(config)
    registered = config.get("registered_name") or kind
    if not is_plain_keras(config) and keras.saving.get_registered_object(str(registered)) is None:
        # Keras would import the module that the file names.
        raise CheckpointError(f"layer type {kind[:60]!a}, which is neither Keras's own nor registered")
    stored = {
        "module": config.get("module") or "keras.layers",
        "class_name": kind,
        "registered_name": registered,
        "config": copy.deepcopy(config.get("config")),  # wrappers take their layer out of it
        "build_config": config.get("build_config"),
    }
    layer = keras.saving.deserialize_keras_object(stored, safe_mode=True)
    if not isinstance(layer, keras.Operation):
        raise CheckpointError(f"{kind[:60]!a} is not a Keras layer")
    return layer
