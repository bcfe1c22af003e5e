"""A Keras model -> the lines of plain Keras that build it, for a chain of Keras's own layers."""

import inspect
import re
from typing import Any

from eip_cli.foundation.backend import keras

from .graphs import is_layer_graph
from .plain_keras import CONSTRAINTS, INITIALIZERS, LAYER_TYPES, REGULARIZERS

# Of two equal numbers Keras takes one.
SQUARE_SETTINGS = frozenset({"kernel_size", "strides", "pool_size", "dilation_rate", "size"})
OBJECTS = {"initializers": INITIALIZERS, "regularizers": REGULARIZERS, "constraints": CONSTRAINTS}


def write_network_code(model: keras.Model) -> str | None:
    """Python that builds a network of the same layers, with ``keras`` as its only import.

    Only arguments that differ from Keras's defaults are written. None where the network is no chain of
    known Keras layers with plain settings, so that the code would not be the network.
    """
    if len(model.inputs) != 1 or model.inputs[0].dtype != "float32":
        return None
    try:
        lines = [_write_layer(layer) for layer in _list_chain(model)]
    except (
        AttributeError,
        TypeError,
        ValueError,
    ):  # a setting that has no plain form, or no default to differ from
        return None
    shape = tuple(model.inputs[0].shape[1:])
    head = ["import keras", "from keras import layers", "", "model = keras.Sequential(["]
    body = [f"    {line}," for line in (f"keras.Input({shape})", *lines)]
    return "\n".join([*head, *body, "])"]) + "\n"


def _list_chain(model: keras.Model) -> list[keras.Layer]:
    """The layers of a Sequential model, or of a Functional one in which each takes what the last one gives.

    Raises ValueError or AttributeError where it is none: a layer that is called twice has no one input.
    """
    if type(model) is keras.Sequential:
        return model.layers
    if not is_layer_graph(model):
        raise ValueError(f"{type(model).__name__} is not one of Keras's plain models")
    tensor, layers = model.inputs[0], model.layers[1:]  # the first is the input itself
    for layer in layers:
        if layer.input is not tensor:
            raise ValueError(f"{layer.name} does not take what the layer before it gives")
        tensor = layer.output
    if len(model.outputs) != 1 or model.outputs[0] is not tensor:
        raise ValueError("the last layer is not the output")
    return layers


def _write_layer(layer: keras.Layer) -> str:
    kind = type(layer)
    if kind.__name__ not in LAYER_TYPES or getattr(keras.layers, kind.__name__) is not kind:
        raise ValueError(f"{kind.__name__} is not one of Keras's plain layers")
    config = layer.get_config()
    required = {name: config[name] for name in _required_arguments(kind) if name in config}
    defaults = kind(**required).get_config()
    changed = {
        name: value
        for name, value in config.items()
        if name not in required and name != "name" and value != defaults.get(name)
    }
    if not re.fullmatch(rf"{_automatic_name(kind)}(_\d+)?", layer.name):
        changed = {**changed, "name": layer.name}
    arguments = [_write_value(name, value) for name, value in required.items()]
    arguments += [f"{name}={_write_value(name, value)}" for name, value in changed.items()]
    return f"layers.{kind.__name__}({', '.join(arguments)})"


def _required_arguments(kind: type[keras.Layer]) -> list[str]:
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    named = [one for one in parameters if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    return [one.name for one in named if one.default is inspect.Parameter.empty]


def _automatic_name(kind: type[keras.Layer]) -> str:
    """The name that Keras gives a layer of this kind itself: ``separable_conv2d``."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind.__name__)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def _write_value(name: str, value: Any) -> str:
    """``value`` of a layer's configuration as Python. Raises ValueError where it has no plain form."""
    if isinstance(value, list | tuple):
        if name in SQUARE_SETTINGS and len(set(value)) == 1:
            return repr(value[0])
        inner = ", ".join(_write_value("", item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return _write_object(name, value)
    if value is None or isinstance(value, bool | int | float | str):
        return ascii(value)
    raise ValueError(f"{name} is a {type(value).__name__}")


def _write_object(name: str, value: dict[str, Any]) -> str:
    kind, settings = value.get("class_name"), value.get("config")
    if name == "dtype" and kind == "DTypePolicy" and isinstance(settings, dict):
        return ascii(settings["name"])
    module = next((module for module, kinds in OBJECTS.items() if kind in kinds), None)
    if module is None or not isinstance(settings, dict):
        raise ValueError(f"{name} is a {kind}")
    accepted = inspect.signature(getattr(getattr(keras, module), str(kind)).__init__).parameters
    arguments = [
        f"{key}={_write_value(key, inner)}"
        for key, inner in settings.items()
        if inner is not None and key in accepted
    ]
    return f"keras.{module}.{kind}({', '.join(arguments)})"
