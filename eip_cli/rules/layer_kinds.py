"""Kinds of layers as rules files name them, and which layers of a network are of one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import LayerCall

from .convolutions import find_convolutions
from .layer_types import DEPTHWISE, DROPOUTS, OTHER_CONVOLUTIONS, SEPARABLE, layers_of, list_layers
from .subject import Network

layers = keras.layers


@dataclass(frozen=True)
class FoundLayers:
    """The names of the layers of one kind, and what else is to be said of them."""

    names: tuple[str, ...]
    detail: str = ""
    idle: tuple[str, ...] = ()


def find_layers(network: Network, kind: str) -> FoundLayers:
    """The layers of ``network`` that are of ``kind``, one of layer_names.LAYER_KINDS."""
    return _FINDERS[kind](network)


def _of_types(*kinds: type) -> Callable[[Network], FoundLayers]:
    return lambda network: FoundLayers(tuple(list_layers(network.calls, kinds)))


def _of_convolutions(belongs: Callable[[Any], bool]) -> Callable[[Network], FoundLayers]:
    def find(network: Network) -> FoundLayers:
        kinds = SEPARABLE | DEPTHWISE | OTHER_CONVOLUTIONS
        found = layers_of(network.calls, lambda layer: type(layer) in kinds and belongs(layer))
        return FoundLayers(tuple(name for name, _ in found))

    return find


def _find_separable(network: Network) -> FoundLayers:
    found = find_convolutions(network.calls)
    return FoundLayers((*found.separable, *found.pairs))


def _find_dropout(network: Network) -> FoundLayers:
    found = layers_of(network.calls, lambda layer: type(layer) in DROPOUTS)
    rates = sorted({layer.rate for _, layer in found if layer.rate > 0})
    return FoundLayers(
        tuple(name for name, layer in found if layer.rate > 0),
        f", rate {', '.join(map(str, rates))}" if rates else "",
        tuple(name for name, layer in found if not layer.rate > 0),
    )


def _find_global_pooling(network: Network) -> FoundLayers:
    """GlobalAveragePooling2D, and average pooling whose window leaves one position."""
    sizes = {row.name: row.output_shape[:2] for row in network.summary.layers}

    def belongs(call: LayerCall) -> bool:
        is_global = type(call.layer) is layers.GlobalAveragePooling2D
        return is_global or (type(call.layer) is layers.AveragePooling2D and sizes.get(call.name) == (1, 1))

    return FoundLayers(tuple(dict.fromkeys(call.name for call in network.calls if belongs(call))))


def _find_skips(network: Network) -> FoundLayers:
    """Sums and concatenations of different tensors, written as layers or as ``+``."""

    def belongs(call: LayerCall) -> bool:
        return type(call.layer).__name__ in ("Add", "Concatenate") and len(set(call.sources)) > 1

    return FoundLayers(tuple(dict.fromkeys(call.name for call in network.calls if belongs(call))))


def _named(*kinds: str) -> Callable[[Network], FoundLayers]:
    """Layers, and operations called on tensors, by what their classes are called."""
    return lambda network: FoundLayers(
        tuple(name for name, _ in layers_of(network.calls, lambda layer: type(layer).__name__ in kinds))
    )


_FINDERS: dict[str, Callable[[Network], FoundLayers]] = {
    "average-pooling": _named("AveragePooling2D", "AveragePooling1D", "AveragePooling3D", "AveragePool"),
    "batch-normalization": _of_types(layers.BatchNormalization),
    "convolution": _of_convolutions(lambda layer: True),
    "dense": _named("Dense", "EinsumDense"),
    "depthwise-convolution": _of_convolutions(
        lambda layer: isinstance(layer, layers.DepthwiseConv1D | layers.DepthwiseConv2D)
    ),
    "dilated-convolution": _of_convolutions(lambda layer: max(layer.dilation_rate) > 1),
    "dropout": _find_dropout,
    "flatten": _of_types(layers.Flatten),
    "global-average-pooling": _find_global_pooling,
    "max-pooling": _named(
        *(f"{kind}MaxPooling{rank}D" for kind in ("", "Global", "Adaptive") for rank in (1, 2, 3)), "MaxPool"
    ),
    "pointwise-convolution": _of_convolutions(lambda layer: set(layer.kernel_size) == {1}),
    "separable-convolution": _find_separable,
    "skip-connection": _find_skips,
    "strided-convolution": _of_convolutions(lambda layer: max(layer.strides) > 1),
}
