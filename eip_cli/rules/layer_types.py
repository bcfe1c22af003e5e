"""Types of layers that rules tell apart, and the layers of a network that are of some."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import LayerCall

layers = keras.layers
# Axes, sizes and paddings of a call, or the mean and deviation of colours: settings, and no weights.
MOST_SETTINGS = 16
SEPARABLE = frozenset([layers.SeparableConv1D, layers.SeparableConv2D])
DEPTHWISE = frozenset([layers.DepthwiseConv1D, layers.DepthwiseConv2D])
OTHER_CONVOLUTIONS = frozenset(
    [
        layers.Conv1D,
        layers.Conv2D,
        layers.Conv3D,
        layers.Conv1DTranspose,
        layers.Conv2DTranspose,
        layers.Conv3DTranspose,
    ]
)
DROPOUTS = frozenset(
    [
        layers.Dropout,
        layers.AlphaDropout,
        layers.GaussianDropout,
        layers.SpatialDropout1D,
        layers.SpatialDropout2D,
        layers.SpatialDropout3D,
    ]
)


def list_layers(calls: Sequence[LayerCall], kinds: Iterable[type]) -> list[str]:
    """The names of the layers of these types, each under that of its first call, however often called."""
    return [name for name, _ in layers_of(calls, lambda layer: type(layer) in kinds)]


def layers_of(
    calls: Sequence[LayerCall], belongs: Callable[[keras.Operation], bool]
) -> list[tuple[str, keras.Operation]]:
    """Each layer that ``belongs``, once, and the name of its first call."""
    found = {id(call.layer): (call.name, call.layer) for call in reversed(calls) if belongs(call.layer)}
    return list(reversed(found.values()))


# Operations that multiply tensors, as their classes are called: a convolution is a sum of such products.
PRODUCTS = frozenset(
    [
        *("Conv", "ConvTranspose", "DepthwiseConv", "SeparableConv"),
        *("Dot", "Einsum", "Inner", "Matmul", "Tensordot"),
    ]
)


def is_product(layer: keras.Operation) -> bool:
    """Whether this multiplies tensors by each other; layers that hold weights apart."""
    return type(layer).__name__ in PRODUCTS


def count_constants(calls: Sequence[LayerCall]) -> int:
    """Numbers that a network holds beside its weights: arrays in calls, and factors for each channel."""
    in_calls = sum(call.constants for call in calls if call.constants > MOST_SETTINGS)
    rescaled = [layer for _, layer in layers_of(calls, lambda layer: type(layer) is layers.Rescaling)]
    by_channel = sum(np.size(one.scale) + np.size(one.offset) for one in rescaled)
    return in_calls + (by_channel if by_channel > MOST_SETTINGS else 0)


def list_opaque(calls: Sequence[LayerCall]) -> list[str]:
    """The names of layers that may hold or replace others, which no rule can see.

    Wrappers, layers of one's own, and products of tensors.
    """

    def is_opaque(layer: keras.Operation) -> bool:
        is_own = not type(layer).__module__.startswith("keras.")
        return is_own or isinstance(layer, layers.Wrapper) or is_product(layer)

    return [name for name, _ in layers_of(calls, is_opaque)]
