"""One layer's stored configuration, of Keras 2 or 3 -> the Keras 3 layer, where it is a known type."""

import inspect
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError
from eip_cli.networks.plain_keras import LAYER_TYPES

from .settings import MakeInitializer, Settings, is_plain_keras, plain_shape

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
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


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
    settings = Settings(
        kind, from_keras_2, make_initializer, lambda inner: make_layer(inner, from_keras_2, make_initializer)
    )
    arguments = {}
    accepted = accepted_settings(layer_class)
    for stored_key, value in stored.items():
        key = RENAMED.get((kind, stored_key), stored_key)
        if key in MEANINGLESS_IN_KERAS_2.get(kind, ()) or key in (
            "batch_input_shape",
            "autocast",
            "trainable",
        ):
            continue
        if key in NEVER_SET or key not in accepted:
            if value is None or value is False:
                continue
            raise CheckpointError(f"setting {key!a} of layer type {kind}, which is not supported")
        arguments[key] = settings.setting(key, value)
    if kind == "BatchNormalization" and isinstance(arguments.get("axis"), list):
        arguments["axis"] = arguments["axis"][0]  # Keras 2 keeps one axis as a list
    layer = layer_class(**arguments)
    if stored.get("trainable") is False:  # not an argument of every layer
        layer.trainable = False
    return layer


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


def _unknown_layer(config: dict[str, Any]) -> str:
    module = config.get("module")
    where = f" of module {str(module)[:60]!a}" if module not in (None, "keras.layers", "keras") else ""
    return (
        f"layer type {str(config.get('class_name'))[:60]!a}{where}, which is not a known plain layer"
        " (--trust allows other types, in files of your own)"
    )
