"""Which networks want their pixels as they are stored: those that show that they scale them themselves."""

from collections.abc import Callable

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.networks.input_scaling import find_own_scaling
from eip_cli.networks.known import KNOWN_NETWORKS, build_base, build_separable

layers = keras.layers


def network(*front: keras.Layer, dtype: str = "float32") -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((32, 32, 3), dtype=dtype),
            *front,
            layers.Conv2D(4, 3),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def of_operations(scale: Callable) -> keras.Model:
    image = keras.Input((32, 32, 3))
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(scale(image))))


def adapted(images: np.ndarray) -> keras.Layer:
    layer = layers.Normalization()
    layer.adapt(images)
    return layer


RANDOM = np.random.default_rng(0).random((8, 32, 32, 3), "float32")


def nested_front() -> keras.Model:
    front = [keras.Input((32, 32, 3)), layers.RandomFlip(), layers.Rescaling(1 / 255)]
    return network(keras.Sequential(front))


def nested_backbone() -> keras.Model:
    backbone = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3)])
    return network(layers.RandomFlip(), backbone)


@pytest.mark.parametrize(
    ("build", "shown"),
    [
        (lambda: network(layers.Rescaling(1 / 255)), "turns 0 to 255 into 0 to 1"),
        (lambda: network(layers.Rescaling(1 / 127.5, -1)), "turns 0 to 255 into -1 to 1"),
        (
            lambda: network(layers.RandomFlip(), layers.ZeroPadding2D(2), layers.Rescaling(1 / 255)),
            "'rescaling",
        ),
        (lambda: network(adapted(255 * RANDOM)), "'normalization"),
        (lambda: network(layers.Normalization(mean=125.0, variance=3969.0)), "'normalization"),
        (lambda: network(layers.Lambda(lambda tensor: tensor / 255)), "'lambda"),
        (lambda: of_operations(lambda image: image / 255), "divide"),
        (lambda: of_operations(lambda image: image / 127.5 - 1), "into -1 to 1"),
        (lambda: network(dtype="uint8"), "its input is of uint8"),
        (nested_front, "into 0 to 1"),
        (nested_backbone, "into 0 to 1"),
        (lambda: build_separable(standardise=True), "'standardised' turns 0 to 255 into -1.98 to 2.12"),
        (lambda: build_base((28, 28, 1), standardise=True), "'standardised' turns 0 to 255 into -2 to 2"),
    ],
)
def test_a_network_that_scales_its_pixels_shows_it(build: Callable[[], keras.Model], shown: str) -> None:
    assert shown in (find_own_scaling(build()) or "nothing is shown")


@pytest.mark.parametrize(
    "build",
    [
        *KNOWN_NETWORKS.values(),
        network,
        lambda: network(layers.Rescaling(2.0, -1)),
        lambda: network(adapted(RANDOM)),
        lambda: network(layers.BatchNormalization()),
        lambda: network(layers.Activation("sigmoid")),
        lambda: network(layers.RandomContrast(0.1), layers.GaussianNoise(0.1)),
        lambda: of_operations(lambda image: image * 2 - 1),
    ],
)
def test_a_network_that_does_not_shows_nothing(build: Callable[[], keras.Model]) -> None:
    assert find_own_scaling(build()) is None
