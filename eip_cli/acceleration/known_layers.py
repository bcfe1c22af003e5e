"""Which calls of layers the twin has an equivalent for: everything else is left to Keras.

A call, a node of Keras's graph, is known by its layer's settings, by how it is called and by the
tensor it takes.
"""

from collections.abc import Callable
from typing import Any

from eip_cli.foundation.backend import keras

layers = keras.layers
Node = Any  # of Keras's graph, whose class is private

_NAMES = ("linear", "relu", "relu6", "silu", "hard_silu")
_FUNCTIONS = [(getattr(keras.activations, name), name) for name in _NAMES]
_FUNCTIONS += [(getattr(keras.ops, name), name) for name in _NAMES[1:]]
# What a function of Keras leaves in a graph where it is called on a tensor. Its class is private: it is known
# by its place, since calling the function here would use up names of the user's layers.
_OPERATIONS = {
    "keras.src.activations.activations.ReLU": "relu",
    "keras.src.ops.nn.Relu": "relu",
    "keras.src.ops.nn.Relu6": "relu6",
    "keras.src.ops.nn.Silu": "silu",
    "keras.src.ops.nn.HardSilu": "hard_silu",
}


def is_convolution(node: Node) -> bool:
    """Whether this is a convolution with square strides, or dilated, and a known activation inside."""
    layer = node.operation
    if type(layer) not in (layers.SeparableConv2D, layers.Conv2D, layers.DepthwiseConv2D):
        return False
    return (
        _takes_an_image(node)
        and _is_float32(layer)
        and layer.data_format == "channels_last"
        and layer.strides[0] == layer.strides[1]
        and 1 in (layer.strides[0], max(layer.dilation_rate))
        and getattr(layer, "groups", 1) == 1
        and not getattr(layer, "lora_enabled", False)
        and name_function(layer.activation) is not None
    )


def is_batch_norm(node: Node) -> bool:
    """Whether this is batch normalization of an image's channels that is not frozen."""
    layer = node.operation
    return (
        type(layer) is layers.BatchNormalization
        and _takes_an_image(node)
        and _is_float32(layer)
        and layer.axis in (-1, 3)
        and layer.trainable
        and not layer.renorm
        and not layer.synchronized
    )


def name_activation(node: Node) -> str | None:
    """The name of a call that is an activation and nothing else; None for any other call."""
    operation = node.operation
    if not _is_plain_call(node):
        return None
    if type(operation) is layers.Activation and _is_float32(operation):
        return name_function(operation.activation)
    if type(operation) is layers.ReLU and _is_float32(operation):
        return _name_relu(operation)
    name = _OPERATIONS.get(f"{type(operation).__module__}.{type(operation).__qualname__}")
    return _name_relu(operation) if name == "relu" and hasattr(operation, "max_value") else name


def name_function(function: Callable[..., Any]) -> str | None:
    """The name of an activation function of Keras that is known here, "linear" among them; else None."""
    return next((name for known, name in _FUNCTIONS if known is function), None)


def _name_relu(operation: Any) -> str | None:
    if operation.negative_slope or operation.threshold:
        return None
    return {None: "relu", 6: "relu6"}.get(operation.max_value)


def is_dropout(node: Node) -> bool:
    """Whether this drops single elements."""
    layer = node.operation
    return (
        type(layer) is layers.Dropout
        and _is_plain_call(node)
        and _is_float32(layer)
        and layer.noise_shape is None
        and 0 < layer.rate < 1
    )


def is_pooling(node: Node) -> bool:
    """Whether this is average or max pooling in windows that do not overlap."""
    layer = node.operation
    if type(layer) not in (layers.AveragePooling2D, layers.MaxPooling2D):
        return False
    return (
        _takes_an_image(node)
        and _is_float32(layer)
        and layer.data_format == "channels_last"
        and layer.padding == "valid"
        and tuple(layer.strides) == tuple(layer.pool_size)
    )


def is_filling_average(node: Node) -> bool:
    """Whether this is average pooling whose windows leave nothing out."""
    layer = node.operation
    if type(layer) is not layers.AveragePooling2D or not is_pooling(node):
        return False
    sizes = zip(node.input_tensors[0].shape[1:3], layer.pool_size, strict=True)
    return all(size % window == 0 for size, window in sizes)


def _is_plain_call(node: Node) -> bool:
    """Called with one float32 tensor and nothing else; Keras overrules ``training`` by the model's own."""
    settings = {name: value for name, value in node.arguments.kwargs.items() if value is not None}
    return (
        len(node.arguments.args) == len(node.input_tensors) == 1
        and not settings.keys() - {"training"}
        and node.input_tensors[0].dtype == "float32"
    )


def _takes_an_image(node: Node) -> bool:
    """Called plainly with (batch, height, width, channels), all but the batch known."""
    if not _is_plain_call(node):
        return False
    shape = node.input_tensors[0].shape
    return len(shape) == 4 and None not in shape[1:]


def _is_float32(layer: keras.layers.Layer) -> bool:
    return layer.dtype_policy.name == "float32" and getattr(layer, "activity_regularizer", None) is None
