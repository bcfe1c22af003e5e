"""One layer's stored configuration, of Keras 2 or 3 -> the arguments of the Keras 3 layer.

Configurations are data of strangers. Each setting is checked for what it may be (numbers, a
few words, built-in initialisers, regularisers, constraints and activations) and the objects
are made here, by name, from the tables below: Keras's own deserialiser, which imports and
calls what a file names (CVE-2025-1550, CVE-2025-8747, CVE-2025-9905), is not involved.
"""

import inspect
from collections.abc import Callable
from typing import Any

from .backend import keras
from .errors import CheckpointError

LAYER_TYPES = frozenset(
    [
        "Activation",
        "ActivityRegularization",
        "Add",
        "AlphaDropout",
        "Average",
        "AveragePooling2D",
        "BatchNormalization",
        "CenterCrop",
        "Concatenate",
        "Conv2D",
        "Conv2DTranspose",
        "Cropping2D",
        "Dense",
        "DepthwiseConv2D",
        "Dropout",
        "ELU",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling2D",
        "GroupNormalization",
        "Identity",
        "InputLayer",
        "LayerNormalization",
        "LeakyReLU",
        "MaxPooling2D",
        "Maximum",
        "Minimum",
        "Multiply",
        "PReLU",
        "Permute",
        "RandomBrightness",
        "RandomContrast",
        "RandomCrop",
        "RandomFlip",
        "RandomRotation",
        "RandomTranslation",
        "RandomZoom",
        "ReLU",
        "Rescaling",
        "Reshape",
        "Resizing",
        "SeparableConv2D",
        "Softmax",
        "SpatialDropout2D",
        "Subtract",
        "UnitNormalization",
        "UpSampling2D",
        "ZeroPadding2D",
    ]
)
OLD_LAYER_NAMES = {
    "AvgPool2D": "AveragePooling2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "MaxPool2D": "MaxPooling2D",
    "SeparableConvolution2D": "SeparableConv2D",
}
# Written for ``x + y`` too, as operations of ``keras.ops``, which the layers of these names compute.
ARITHMETIC = frozenset({"Add", "Maximum", "Minimum", "Multiply", "Subtract"})
# Without weights of their own, so that they can stand where an activation function does.
ACTIVATION_LAYERS = frozenset({"ELU", "LeakyReLU", "ReLU", "Softmax"})
ACTIVATIONS = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softmax",
        "softplus",
        "softsign",
        "squareplus",
        "swish",
        "tanh",
        "tanh_shrink",
    ]
)
INITIALIZERS = frozenset(
    [
        "Constant",
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "Identity",
        "LecunNormal",
        "LecunUniform",
        "Ones",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "VarianceScaling",
        "Zeros",
    ]
)
REGULARIZERS = frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"})
CONSTRAINTS = frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"})
DTYPES = frozenset(
    {"bfloat16", "float16", "float32", "float64", "int32", "mixed_bfloat16", "mixed_float16", "uint8"}
)
WORDS = frozenset(
    [
        "valid",
        "same",
        "causal",
        "channels_first",
        "channels_last",
        "nearest",
        "bilinear",
        "bicubic",
        "lanczos3",
        "lanczos5",
        "area",
        "gaussian",
        "mitchellcubic",
        "constant",
        "reflect",
        "wrap",
        "horizontal",
        "vertical",
        "horizontal_and_vertical",
    ]
)
WORD_SETTINGS = frozenset({"padding", "data_format", "interpolation", "fill_mode", "mode"})
INITIALIZER_WORDS = frozenset({"fan_in", "fan_out", "fan_avg"}) | frozenset(
    {"normal", "uniform", "truncated_normal", "untruncated_normal"}
)
# Settings that Keras 2 wrote for these layers although they have no meaning there.
MEANINGLESS_IN_KERAS_2 = {
    "SeparableConv2D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "DepthwiseConv2D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"},
    "Conv2DTranspose": {"groups"},
    "BatchNormalization": {"fused", "virtual_batch_size", "adjustment"},
}
RENAMED = {("LeakyReLU", "alpha"): "negative_slope", ("Dropout", "p"): "rate"}
# Each of these adds variables or code that the weights in the file do not account for.
NEVER_SET = frozenset({"lora_rank", "lora_alpha", "quantization_config", "renorm_clipping"})
MAX_INTEGER = 2**31
MAX_LIST_LENGTH = 64
MAX_NAME_LENGTH = 256

MakeInitializer = Callable[[keras.initializers.Initializer], keras.initializers.Initializer]


def layer_type(config: dict[str, Any]) -> str:
    """The Keras 3 name of the type of a stored layer, whether it is a known one or not."""
    name = config.get("class_name")
    if not isinstance(name, str):
        raise CheckpointError("a layer without a class name")
    return OLD_LAYER_NAMES.get(name, name)


def is_known_layer(config: dict[str, Any]) -> bool:
    """Whether a stored layer is a Keras layer from the allow-list, under its own name."""
    kind = layer_type(config)
    if kind not in LAYER_TYPES or not is_plain_keras(config):
        return False
    return kind in ARITHMETIC or ".ops." not in str(config.get("module"))


def make_layer(
    config: dict[str, Any], from_keras_2: bool, make_initializer: MakeInitializer
) -> keras.layers.Layer:
    """The Keras layer that a stored configuration describes.

    ``make_initializer`` may replace each initialiser (the weights are read from the file
    anyway). Raises CheckpointError for anything but a known layer with plain settings.
    """
    kind = layer_type(config)
    if not is_known_layer(config):
        raise CheckpointError(_unknown_layer(config))
    stored = config.get("config")
    if not isinstance(stored, dict):
        raise CheckpointError(f"a {kind} layer without settings")
    layer_class = getattr(keras.layers, kind)
    context = _Context(kind, from_keras_2, make_initializer)
    arguments = {}
    accepted = {*inspect.signature(layer_class.__init__).parameters, "name", "trainable", "dtype"}
    for stored_key, value in stored.items():
        key = RENAMED.get((kind, stored_key), stored_key)
        if key in MEANINGLESS_IN_KERAS_2.get(kind, ()) or key in ("batch_input_shape", "autocast"):
            continue
        if key in NEVER_SET or key not in accepted:
            if value is None or value is False:
                continue
            raise CheckpointError(f"setting {key!a} of layer type {kind}, which is not supported")
        arguments[key] = context.setting(key, value)
    if kind == "BatchNormalization" and isinstance(arguments.get("axis"), list):
        arguments["axis"] = arguments["axis"][0]  # Keras 2 keeps one axis as a list
    return layer_class(**arguments)


def make_input(config: dict[str, Any]) -> keras.layers.InputLayer:
    """The input layer that a stored ``InputLayer``, or a first layer's ``batch_input_shape``, describes.

    A batch size is dropped: it is a matter of the evaluation, not of the network.
    """
    stored = config.get("config")
    if not isinstance(stored, dict):
        raise CheckpointError("an InputLayer without settings")
    shape = stored.get("batch_shape") or stored.get("batch_input_shape")
    if stored.get("sparse") or stored.get("ragged"):
        raise CheckpointError("an InputLayer of sparse or ragged tensors")
    context = _Context("InputLayer", False, lambda initializer: initializer)
    name = stored.get("name") if layer_type(config) == "InputLayer" else None
    return keras.layers.InputLayer(
        batch_shape=(None, *plain_shape(shape)[1:]),
        dtype=context.setting("dtype", stored.get("dtype") or "float32"),
        name=None if name is None else context.setting("name", name),
    )


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


def _is_size(size: object) -> bool:
    return size is None or (type(size) is int and 0 < size <= 2**16)


def is_plain_keras(config: dict[str, Any]) -> bool:
    """Whether a stored object says that it comes from Keras itself, and under its own name."""
    module, registered = config.get("module"), config.get("registered_name")
    plain_module = module is None or (
        isinstance(module, str) and (module == "keras" or module.startswith(("keras.", "tensorflow.keras.")))
    )
    return plain_module and registered in (None, config.get("class_name"))


def _unknown_layer(config: dict[str, Any]) -> str:
    module = config.get("module")
    where = f" of module {str(module)[:60]!a}" if module not in (None, "keras.layers", "keras") else ""
    return (
        f"layer type {str(config.get('class_name'))[:60]!a}{where}, which is not a known plain layer"
        " (--trust allows other types, in files of your own)"
    )


class _Context:
    """What the settings of one layer are checked against."""

    def __init__(self, kind: str, from_keras_2: bool, make_initializer: MakeInitializer) -> None:
        self.kind = kind
        self.from_keras_2 = from_keras_2
        self.make_initializer = make_initializer

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
                return make_layer(name, self.from_keras_2, self.make_initializer)
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
