"""The receptive fields of a network, those that are equal together, and how they grow with depth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.receptive_field.arithmetic import Pair

from .grouping import Block

WINDOWS = frozenset({"separable", "convolution", "depthwise", "pooling"})


@dataclass(frozen=True)
class SharedField:
    """A receptive field (height, width) in pixels, and the names of the layers that have it."""

    size: Pair
    layers: tuple[str, ...]


def list_fields(summary: ModelSummary) -> tuple[SharedField, ...]:
    """Each receptive field that layers have, the smallest by area first."""
    layers: dict[Pair, list[str]] = {}
    for row in summary.layers:
        if row.receptive_field is not None:
            layers.setdefault(row.receptive_field, []).append(row.name)
    return tuple(
        SharedField(size, tuple(dict.fromkeys(names)))
        for size, names in sorted(layers.items(), key=lambda item: math.prod(item[0]))
    )


def list_layers_of_whole_image(summary: ModelSummary) -> tuple[str, ...]:
    """The layers that have no receptive field in pixels, as they have seen the whole image."""
    if summary.receptive_field_unknown is not None:
        return ()
    return tuple(dict.fromkeys(row.name for row in summary.layers if row.receptive_field is None))


def list_growth(blocks: Sequence[Block]) -> list[tuple[int, Pair]]:
    """For each block with a receptive field, how many convolutions and poolings lead to it, and the field."""
    depths: list[int] = []
    for block in blocks:
        before = max((depths[source] for source in block.sources), default=0)
        depths.append(before + (block.kind in WINDOWS))
    return [
        (depth, block.receptive_field)
        for depth, block in zip(depths, blocks, strict=True)
        if block.receptive_field is not None
    ]
