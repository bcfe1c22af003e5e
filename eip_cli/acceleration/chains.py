"""Which layers of a graph a faster equivalent knows, and which of them belong together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import iterate_nodes

layers = keras.layers


@dataclass(frozen=True)
class Chain:
    """A convolution and what follows it with nobody else looking at what is between."""

    convolution: keras.layers.Layer
    norm: keras.layers.Layer | None
    relu: keras.layers.Layer | None
    dropout: keras.layers.Layer | None
    pool: keras.layers.Layer | None

    @property
    def members(self) -> list[keras.layers.Layer]:
        """The layers, the convolution first."""
        layers = (self.convolution, self.norm, self.relu, self.dropout, self.pool)
        return [layer for layer in layers if layer is not None]

    @property
    def has_relu(self) -> bool:
        """Whether a ReLU follows the convolution directly, inside it or behind."""
        inside = self.convolution.activation is keras.activations.relu
        return inside or (self.norm is None and self.relu is not None)


def find_chains(graph: keras.Model) -> list[Chain | keras.layers.Layer]:
    """The chains of ``graph``, and the dropout and pooling layers outside them, in the order they run."""
    found: list[Chain | keras.layers.Layer] = []
    taken: set[int] = set()
    followers = _sole_followers(graph)
    for node in iterate_nodes(graph):
        layer = node.operation
        if id(layer) in taken:
            continue
        members = [layer]
        chain = _chain_from(node, graph, followers)
        if chain is not None:
            found.append(chain)
            members = chain.members
        elif _is_pooling(layer) or (_is_dropout(layer) and all(map(_is_plain_call, _calls(layer, graph)))):
            found.append(layer)
        taken |= set(map(id, members))
    return found


def _calls(layer: keras.layers.Layer, graph: keras.Model) -> list[Any]:
    return [node for node in iterate_nodes(graph) if node.operation is layer]


def _is_plain_call(node: Any) -> bool:
    """Called with one tensor and nothing else; Keras overrules ``training`` by the model's own."""
    settings = {name: value for name, value in node.arguments.kwargs.items() if value is not None}
    return len(node.arguments.args) == 1 and not settings.keys() - {"training"}


def _calls_once_plainly(layer: keras.layers.Layer, graph: keras.Model) -> bool:
    nodes = _calls(layer, graph)
    return len(nodes) == 1 and _is_plain_call(nodes[0])


def _sole_followers(graph: keras.Model) -> dict[int, keras.layers.Layer]:
    """By a layer's id(), the layer that alone takes its output, where both are called once and plainly."""
    consumers: dict[int, list[Any]] = {}
    for node in iterate_nodes(graph):
        for tensor in node.input_tensors:
            consumers.setdefault(id(tensor), []).append(node.operation)
    shown = {id(tensor) for tensor in graph.outputs}
    followers = {}
    for node in iterate_nodes(graph):
        tensor = node.outputs[0]
        found = consumers.get(id(tensor), [])
        if len(found) == 1 and id(tensor) not in shown and _calls_once_plainly(found[0], graph):
            followers[id(node.operation)] = found[0]
    return followers


def _chain_from(node: Any, graph: keras.Model, followers: dict[int, keras.layers.Layer]) -> Chain | None:
    convolution = node.operation
    if not (
        _is_convolution(convolution) and _calls_once_plainly(convolution, graph) and _has_known_size(node)
    ):
        return None
    last = convolution

    def take(suits: Callable[[Any], bool]) -> keras.layers.Layer | None:
        nonlocal last
        following = followers.get(id(last))
        if following is None or not suits(following):
            return None
        last = following
        return following

    norm = take(_is_batch_norm)
    if type(convolution) is layers.Conv2D and norm is None:
        return None  # nothing to save: TensorFlow's own plain convolution and ReLU are as fast
    return Chain(convolution, norm, take(_is_relu), take(_is_dropout), take(_is_filling_average))


def _has_known_size(node: Any) -> bool:
    return None not in node.outputs[0].shape[1:]


def _is_float32(layer: keras.layers.Layer) -> bool:
    return layer.dtype_policy.name == "float32" and getattr(layer, "activity_regularizer", None) is None


def _is_convolution(layer: Any) -> bool:
    if type(layer) not in (layers.SeparableConv2D, layers.Conv2D):
        return False
    return (
        _is_float32(layer)
        and layer.data_format == "channels_last"
        and tuple(layer.dilation_rate) == (1, 1)
        and layer.strides[0] == layer.strides[1]
        and getattr(layer, "groups", 1) == 1
        and not getattr(layer, "lora_enabled", False)
        and layer.activation in (keras.activations.relu, keras.activations.linear)
    )


def _is_batch_norm(layer: Any) -> bool:
    return (
        type(layer) is layers.BatchNormalization
        and _is_float32(layer)
        and layer.axis in (-1, 3)
        and layer.trainable
        and not layer.renorm
        and not layer.synchronized
    )


def _is_relu(layer: Any) -> bool:
    if type(layer) is layers.ReLU:
        return (
            _is_float32(layer)
            and layer.max_value is None
            and not layer.negative_slope
            and not layer.threshold
        )
    return (
        type(layer) is layers.Activation and _is_float32(layer) and layer.activation is keras.activations.relu
    )


def _is_dropout(layer: Any) -> bool:
    return (
        type(layer) is layers.Dropout
        and _is_float32(layer)
        and layer.noise_shape is None
        and 0 < layer.rate < 1
    )


def _is_pooling(layer: Any) -> bool:
    if type(layer) not in (layers.AveragePooling2D, layers.MaxPooling2D):
        return False
    return (
        _is_float32(layer)
        and layer.data_format == "channels_last"
        and layer.padding == "valid"
        and tuple(layer.strides) == tuple(layer.pool_size)
        and None not in layer.input.shape[1:]
    )


def _is_filling_average(layer: Any) -> bool:
    """Whether this is average pooling whose windows leave nothing out."""
    if type(layer) is not layers.AveragePooling2D or not _is_pooling(layer):
        return False
    sizes = zip(layer.input.shape[1:3], layer.pool_size, strict=True)
    return all(size % window == 0 for size, window in sizes)
