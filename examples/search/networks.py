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
    scale: bool = True,
    zero: bool = False,
    multiplier: int = 1,
    activation: str | None = "relu",
) -> keras.KerasTensor:
    """A separable convolution and batch normalization, with ``zero`` one that begins as nothing."""
    features = layers.SeparableConv2D(
        filters, kernel, strides=stride, padding="same", use_bias=False, depth_multiplier=multiplier
    )(features)
    features = layers.BatchNormalization(
        momentum=MOMENTUM, scale=scale, gamma_initializer="zeros" if zero else "ones"
    )(features)
    return _activate(features, activation) if activation else features


def _activate(features: keras.KerasTensor, activation: str) -> keras.KerasTensor:
    return (layers.ReLU() if activation == "relu" else layers.Activation(activation))(features)


def add_pair(
    features: keras.KerasTensor,
    kernel: int = 3,
    zero: bool = False,
    scale: bool = False,
    activation: str = "relu",
) -> keras.KerasTensor:
    """Two separable convolutions beside a shortcut (He et al. 2016).

    The first one's factors may be left out (``scale``): the second one's weights can do their work.
    """
    filters = features.shape[-1]
    inner = separable(features, filters, kernel, scale=scale, activation=activation)
    inner = separable(inner, filters, kernel, activation=None, zero=zero)
    return _activate(layers.Add()([features, inner]), activation)


def add_gated(
    features: keras.KerasTensor, width: int, kernel: int = 3, zero: bool = False
) -> keras.KerasTensor:
    """The product of two branches, of which one sees further, beside a shortcut."""
    far = separable(features, width, kernel, scale=False)
    near = separable(features, width, activation=None, scale=False)
    product = layers.Multiply()([far, near])
    return layers.Add()([features, separable(product, features.shape[-1], activation=None, zero=zero)])


def finish(
    image: keras.KerasTensor, features: keras.KerasTensor, classes: int, name: str, dropout: float = 0.1
) -> keras.Model:
    """Average, drop, and classify."""
    features = layers.GlobalAveragePooling2D()(features)
    features = layers.Dropout(dropout)(features)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(features), name=name)


def residual(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Pairs at three sizes, of 40, 64 and 96 channels: 52,538 parameters."""
    return staged(input_shape, classes, "residual")


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


def add_repeated_pair(features: keras.KerasTensor, times: int) -> keras.KerasTensor:
    """A pair whose two convolutions are called ``times`` times in a row, each time with norms of its own.

    Depth without weights (Coiffier et al. 2020, ThriftyNets).
    """
    filters = features.shape[-1]
    pair = [layers.SeparableConv2D(filters, 3, padding="same", use_bias=False) for _ in range(2)]
    for _ in range(times):
        inner = layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(pair[0](features)))
        inner = layers.BatchNormalization(momentum=MOMENTUM)(pair[1](inner))
        features = layers.ReLU()(layers.Add()([features, inner]))
    return features


def repeated(
    input_shape: tuple[int, int, int],
    classes: int,
    widths: tuple[int, int, int],
    times: tuple[int, int, int],
    name: str,
) -> keras.Model:
    """``residual``'s stages without its single convolution, each pair called several times."""
    image = keras.Input(input_shape)
    features = separable(image, widths[0], multiplier=8)
    for number, (width, count) in enumerate(zip(widths, times, strict=True)):
        if number:
            features = separable(features, width, stride=2)
        features = add_repeated_pair(features, count)
    return finish(image, features, classes, name)


def repeated222(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """40, 72 and 104 channels, each pair twice."""
    return repeated(input_shape, classes, (40, 72, 104), (2, 2, 2), "repeated222")


def repeated133(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """32, 72 and 108 channels, the lower pairs three times."""
    return repeated(input_shape, classes, (32, 72, 108), (1, 3, 3), "repeated133")


def staged(
    input_shape: tuple[int, int, int],
    classes: int,
    name: str,
    widths: tuple[int, int, int] = (40, 64, 96),
    kernels: tuple[int, int, int] = (3, 3, 3),
    activation: str = "relu",
    zero: bool = False,
) -> keras.Model:
    """``residual`` with other widths, kernels or activations."""
    image = keras.Input(input_shape)
    features = separable(image, widths[0], multiplier=8, activation=activation)
    for number, (width, kernel) in enumerate(zip(widths, kernels, strict=True)):
        if number:
            features = separable(features, width, stride=2, activation=activation)
        features = add_pair(features, kernel, zero, scale=True, activation=activation)
        if number == 1:
            features = separable(features, width, kernel, activation=activation)
    return finish(image, features, classes, name)


def residual5(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Looks further at the two smaller sizes."""
    return staged(input_shape, classes, "residual5", kernels=(3, 5, 5))


def residual_silu(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """SiLU in ReLU's places."""
    return staged(input_shape, classes, "residual_silu", activation="silu")


def residual_zero(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Pairs that begin as nothing."""
    return staged(input_shape, classes, "residual_zero", zero=True)


def residual48(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """48 channels at the full size, where they cost no more than 40 do, and a wide view at half of it."""
    return staged(input_shape, classes, "residual48", widths=(48, 64, 96), kernels=(3, 5, 3))


def residual48_silu(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The same with SiLU."""
    return staged(
        input_shape, classes, "residual48_silu", widths=(48, 64, 96), kernels=(3, 5, 3), activation="silu"
    )


CANDIDATES: dict[str, Callable[..., keras.Model]] = {
    network.__name__: network
    for network in (
        residual,
        sepres13,
        sepres13_zero,
        glu3,
        glu2,
        repeated222,
        repeated133,
        residual5,
        residual_silu,
        residual_zero,
        residual48,
        residual48_silu,
    )
}
