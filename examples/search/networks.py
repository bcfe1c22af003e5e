"""Networks of depthwise separable convolutions only, within the report's 58,965 parameters.

Each is built of ``separable``: a separable convolution without bias and batch normalization. Two kinds of
blocks add to what they are given: ``add_pair`` two of them in a row, ``add_gated`` the product of two of them
side by side.
"""

from collections.abc import Callable

import keras

layers = keras.layers
MOMENTUM = 0.95  # of the moving averages: they follow an annealed training to its end


def separable(
    features: keras.KerasTensor,
    filters: int,
    kernel: int = 3,
    stride: int = 1,
    relu: bool = True,
    scale: bool = True,
    zero: bool = False,
    multiplier: int = 1,
) -> keras.KerasTensor:
    """A separable convolution and batch normalization, with ``zero`` one that begins as nothing."""
    features = layers.SeparableConv2D(
        filters, kernel, strides=stride, padding="same", use_bias=False, depth_multiplier=multiplier
    )(features)
    features = layers.BatchNormalization(
        momentum=MOMENTUM, scale=scale, gamma_initializer="zeros" if zero else "ones"
    )(features)
    return layers.ReLU()(features) if relu else features


def add_pair(
    features: keras.KerasTensor, kernel: int = 3, zero: bool = False, scale: bool = False
) -> keras.KerasTensor:
    """Two separable convolutions beside a shortcut (He et al. 2016).

    The first one's factors may be left out (``scale``): the second one's weights can do their work.
    """
    filters = features.shape[-1]
    inner = separable(features, filters, kernel, scale=scale)
    return layers.ReLU()(layers.Add()([features, separable(inner, filters, kernel, relu=False, zero=zero)]))


def add_gated(
    features: keras.KerasTensor, width: int, kernel: int = 3, zero: bool = False
) -> keras.KerasTensor:
    """The product of two branches, of which one sees further, beside a shortcut."""
    far = separable(features, width, kernel, scale=False)
    near = separable(features, width, relu=False, scale=False)
    product = layers.Multiply()([far, near])
    return layers.Add()([features, separable(product, features.shape[-1], relu=False, zero=zero)])


def finish(
    image: keras.KerasTensor, features: keras.KerasTensor, classes: int, name: str, dropout: float = 0.1
) -> keras.Model:
    """Average, drop, and classify."""
    features = layers.GlobalAveragePooling2D()(features)
    features = layers.Dropout(dropout)(features)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(features), name=name)


def residual(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Pairs at three sizes, of 40, 64 and 96 channels: 52,538 parameters."""
    image = keras.Input(input_shape)
    features = separable(image, 40, multiplier=8)
    features = add_pair(features, scale=True)
    features = add_pair(separable(features, 64, stride=2), scale=True)
    features = separable(features, 64)
    features = add_pair(separable(features, 96, stride=2), scale=True)
    return finish(image, features, classes, "residual")


def sepres13(input_shape: tuple[int, int, int], classes: int, zero: bool = False) -> keras.Model:
    """13 separable convolutions in pairs, wide ones at the middle size: 58,965 parameters."""
    image = keras.Input(input_shape)
    features = separable(image, 32, scale=False, multiplier=9)
    features = add_pair(features, zero=zero)
    features = separable(features, 56, stride=2, scale=False)
    for _ in range(3):
        features = add_pair(features, 5, zero=zero)
    features = separable(features, 88, stride=2, scale=False)
    features = add_pair(features, zero=zero)
    return finish(image, features, classes, "sepres13")


def sepres13_zero(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """``sepres13`` whose pairs begin as nothing."""
    return sepres13(input_shape, classes, zero=True)


def glu3(input_shape: tuple[int, int, int], classes: int, zero: bool = False) -> keras.Model:
    """Gated blocks at three sizes: 58,837 parameters."""
    image = keras.Input(input_shape)
    features = separable(image, 32, scale=False, multiplier=9)
    features = add_gated(features, 32, zero=zero)
    features = separable(features, 56, stride=2, scale=False)
    for _ in range(2):
        features = add_gated(features, 56, 5, zero=zero)
    features = separable(features, 88, stride=2, scale=False)
    features = add_gated(features, 64, zero=zero)
    return finish(image, features, classes, "glu3")


def glu2(input_shape: tuple[int, int, int], classes: int, zero: bool = False) -> keras.Model:
    """Gated blocks at two sizes: 58,861 parameters."""
    image = keras.Input(input_shape)
    features = separable(image, 40, scale=False, multiplier=9)
    for _ in range(2):
        features = add_gated(features, 40, zero=zero)
    features = separable(features, 56, stride=2, scale=False)
    for _ in range(3):
        features = add_gated(features, 64, 5, zero=zero)
    return finish(image, features, classes, "glu2")


CANDIDATES: dict[str, Callable[..., keras.Model]] = {
    network.__name__: network for network in (residual, sepres13, sepres13_zero, glu3, glu2)
}
