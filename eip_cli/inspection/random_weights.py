"""The same network as if never trained, and how much of a heat map that leaves: a sanity check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.backend import keras

# One draw may have no gradient for a class at all, where a ReLU stands before its score.
DRAWS = 5


@dataclass(frozen=True)
class SanityCheck:
    """Rank correlation of maps with those of random weights: its mean over ``n`` images, None where n is 0.

    ``absolute`` is the mean without signs, which chance would cancel: random weights give a map or its
    negative alike. It is never zero, so ``chance`` is the same for maps of two different images; None where
    there is one image alone. ``constant`` images are left out: of these one of each two maps is the same all
    over, and has no ranks.
    """

    correlation: float | None
    absolute: float | None
    chance: float | None
    n: int
    constant: int


def draw_weights(model: keras.Model, seed: int = 0) -> list[NDArray]:
    """Weights as the layers' own initializers draw them, in the order of ``model.weights``.

    Each variable has a seed of its own, which follows from ``seed``: no other random numbers are touched.
    """
    owners = {id(variable): layer for layer in _iterate_layers(model) for variable in _own_variables(layer)}
    return [
        _draw(variable, owners.get(id(variable)), 1000 * seed + number)
        for number, variable in enumerate(model.weights)
    ]


def _iterate_layers(model: keras.Model) -> Iterator[keras.Layer]:
    # The public list of layers ends at wrappers and at layers inside a user's own.
    yield from model._flatten_layers(include_self=False)


def _own_variables(layer: keras.Layer) -> list[keras.Variable]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _draw(variable: keras.Variable, layer: keras.Layer | None, seed: int) -> NDArray:
    if "int" in str(variable.dtype):  # a counter, or the state of a random generator
        return np.asarray(keras.ops.convert_to_numpy(variable.value))
    name = variable.name
    initializer: Any = None
    for stem in (name, name.removesuffix("_kernel")):  # a depthwise_kernel's is depthwise_initializer
        initializer = initializer or getattr(layer, f"{stem}_initializer", None)
    if not hasattr(initializer, "get_config"):
        initializer = keras.initializers.GlorotUniform() if len(variable.shape) > 1 else _by_role(name)
    settings = initializer.get_config()
    if "seed" in settings:  # one without a number would draw another at each start of the program
        initializer = type(initializer).from_config({**settings, "seed": seed})
    drawn = initializer(tuple(variable.shape), dtype="float32")
    return np.asarray(keras.ops.convert_to_numpy(drawn)).astype(str(variable.dtype))


def _by_role(name: str) -> keras.initializers.Initializer:
    is_factor = any(word in name for word in ("gamma", "scale", "variance"))
    return keras.initializers.Ones() if is_factor else keras.initializers.Zeros()


def correlate_maps(trained: NDArray[np.float64], random: Sequence[NDArray[np.float64]]) -> SanityCheck:
    """Spearman's correlation of maps (n, height, width) with those of several draws of random weights.

    Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018): a map that random weights give as well
    shows the image, not what was learnt of it. An image's correlation is the mean over the draws. The maps
    are to be given with their negative parts: a random network's are often negative all over, and cut off at
    zero there would be nothing left to compare.
    """
    own = _correlate(trained, random)
    n = len(own)
    if not n:
        return SanityCheck(None, None, None, 0, len(trained))
    others = _correlate(trained, [np.roll(maps, 1, axis=0) for maps in random]) if len(trained) > 1 else []
    return SanityCheck(
        correlation=float(np.mean([np.mean(one) for one in own])),
        absolute=float(np.mean([np.mean(np.abs(one)) for one in own])),
        chance=float(np.mean([np.mean(np.abs(one)) for one in others])) if others else None,
        n=n,
        constant=len(trained) - n,
    )


def _correlate(trained: NDArray[np.float64], random: Sequence[NDArray[np.float64]]) -> list[list[float]]:
    """For each image that has any, the correlations with those draws of which both maps have ranks."""
    from scipy.stats import spearmanr

    found = [
        [
            float(spearmanr(one.ravel(), maps[number].ravel()).statistic)
            for maps in random
            if np.ptp(one) > 0 and np.ptp(maps[number]) > 0
        ]
        for number, one in enumerate(trained)
    ]
    return [correlations for correlations in found if correlations]
