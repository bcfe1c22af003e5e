"""Which layer's map Grad-CAM is made of: the last that is large enough, or the one that the user names."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.foundation.errors import ModelError

from .graph_walk import Call

# Of a map with fewer pixels a side nothing can be seen on the image; with so many, parts of an object.
LEAST_SIDE = 5
GOOD_SIDE = 7
# In inference mode they give on what they get: the layer before them is the one to name.
_IDLE = ("Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Identity")


@dataclass(frozen=True)
class MapLayer:
    """A call whose output is a map, and the map's size: (height, width, channels)."""

    call: Call
    height: int
    width: int
    channels: int

    @property
    def side(self) -> int:
        """Pixels of its shorter side."""
        return min(self.height, self.width)

    def __str__(self) -> str:
        return f"{self.call.name} ({self.height}x{self.width})"


def list_map_layers(outputs: Sequence[tuple[Call, tuple[int, ...]]]) -> list[MapLayer]:
    """The calls with a map as output, from the first with weights on, in the order they run.

    ``outputs``: a network's calls and the shapes of what they give, the batch's axis included.
    """
    found: list[MapLayer] = []
    have_weights_begun = False
    for call, shape in outputs:
        kind = type(call.operation).__name__
        # What only scales or shifts the pixels sees no features yet.
        has_weights = bool(getattr(call.operation, "weights", None)) and kind != "Normalization"
        have_weights_begun = have_weights_begun or has_weights
        if have_weights_begun and len(shape) == 4 and kind not in _IDLE:
            found.append(MapLayer(call, *shape[1:]))
    return found


def choose_layer(layers: list[MapLayer], name: str | None, network: str) -> MapLayer:
    """The layer called ``name``, or else the last whose map has at least 7 pixels a side, or else 5.

    Raises ModelError where there is none, or where its map has fewer than 5.
    """
    if name is not None:
        return _require_size(_find_named(layers, name, network))
    if not layers:
        raise ModelError(
            f"{network} has no convolutional map that Grad-CAM could be made of: none of its layers with "
            "weights keeps height and width"
        )
    for least in (GOOD_SIDE, LEAST_SIDE):
        large = [layer for layer in layers if layer.side >= least]
        if large:
            return large[-1]
    return _require_size(max(layers, key=lambda layer: layer.side))


def _find_named(layers: list[MapLayer], name: str, network: str) -> MapLayer:
    named = [layer for layer in layers if name in (layer.call.name, layer.call.operation.name)]
    if named:
        return named[-1]  # of a layer that is called more than once, the call nearest to the scores
    names = list(dict.fromkeys(layer.call.name for layer in layers))
    near = difflib.get_close_matches(name, names, 1, cutoff=0.5)
    meant = f"did you mean {near[0]}?" if near else f"its maps are of {', '.join(names) or 'no layer'}"
    raise ModelError(f"{network} has no layer {name!r} with a map for Grad-CAM: {meant}")


def _require_size(layer: MapLayer) -> MapLayer:
    if layer.side < LEAST_SIDE:
        raise ModelError(
            f"the map of {layer.call.name} has {layer.height}x{layer.width} pixels: enlarged to the image, "
            f"fewer than {LEAST_SIDE} a side show no place in it; Grad-CAM needs a layer nearer to the image "
            "(--layer)"
        )
    return layer
