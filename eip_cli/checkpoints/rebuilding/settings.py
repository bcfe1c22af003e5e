"""Settings inside a stored configuration: numbers, a few words, and built-in objects by name.

Everything else is refused. The objects are made here from the tables below: Keras's own
deserialiser, which imports and calls what a file names (CVE-2025-1550, CVE-2025-8747,
CVE-2025-9905), is not involved.
"""

import inspect
import re
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
    {
        "bfloat16",
        "float16",
        "float32",
        "float64",
        "int32",
        "int64",
        "mixed_bfloat16",
        "mixed_float16",
        "uint8",
    }
)
_WORDS = """
    valid same causal channels_first channels_last nearest bilinear bicubic lanczos3 lanczos5 area
    gaussian mitchellcubic constant reflect wrap horizontal vertical horizontal_and_vertical
    dot concat scaled_dot int one_hot multi_hot count hann hamming density spectrum
    log magnitude psd real imag angle stft
"""
WORDS = frozenset(_WORDS.split())
_WORD_SETTINGS = """
    padding data_format interpolation fill_mode mode score_mode output_mode window scaling
"""
WORD_SETTINGS = frozenset(_WORD_SETTINGS.split())
# Einstein's notation: letters for axes, which name no object and no file.
AXES_SETTINGS = frozenset({"equation", "bias_axes"})
AXES = re.compile(r"[A-Za-z,.>-]{1,64}")
INITIALIZER_WORDS = frozenset({"fan_in", "fan_out", "fan_avg"}) | frozenset(
    {"normal", "uniform", "truncated_normal", "untruncated_normal"}
)
MAX_INTEGER = 2**31
MAX_LIST_LENGTH = 64
# A mean image of 32x32x3 and then some, for the settings that hold arrays.
MAX_ARRAY_SIZE = 2**16
MAX_ARRAY_RANK = 6
MAX_FLOAT = 3.4e38  # float32's
ARRAY_SETTINGS = frozenset({"mean", "variance", "bin_boundaries"})
# Rescaling's, which may be a number for each channel.
CHANNEL_SETTINGS = frozenset({"scale", "offset"})
# As TensorFlow named some of its functions, which Keras 2 then wrote.
OLD_ACTIVATION_NAMES = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax", "identity": "linear"}
MAX_NAME_LENGTH = 256
OWN_CODE = " (no code of a file is run"
# tf_keras is Keras 2 under the name that it has had since Keras 3.
KERAS_MODULES = ("keras.", "tensorflow.keras.", "tensorflow.python.keras.", "tf_keras.")
MakeInitializer = Callable[[keras.initializers.Initializer], keras.initializers.Initializer]
MakeLayer = Callable[[dict[str, Any]], keras.layers.Layer]


def is_plain_keras(config: dict[str, Any]) -> bool:
    """Whether a stored object says that it comes from Keras itself, and under its own name."""
    module, registered = config.get("module"), config.get("registered_name")
    plain_module = module is None or (
        isinstance(module, str) and (module == "keras" or module.startswith(KERAS_MODULES))
    )
    return plain_module and registered in (None, config.get("class_name"))


def plain_shape(shape: object) -> tuple[int | None, ...]:
    """A stored shape, checked. Raises CheckpointError where it is not one of a reasonable array."""
    if isinstance(shape, list | tuple) and 1 <= len(shape) <= 8 and all(_is_size(size) for size in shape):
        return tuple(shape)
    raise CheckpointError(f"input shape {str(shape)[:60]!a}, which is not a list of sizes")


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
        elif key in ("activation", "recurrent_activation"):
            return self._activation(key, value)
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
        elif key in AXES_SETTINGS and isinstance(value, str):
            if AXES.fullmatch(value):
                return value
        elif _is_array_setting(key, value):
            return self._array(key, value)
        elif _is_numeric(value):
            return value
        raise self._refusal(key, value)

    def _array(self, key: str, value: object) -> Any:  # a number, or nested lists of them
        try:
            return read_array_setting(value)
        except CheckpointError as error:
            raise CheckpointError(f"{key} of layer type {self.kind}: {error}") from error

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

    def _activation(self, key: str, value: object) -> Any:  # a name, or a layer
        name = value
        if isinstance(name, dict):
            if name.get("class_name") in ACTIVATION_LAYERS:
                return self.make_layer(name)
            name = read_function_name(name)
        name = OLD_ACTIVATION_NAMES.get(name, name) if isinstance(name, str) else name
        if isinstance(name, str) and name in ACTIVATIONS:
            if name == "hard_sigmoid" and self.from_keras_2:
                raise CheckpointError(
                    f"{key} 'hard_sigmoid' of Keras 2 in layer type {self.kind}: Keras 3 has another"
                )
            return name
        if isinstance(value, dict) and "class_name" not in value:
            value = "lambda"  # Keras writes its compiled code in place of a name
        named = value.get("config") if isinstance(value, dict) else None
        such_as = f", such as that of {named[:60]!a}" if isinstance(named, str) else ""
        raise CheckpointError(
            f"{self._refusal(key, value)}{OWN_CODE}{such_as}: name the function that builds the network with "
            "--model)"
        )

    def _initializer(self, key: str, value: object) -> keras.initializers.Initializer:
        if isinstance(value, str):
            # The only strings that Keras itself takes here name its own classes.
            name = "".join(part.capitalize() for part in value.split("_"))
            value = {"class_name": f"Random{name}" if name in ("Normal", "Uniform") else name, "config": {}}
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


def read_function_name(value: dict[str, Any]) -> object:
    """The name of the function that a stored object stands for; None where it is no plain one."""
    plain = value.get("class_name") == "function" and value.get("module") in (None, "builtins")
    return value.get("config") if plain else None


def is_array(value: object) -> bool:
    """Whether this is an array or a tensor as Keras 2 or 3 writes one into a configuration."""
    return isinstance(value, dict) and (
        value.get("type") == "ndarray" or value.get("class_name") in ("__numpy__", "__tensor__", "__tuple__")
    )


def _is_array_setting(key: str, value: object) -> bool:
    is_by_channel = key in CHANNEL_SETTINGS and isinstance(value, list)
    return key in ARRAY_SETTINGS or is_by_channel or is_array(value)


def read_array_setting(value: object) -> Any:  # a number, or nested lists of them
    """The finite numbers of a stored array, tuple or nested lists. Raises CheckpointError for others."""
    if isinstance(value, dict) and is_array(value):
        inner = value.get("config")
        value = inner.get("value") if isinstance(inner, dict) else value.get("value", value.get("items"))
    if _count_numbers(value, 0) > MAX_ARRAY_SIZE:
        raise CheckpointError(f"an array of more than {MAX_ARRAY_SIZE:,} numbers")
    return value


def _count_numbers(value: object, depth: int) -> int:
    if isinstance(value, list) and depth < MAX_ARRAY_RANK and len(value) <= MAX_ARRAY_SIZE:
        return sum(_count_numbers(item, depth + 1) for item in value)
    if isinstance(value, bool | float) and abs(value) <= MAX_FLOAT:  # not so where it is no number
        return 1
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return 1
    raise CheckpointError(f"{str(value)[:60]!a}, which is no plain array of numbers")


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
