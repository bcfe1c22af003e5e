"""Candidates for a few minutes on a processor: little is computed at the full size of the image."""

import keras
from networks import add_pair, finish, separable


def _lower(
    image: keras.KerasTensor, features: keras.KerasTensor, classes: int, name: str, activation: str = "relu"
) -> keras.Model:
    """Two pairs of 64 channels where ``features`` are, and one of 96 at half of that size."""
    for _ in range(2):
        features = add_pair(features, scale=True, activation=activation)
    features = separable(features, 96, stride=2, activation=activation)
    features = add_pair(features, scale=True, activation=activation)
    return finish(image, features, classes, name)


def _narrow(
    input_shape: tuple[int, int, int], classes: int, channels: int, name: str, activation: str = "relu"
) -> keras.Model:
    """``channels`` at the full size, of one convolution."""
    image = keras.Input(input_shape)
    features = separable(image, channels, multiplier=8, activation=activation)
    features = separable(features, 64, stride=2, activation=activation)
    return _lower(image, features, classes, name, activation)


def qa(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """32 channels at the full size: 52,418 parameters."""
    return _narrow(input_shape, classes, 32, "qa")


def qb(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """16 of them: 50,802 parameters."""
    return _narrow(input_shape, classes, 16, "qb")


def qs(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """``qb`` with SiLU."""
    return _narrow(input_shape, classes, 16, "qs", "silu")


def qc(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """None: the first convolution halves the size, with a wider kernel."""
    image = keras.Input(input_shape)
    return _lower(image, separable(image, 64, 5, stride=2, multiplier=16), classes, "qc")


def qd(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """16 channels at the full size, fewer convolutions at half of it, two pairs of 80 channels below."""
    image = keras.Input(input_shape)
    features = separable(separable(image, 16, multiplier=8), 64, stride=2)
    features = separable(add_pair(features, scale=True), 64)
    features = separable(features, 80, stride=2)
    for _ in range(2):
        features = add_pair(features, scale=True)
    return finish(image, features, classes, "qd")
