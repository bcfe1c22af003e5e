"""Which kinds of convolutions a network has."""

from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import LayerCall

from .layer_types import (
    DEPTHWISE,
    DROPOUTS,
    OTHER_CONVOLUTIONS,
    SEPARABLE,
    is_product,
    list_layers,
)
from .rule_check import count

layers = keras.layers
# What may stand between the two halves of a separable convolution: acts on each number alone.
BETWEEN_HALVES = DROPOUTS | {
    layers.BatchNormalization,
    layers.Activation,
    layers.ReLU,
    layers.LeakyReLU,
    layers.PReLU,
    layers.ELU,
    layers.Identity,
}
WEIGHTED_BUT_NO_CONVOLUTION = frozenset(
    [layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization, layers.PReLU]
)


@dataclass(frozen=True)
class Convolutions:
    """A network's convolutions by kind.

    ``separable`` are layers that are depthwise separable convolutions; ``pairs`` the depthwise halves of
    those that are written in two layers. ``pointwise``, ``depthwise`` and ``ordinary`` are calls of layers
    that are neither. ``unknown`` are calls of layers with weights of which nothing is known, and
    products of tensors, as which a convolution can be written.
    """

    separable: tuple[str, ...]
    pairs: tuple[str, ...]
    pointwise: tuple[LayerCall, ...]
    depthwise: tuple[LayerCall, ...]
    ordinary: tuple[LayerCall, ...]
    unknown: tuple[LayerCall, ...]


def find_convolutions(calls: Sequence[LayerCall]) -> Convolutions:
    """The convolutions among ``calls``, by kind.

    A SeparableConv2D is a depthwise separable one; so is a DepthwiseConv2D whose output goes, through
    nothing but normalization, activation and dropout, into a 1x1 Conv2D of one group: the same two products
    in two layers, as MobileNet writes them (Howard et al. 2017, section 3.1). Half of such a pair is not,
    nor is a Dense layer that runs over the positions of an image, which is a 1x1 convolution.
    """
    halves = {index for index, call in enumerate(calls) if type(call.layer) in DEPTHWISE}
    paired: set[int] = set()
    pointwise, ordinary, unknown = [], [], []
    for call in calls:
        if _is_pointwise(call.layer):
            sources = _behind(call, calls)
            if sources and sources <= halves:
                paired |= sources
            else:
                pointwise.append(call)
        elif type(call.layer) in OTHER_CONVOLUTIONS:
            ordinary.append(call)
        elif type(call.layer) is layers.Dense:
            if call.rank is None:
                unknown.append(call)
            elif call.rank > 2:
                pointwise.append(call)
        elif _may_convolve(call.layer) or is_product(call.layer):
            unknown.append(call)
    return Convolutions(
        separable=tuple(list_layers(calls, SEPARABLE)),
        pairs=_names([calls[index] for index in sorted(paired)]),
        pointwise=tuple(pointwise),
        depthwise=tuple(calls[index] for index in sorted(halves - paired)),
        ordinary=tuple(ordinary),
        unknown=tuple(unknown),
    )


@dataclass(frozen=True)
class FoundConvolutions:
    """Whether a network's convolutions are of the kinds allowed, in words and names; None: not known."""

    words: str
    holds: bool | None
    names: tuple[str, ...] = ()


def check_convolutions(calls: Sequence[LayerCall], allowed: Sequence[str]) -> FoundConvolutions:
    """Whether every convolution is of a kind in ``allowed``: ``separable``, or a field of Convolutions."""
    found = find_convolutions(calls)
    apart = {"pointwise": found.pointwise, "ordinary": found.ordinary, "depthwise": found.depthwise}
    separable = (*found.separable, *found.pairs)
    if separable and "separable" not in allowed:
        return FoundConvolutions(f"{count(len(separable), 'separable convolution')}:", False, separable)
    others = [call for kind, of_kind in apart.items() if kind not in allowed for call in of_kind]
    if others:
        names = _names(others)
        kinds = ", ".join(sorted({type(call.layer).__name__ for call in others}))
        return FoundConvolutions(f"{count(len(names), 'layer')} of another kind ({kinds}):", False, names)
    if found.unknown:
        return FoundConvolutions("layers that may be convolutions:", None, _names(found.unknown))
    words = _describe_separable(found)
    words += [
        f"{count(len(_names(of_kind)), f'{kind} convolution')}" for kind, of_kind in apart.items() if of_kind
    ]
    return FoundConvolutions("; ".join(words) or "no convolution at all", bool(words))


def _names(calls: Sequence[LayerCall]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call.name for call in calls))


def _describe_separable(found: Convolutions) -> list[str]:
    total = len(found.separable)
    words = [f"{total} of {total} convolutions are SeparableConv2D"] if total else []
    if found.pairs:
        pairs = count(len(found.pairs), "pair")
        words.append(f"{pairs} of DepthwiseConv2D and 1x1 Conv2D, the same in two layers")
    return words


def _is_pointwise(layer: keras.Operation) -> bool:
    return (
        type(layer) in (layers.Conv1D, layers.Conv2D) and set(layer.kernel_size) == {1} and layer.groups == 1
    )


def _behind(call: LayerCall, calls: Sequence[LayerCall]) -> set[int]:
    """The calls whose output reaches ``call`` unmixed; layers that act on each number alone are passed by."""
    found: set[int] = set()
    waiting = list(call.sources)
    while waiting:
        index = waiting.pop()
        if type(calls[index].layer) in BETWEEN_HALVES and len(calls[index].sources) == 1:
            waiting.extend(calls[index].sources)
        else:
            found.add(index)
    return found


def _may_convolve(layer: keras.Operation) -> bool:
    known = SEPARABLE | DEPTHWISE | WEIGHTED_BUT_NO_CONVOLUTION
    return isinstance(layer, keras.Layer) and type(layer) not in known and bool(layer.weights)
