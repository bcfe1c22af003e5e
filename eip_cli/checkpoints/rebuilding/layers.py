"""One layer's stored configuration, of Keras 2 or 3 -> the Keras 3 layer, where it is a known type."""

import inspect
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError
from eip_cli.networks.plain_keras import CODE_LAYER_TYPES, LAYER_TYPES

from .operations import TENSORFLOW_TYPES
from .settings import (
    MAX_NAME_LENGTH,
    MakeInitializer,
    Settings,
    is_plain_keras,
    plain_shape,
    read_function_name,
)

OLD_LAYER_NAMES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "GRUV2": "GRU",
    "GroupedQueryAttention": "GroupQueryAttention",
    "LSTMV2": "LSTM",
    "SyncBatchNormalization": "BatchNormalization",
}
for _rank in ("1D", "2D", "3D"):
    for _old, _new in (("AvgPool", "AveragePooling"), ("MaxPool", "MaxPooling")):
        OLD_LAYER_NAMES[_old + _rank] = _new + _rank
        OLD_LAYER_NAMES[f"Global{_old}{_rank}"] = f"Global{_new}{_rank}"
    for _kind in ("Convolution", "SeparableConvolution"):
        OLD_LAYER_NAMES[_kind + _rank] = _kind.replace("olution", "") + _rank
    OLD_LAYER_NAMES[f"Convolution{_rank}Transpose"] = f"Conv{_rank}Transpose"
# Keras 2's own, which Keras 3 has not: what computes the same in inference. The two augmentations pass
# images through there, and change their size in training.
KERAS_2_LAYERS = {"RandomHeight": "Identity", "RandomWidth": "Identity", "ThresholdedReLU": "ReLU"}
# Settings that Keras 2 wrote for these layers although they have no meaning there.
MEANINGLESS_IN_KERAS_2 = {
    "SeparableConv1D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "SeparableConv2D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "DepthwiseConv1D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"},
    "DepthwiseConv2D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"},
    "Conv1DTranspose": {"groups"},
    "Conv2DTranspose": {"groups"},
    "Conv3DTranspose": {"groups"},
    "BatchNormalization": {"fused", "virtual_batch_size", "adjustment"},
    "Embedding": {"input_length", "activity_regularizer"},
    "GRU": {"implementation"},
    "LSTM": {"implementation"},
    "MultiHeadAttention": {"query_shape", "key_shape", "value_shape"},
    "RandomHeight": {"factor", "interpolation", "seed"},
    "RandomWidth": {"factor", "interpolation", "seed"},
}
# Where in the writer's program something ran or lay, and how its random numbers were drawn.
MEANINGLESS = frozenset(
    {"autocast", "batch_input_shape", "force_generator", "rng_type", "sparse_inputs", "trainable"}
)
RENAMED = {
    ("LeakyReLU", "alpha"): "negative_slope",
    ("Dropout", "p"): "rate",
    ("ThresholdedReLU", "theta"): "threshold",
}
# Each of these adds variables or code that the weights in the file do not account for.
_NEVER_SET = """
    gptq_unpacked_column_size input_tensor lora_alpha lora_rank quantization_config renorm_clipping
    vocabulary weights
"""
NEVER_SET = frozenset(_NEVER_SET.split())
RECURRENT = frozenset({"ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "SimpleRNN"})
GONE_LAYERS = frozenset(
    {"LocallyConnected1D", "LocallyConnected2D", "CuDNNGRU", "CuDNNLSTM", "DenseFeatures"}
)
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def layer_type(config: dict[str, Any]) -> str:
    """The Keras 3 name of the type of a stored layer, whether it is a known one or not."""
    name = config.get("class_name")
    if not isinstance(name, str):
        raise CheckpointError("a layer without a class name")
    return OLD_LAYER_NAMES.get(name, name)


def is_known_layer(config: dict[str, Any]) -> bool:
    """Whether a stored layer is a Keras layer from the allow-list, under its own name."""
    known = layer_type(config) in LAYER_TYPES or layer_type(config) in KERAS_2_LAYERS
    return known and is_plain_keras(config) and ".ops." not in str(config.get("module"))


def make_layers(
    config: dict[str, Any], from_keras_2: bool, make_initializer: MakeInitializer
) -> list[keras.layers.Layer]:
    """The Keras layers that compute, one after another, what a stored configuration describes.

    The first has the stored layer's weights; there are others where Keras 3 has no one layer for what
    Keras 2 computed. ``make_initializer`` may replace each initialiser (the weights are read from the
    file anyway). Raises CheckpointError for anything but a known layer with plain settings.
    """
    behind: list[keras.layers.Layer] = []
    if from_keras_2:
        config, behind = _as_keras_3(config)
    return [_make_layer(config, from_keras_2, make_initializer), *behind]


def _as_keras_3(config: dict[str, Any]) -> tuple[dict[str, Any], list[keras.layers.Layer]]:
    """What Keras 3 computes alike of a stored layer of Keras 2, and the layers that do the rest."""
    kind, stored = layer_type(config), config.get("config")
    if not isinstance(stored, dict):
        return config, []
    # Names that Keras drew might be those of the file's other layers.
    name = str(stored.get("name"))[:MAX_NAME_LENGTH].replace("/", "_")
    function = stored.get("activation")
    if isinstance(function, dict):
        function = read_function_name(function)
    if function == "hard_sigmoid" and kind not in RECURRENT:
        # 0.2x + 0.5 between 0 and 1; that of Keras 3 rises by a sixth.
        steps = [
            keras.layers.Rescaling(0.2, offset=0.5, name=f"{name}.slope"),
            keras.layers.ReLU(max_value=1.0, name=f"{name}.limits"),
        ]
        return {**config, "config": {**stored, "activation": "linear"}}, steps
    if kind == "RandomCrop" and all(type(stored.get(key)) is int for key in ("height", "width")):
        # Out of training Keras 2 takes the largest window of the shape asked for, and resizes it.
        height, width = (max(1, min(stored[key], 2**12)) for key in ("height", "width"))
        return config, [
            keras.layers.Resizing(height, width, crop_to_aspect_ratio=True, name=f"{name}.window")
        ]
    return config, []


def _make_layer(
    config: dict[str, Any], from_keras_2: bool, make_initializer: MakeInitializer
) -> keras.layers.Layer:
    kind = layer_type(config)
    if not is_known_layer(config):
        raise CheckpointError(_unknown_layer(config))
    stored = config.get("config")
    if not isinstance(stored, dict):
        raise CheckpointError(f"a {kind} layer without settings")
    layer_class = getattr(keras.layers, KERAS_2_LAYERS.get(kind, kind), None)
    if layer_class is None:
        raise CheckpointError(f"layer type {kind!a}, which this Keras ({keras.__version__}) does not have")
    settings = Settings(
        kind, from_keras_2, make_initializer, lambda inner: _make_layer(inner, from_keras_2, make_initializer)
    )
    arguments = {}
    accepted = accepted_settings(layer_class)
    for stored_key, value in stored.items():
        key = RENAMED.get((kind, stored_key), stored_key)
        if key in MEANINGLESS or key in MEANINGLESS_IN_KERAS_2.get(kind, ()):
            continue
        if key in NEVER_SET or key not in accepted:
            if value is None or value is False:
                continue
            raise CheckpointError(f"setting {key!a} of layer type {kind}, which is not supported")
        arguments[key] = settings.setting(key, value)
    if kind == "BatchNormalization" and isinstance(arguments.get("axis"), list):
        arguments["axis"] = arguments["axis"][0]  # Keras 2 keeps one axis as a list
    if kind == "RandomShear":
        arguments |= {
            key: _one_factor(arguments[key]) for key in ("x_factor", "y_factor") if key in arguments
        }
    for key, default in default_initializers(layer_class).items():
        # What the file leaves out is metered like what it names.
        arguments.setdefault(key, settings.setting(key, default))
    layer = layer_class(**arguments)
    if stored.get("trainable") is False:  # not an argument of every layer
        layer.trainable = False
    return layer


def _one_factor(value: Any) -> Any:
    """Keras writes a factor of 0.1 as -0.1 to 0.1, which this layer does not take."""
    return value[1] if isinstance(value, list) and len(value) == 2 and value[0] == -value[1] else value


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
    settings = Settings("InputLayer", False, lambda initializer: initializer, make_input)
    name = stored.get("name") if layer_type(config) == "InputLayer" else None
    return keras.layers.InputLayer(
        batch_shape=(None, *plain_shape(shape)[1:]),
        dtype=settings.setting("dtype", stored.get("dtype") or "float32"),
        name=None if name is None else settings.setting("name", name),
    )


def accepted_settings(layer_class: type[keras.layers.Layer]) -> frozenset[str]:
    """The arguments that a layer's class takes by name, those that it hands to its base classes included."""
    names: set[str] = set()
    for base in layer_class.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        names |= {parameter.name for parameter in parameters if parameter.kind in _BY_NAME}
        if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
            break
    return frozenset(names - {"self"})


def default_initializers(layer_class: type[keras.layers.Layer]) -> dict[str, str]:
    """The initialisers that a layer takes where none is given, by argument."""
    parameters = inspect.signature(layer_class.__init__).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.name.endswith("_initializer") and isinstance(parameter.default, str)
    }


def _unknown_layer(config: dict[str, Any]) -> str:
    """Why a layer is refused, and the way out: ``--trust`` where that would do."""
    module, name = config.get("module"), str(config.get("class_name"))[:60]
    where = f" of module {str(module)[:60]!a}" if module not in (None, "keras.layers", "keras") else ""
    what = f"layer type {name!a}{where}"
    if is_plain_keras(config) and (name in CODE_LAYER_TYPES or _holds_code(config.get("config"))):
        return (
            f"{what}, whose code is inside the file and is never run: build the network with Keras's own "
            "layers in its place, save its weights, and name the network with --model"
        )
    if name in TENSORFLOW_TYPES or ".ops." in str(module):
        return f"{what}, which is not one of the known plain operations"
    if name in GONE_LAYERS:
        return f"{what}, which Keras 3 no longer has: only Keras 2 can run this file"
    registered = config.get("registered_name") or name
    is_here = is_plain_keras(config) and hasattr(keras.layers, name)
    if is_here or keras.saving.get_registered_object(str(registered)) is not None:
        return f"{what}, which is not a known plain layer (--trust allows other types, in files of your own)"
    return (
        f"{what}, a class whose code is not in the file: save the weights of the network, and name the "
        "function that builds it with --model file.py:function"
    )


def _holds_code(value: object) -> bool:
    """Whether a layer that wraps others wraps one with code in it."""
    if isinstance(value, list):
        return any(_holds_code(item) for item in value)
    if not isinstance(value, dict):
        return False
    return value.get("class_name") in CODE_LAYER_TYPES | {"__lambda__"} or _holds_code(list(value.values()))
