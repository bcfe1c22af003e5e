"""Types of layers that rules tell apart, and the layers of a network that are of some."""

from collections.abc import Callable, Iterable, Sequence

from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import LayerCall

layers = keras.layers
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


def list_opaque(calls: Sequence[LayerCall]) -> list[str]:
    """The names of layers that may hold others, which no rule can see: wrappers, and layers of one's own."""

    def is_opaque(layer: keras.Operation) -> bool:
        return isinstance(layer, layers.Wrapper) or not type(layer).__module__.startswith("keras.")

    return [name for name, _ in layers_of(calls, is_opaque)]
