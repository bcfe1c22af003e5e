"""One layer, or one operation of Keras's, as the Python that makes it."""

import inspect
import re
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.networks.plain_keras import CONSTRAINTS, INITIALIZERS, LAYER_TYPES, REGULARIZERS

# Of two equal numbers Keras takes one.
SQUARE_SETTINGS = frozenset({"kernel_size", "strides", "pool_size", "dilation_rate", "size"})
OBJECTS = {"initializers": INITIALIZERS, "regularizers": REGULARIZERS, "constraints": CONSTRAINTS}


def write_layer(layer: keras.Layer, name: str | None = None) -> str:
    """The layer as a call of its class, with the arguments that differ from Keras's defaults.

    It is named ``name``, if that is given, else as it is, where Keras would not name it so by itself.
    Raises ValueError, TypeError or AttributeError where it is no plain layer of Keras's, or has a setting
    that has no plain form, or no default to differ from.
    """
    kind = type(layer)
    if kind.__name__ not in LAYER_TYPES or getattr(keras.layers, kind.__name__) is not kind:
        raise ValueError(f"{kind.__name__} is not one of Keras's plain layers")
    config = layer.get_config()
    required = {name: config[name] for name in _required_arguments(kind) if name in config}
    defaults = kind(**required).get_config()
    changed = {
        key: value
        for key, value in config.items()
        if key not in required and key != "name" and value != defaults.get(key)
    }
    if name is not None or not is_named_automatically(layer):
        changed = {**changed, "name": name or layer.name}
    arguments = [write_value(key, value) for key, value in required.items()]
    arguments += [f"{key}={write_value(key, value)}" for key, value in changed.items()]
    return f"layers.{kind.__name__}({', '.join(arguments)})"


def _required_arguments(kind: type[keras.Layer]) -> list[str]:
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    named = [one for one in parameters if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    return [one.name for one in named if one.default is inspect.Parameter.empty]


def is_named_automatically(layer: keras.Layer) -> bool:
    """Whether this is a name that Keras gives a layer of this kind itself: ``separable_conv2d_1``."""
    return re.fullmatch(rf"{_snake_case(type(layer))}(_\d+)?", layer.name) is not None


def _snake_case(kind: type) -> str:
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind.__name__)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def write_operation(operation: keras.Operation) -> tuple[str, list[str]]:
    """An operation such as the ``+`` of two tensors: Keras's function for it, and its settings as arguments.

    Raises ValueError where there is no such function, or a setting has no plain form.
    """
    kind = type(operation)
    function = _snake_case(kind)
    place = "ops.image" if kind.__module__.endswith(".image") else "ops"
    home = keras.ops.image if place == "ops.image" else keras.ops
    if not kind.__module__.startswith("keras.src.ops.") or not hasattr(home, function):
        raise ValueError(f"{kind.__name__} has no function in keras.{place}")
    accepted = inspect.signature(getattr(home, function)).parameters
    names = [name for name in list(inspect.signature(kind.__init__).parameters)[1:] if name != "name"]
    if not all(hasattr(operation, name) and name in accepted for name in names):
        raise ValueError(f"{kind.__name__} does not say how it was called")
    settings = [f"{name}={write_value(name, getattr(operation, name))}" for name in names]
    return f"keras.{place}.{function}", settings


def write_value(name: str, value: Any) -> str:
    """``value`` of a layer's configuration as Python. Raises ValueError where it has no plain form."""
    if isinstance(value, list | tuple):
        if name in SQUARE_SETTINGS and len(set(value)) == 1:
            return repr(value[0])
        inner = ", ".join(write_value("", item) for item in value)
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
        f"{key}={write_value(key, inner)}"
        for key, inner in settings.items()
        if inner is not None and key in accepted
    ]
    return f"keras.{module}.{kind}({', '.join(arguments)})"
