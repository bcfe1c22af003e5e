"""Settings inside a stored configuration: numbers, a few words, and built-in objects by name.

Everything else is refused. The objects are made here from the tables below: Keras's own
deserialiser, which imports and calls what a file names (CVE-2025-1550, CVE-2025-8747,
CVE-2025-9905), is not involved.
"""

import inspect
from collections.abc import Callable
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError
from eip_cli.networks.plain_keras import (
    ACTIVATION_LAYERS,
    ACTIVATIONS,
    CONSTRAINTS,
    INITIALIZERS,
    REGULARIZERS,
)

DTYPES = frozenset(
    {"bfloat16", "float16", "float32", "float64", "int32", "mixed_bfloat16", "mixed_float16", "uint8"}
)
_WORDS = """
    valid same causal channels_first channels_last nearest bilinear bicubic lanczos3 lanczos5 area
    gaussian mitchellcubic constant reflect wrap horizontal vertical horizontal_and_vertical
"""
WORDS = frozenset(_WORDS.split())
WORD_SETTINGS = frozenset({"padding", "data_format", "interpolation", "fill_mode", "mode"})
INITIALIZER_WORDS = frozenset({"fan_in", "fan_out", "fan_avg"}) | frozenset(
    {"normal", "uniform", "truncated_normal", "untruncated_normal"}
)
MAX_INTEGER = 2**31
MAX_LIST_LENGTH = 64
MAX_NAME_LENGTH = 256
MakeInitializer = Callable[[keras.initializers.Initializer], keras.initializers.Initializer]
MakeLayer = Callable[[dict[str, Any]], keras.layers.Layer]


def is_plain_keras(config: dict[str, Any]) -> bool:
    """Whether a stored object says that it comes from Keras itself, and under its own name."""
    module, registered = config.get("module"), config.get("registered_name")
    plain_module = module is None or (
        isinstance(module, str) and (module == "keras" or module.startswith(("keras.", "tensorflow.keras.")))
    )
    return plain_module and registered in (None, config.get("class_name"))


def plain_shape(shape: object) -> tuple[int | None, ...]:
    """A stored shape, checked. Raises CheckpointError where it is not one of a reasonable array."""
    if isinstance(shape, list | tuple) and 1 <= len(shape) <= 8 and all(_is_size(size) for size in shape):
        return tuple(shape)
    raise CheckpointError(f"input shape {str(shape)[:60]!a}, which is not a list of sizes")


def make_loss(config: dict[str, Any] | None) -> keras.losses.Loss | None:
    """The loss that a stored compile configuration names, where it is a plain crossentropy; else None."""
    loss = (config or {}).get("loss")
    if isinstance(loss, list) and len(loss) == 1:
        loss = loss[0]
    settings: object = {}
    if isinstance(loss, dict):
        settings = loss.get("config")
        loss = loss.get("class_name") if loss.get("class_name") != "function" else settings
        settings = settings if isinstance(settings, dict) else {}
    losses = {
        "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
        "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    }
    losses |= {loss_class.__name__: loss_class for loss_class in losses.values()}
    if not isinstance(loss, str) or loss not in losses:
        return None
    assert isinstance(settings, dict)
    kept = {
        key: settings[key] for key in ("from_logits", "label_smoothing", "ignore_class") if key in settings
    }
    if not all(value is None or isinstance(value, bool | int | float) for value in kept.values()):
        return None
    accepted = inspect.signature(losses[loss].__init__).parameters
    return losses[loss](**{key: value for key, value in kept.items() if key in accepted})


class Settings:
    """The settings of one layer, each checked and made into the argument that Keras takes."""

    def __init__(
        self, kind: str, from_keras_2: bool, make_initializer: MakeInitializer, make_layer: MakeLayer
    ) -> None:
        self.kind = kind
        self.from_keras_2 = from_keras_2
        self.make_initializer = make_initializer
        self.make_layer = make_layer

    def setting(self, key: str, value: object) -> Any:  # whatever the layer takes
        """The argument for a stored setting. Raises CheckpointError for anything but a plain value."""
        if key == "name":
            if isinstance(value, str) and len(value) <= MAX_NAME_LENGTH:
                return value.replace("/", "_")  # Keras 3 has no slashes in names
        elif key == "dtype":
            return self._dtype(value)
        elif value is None:
            return None
        elif key == "activation":
            return self._activation(value)
        elif key.endswith("_initializer"):
            return self._initializer(key, value)
        elif key.endswith("_regularizer"):
            return self._builtin(key, value, keras.regularizers, REGULARIZERS)
        elif key.endswith("_constraint"):
            return self._builtin(key, value, keras.constraints, CONSTRAINTS)
        elif key == "seed" and isinstance(value, dict):
            return None  # a generator's state: its numbers are drawn in training alone
        elif key in WORD_SETTINGS and isinstance(value, str):
            if value in WORDS:
                return value
        elif _is_numeric(value):
            return value
        raise self._refusal(key, value)

    def _refusal(self, key: str, value: object) -> CheckpointError:
        if isinstance(value, dict) and "class_name" in value:
            value = value["class_name"]
        return CheckpointError(
            f"{key} {str(value)[:60]!a} of layer type {self.kind}, which is not a plain value"
        )

    def _dtype(self, value: object) -> str:
        policy = value
        if isinstance(policy, dict) and policy.get("class_name") in ("DTypePolicy", "Policy"):
            inner = policy.get("config")
            policy = inner.get("name") if isinstance(inner, dict) and is_plain_keras(policy) else None
        if isinstance(policy, str) and policy in DTYPES:
            return policy
        raise self._refusal("dtype", value)

    def _activation(self, value: object) -> Any:  # a name, or a layer
        name = value
        if isinstance(name, dict):
            if name.get("class_name") in ACTIVATION_LAYERS:
                return self.make_layer(name)
            is_function = name.get("class_name") == "function" and name.get("module") in (None, "builtins")
            name = name.get("config") if is_function else None
        if isinstance(name, str) and name in ACTIVATIONS:
            if name == "hard_sigmoid" and self.from_keras_2:
                raise CheckpointError(
                    "activation 'hard_sigmoid' of Keras 2, which Keras 3 computes differently"
                )
            return name
        raise self._refusal("activation", value)

    def _initializer(self, key: str, value: object) -> keras.initializers.Initializer:
        if isinstance(value, str):
            # The only strings that Keras itself takes here name its own classes.
            value = {"class_name": "".join(part.capitalize() for part in value.split("_")), "config": {}}
        return self.make_initializer(self._builtin(key, value, keras.initializers, INITIALIZERS))

    def _builtin(self, key: str, value: object, module: Any, allowed: frozenset[str]) -> Any:
        """An object of a built-in class, from ``{"class_name": ..., "config": {...}}``."""
        if not isinstance(value, dict) or not is_plain_keras(value):
            raise self._refusal(key, value)
        name, settings = value.get("class_name"), value.get("config")
        name = {"IdentityInitializer": "Identity", "OrthogonalInitializer": "Orthogonal"}.get(str(name), name)
        if name not in allowed or not isinstance(settings, dict):
            raise self._refusal(key, value)
        built_in = getattr(module, name)
        accepted = inspect.signature(built_in.__init__).parameters
        arguments = {}
        for setting, inner in settings.items():
            if setting == "seed" and isinstance(inner, dict):
                continue
            if setting not in accepted:  # such as the dtype that TensorFlow 1 wrote
                continue
            if not (_is_numeric(inner) or (isinstance(inner, str) and inner in INITIALIZER_WORDS)):
                raise self._refusal(f"{key} setting {setting!a}", inner)
            arguments[setting] = inner
        return built_in(**arguments)


def _is_numeric(value: object, depth: int = 0) -> bool:
    if value is None or isinstance(value, bool | float):
        return True
    if isinstance(value, int):
        return abs(value) <= MAX_INTEGER
    if isinstance(value, list) and depth < 3 and len(value) <= MAX_LIST_LENGTH:
        return all(_is_numeric(item, depth + 1) for item in value)
    return False


def _is_size(size: object) -> bool:
    return size is None or (type(size) is int and 0 < size <= 2**16)
