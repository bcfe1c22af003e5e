"""What is random in an epoch, and follows from (seed, epoch) alone: the order of images, dropout's masks."""

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.training.images.draws import draw_permutation


def image_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order in which epoch ``epoch`` (from 0) visits ``count`` images: a permutation, int64 (count,).

    A function of its arguments alone; Keras 3's own shuffling repeats one order in every epoch.
    """
    return draw_permutation(seed, epoch, count=count)


def seed_random_layers(model: keras.Model, seed: int, epoch: int) -> None:
    """Set the random state of dropout and its like from (seed, epoch, place in the network)."""
    for index, generator in enumerate(_seed_generators(model)):
        word = np.random.SeedSequence([seed, epoch, index]).generate_state(1)[0]
        generator.state.assign(np.array([word, 0], dtype="uint32"))


def _seed_generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    layers = model._flatten_layers(include_self=False)  # nested models included; Keras has no public walk
    found = {
        id(value): value
        for layer in layers
        for value in vars(layer).values()
        if isinstance(value, keras.random.SeedGenerator)
    }
    return list(found.values())
