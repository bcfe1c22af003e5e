"""Networks with branches: residual, gated, dense, and as deep as asked for. No data needed."""

from collections.abc import Callable

import keras
from keras import layers

from eip_cli.networks.blocks.grouping import Block, list_blocks
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.summary import summarize_model


def separable(x, channels, kernel=3, stride=1, activation=True, scale=True, multiplier=1):
    x = layers.SeparableConv2D(
        channels, kernel, strides=stride, padding="same", use_bias=False, depth_multiplier=multiplier
    )(x)
    x = layers.BatchNormalization(scale=scale)(x)
    return layers.ReLU()(x) if activation else x


def residual_pair(x, channels, kernel=3):
    y = separable(x, channels, kernel, scale=False)
    y = separable(y, channels, kernel, activation=False)
    return layers.ReLU()(layers.Add()([x, y]))


def gated(x, channels, inner, kernel):
    a = separable(x, inner, kernel, scale=False)
    b = separable(x, inner, 3, scale=False, activation=False)
    return layers.Add()([x, separable(layers.Multiply()([a, b]), channels, 3, activation=False)])


def classified(image, x):
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(10, "softmax")(x))


def residual() -> keras.Model:
    """A: pairs of separable convolutions, added to what they began with."""
    image = keras.Input((32, 32, 3))
    x = residual_pair(separable(image, 32, multiplier=9, scale=False), 32)
    x = separable(x, 56, stride=2, scale=False)
    for _ in range(3):
        x = residual_pair(x, 56, 5)
    return classified(image, residual_pair(separable(x, 88, stride=2, scale=False), 88))


def gated_in_three_sizes() -> keras.Model:
    """B: two branches multiplied, added to what they began with."""
    image = keras.Input((32, 32, 3))
    x = gated(separable(image, 32, multiplier=9, scale=False), 32, 32, 3)
    x = separable(x, 56, stride=2, scale=False)
    x = gated(gated(x, 56, 56, 5), 56, 56, 5)
    return classified(image, gated(separable(x, 88, stride=2, scale=False), 88, 64, 3))


def gated_in_two_sizes() -> keras.Model:
    """C."""
    image = keras.Input((32, 32, 3))
    x = separable(image, 40, multiplier=9, scale=False)
    x = separable(gated(gated(x, 40, 40, 3), 40, 40, 3), 56, stride=2, scale=False)
    for _ in range(3):
        x = gated(x, 56, 64, 5)
    return classified(image, x)


def linear_of(depth: int) -> keras.Model:
    """A chain of convolutions."""
    image = x = keras.Input((28, 28, 1))
    for index in range(depth):
        x = layers.Conv2D(8 * (1 + index % 4), 3, strides=1 + (index == depth // 2), padding="same")(x)
    return keras.Model(image, x)


def residual_of(depth: int) -> keras.Model:
    """Pairs of convolutions with shortcuts, one of them a convolution itself."""
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, padding="same", name="a_stem_with_a_name_that_is_far_too_long_for_its_box")(image)
    for index in range(depth // 2):
        stride = 1 + (index == depth // 4)
        y = layers.Conv2D(8, 3, padding="same", strides=stride, activation="relu")(x)
        y = layers.Conv2D(8, 3, padding="same")(y)
        x = layers.Conv2D(8, 1, strides=2)(x) if stride == 2 else x
        x = layers.ReLU()(layers.Add()([y, x]))
    return keras.Model(image, x)


def branched_of(depth: int) -> keras.Model:
    """Branches of unequal length, joined; a long way around all of them; and a gate of the whole image."""
    image = x = keras.Input((32, 32, 3))
    first = x = layers.Conv2D(8, 3, padding="same")(x)
    for index in range(max(1, depth // 6)):
        a = layers.Conv2D(4, 1)(x)
        b = layers.Conv2D(4, 3, padding="same")(layers.Conv2D(4, 1)(x))
        c = layers.BatchNormalization()(x)
        for _ in range(3):
            c = layers.Conv2D(4, 3, padding="same")(c)
        x = layers.Concatenate()([a, b, c, x] if index % 2 else [a, b, c])
        x = layers.Dropout(0.125)(x)
    x = layers.Add()([layers.Conv2D(8, 1)(x), first])
    gate = layers.Reshape((1, 1, 8))(layers.Dense(8, "sigmoid")(layers.GlobalAveragePooling2D()(x)))
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(layers.Multiply()([x, gate]))))


SHAPES: dict[str, Callable[[int], keras.Model]] = {
    "linear": linear_of,
    "residual": residual_of,
    "branched": branched_of,
}


def described(model: keras.Model, name: str = "network") -> tuple[ModelSummary, tuple[Block, ...]]:
    """The summary and the blocks of a network."""
    summary = summarize_model(model, name)
    return summary, list_blocks(model, summary)
