"""How the known networks begin: with the image as it is given, or with its pixels standardised inside."""

from eip_cli.foundation.backend import keras

layers = keras.layers
Shape = tuple[int, int, int]
# By channel, in units of 255: those of CIFAR-10's training images, rounded; for other images, round numbers.
COLOUR_STATISTICS = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
OTHER_STATISTICS = ((0.5,), (0.25,))


def standardised_input(input_shape: Shape) -> list[keras.layers.Layer]:
    """The first layers of a network that takes pixels as they are stored, 0 to 255, and standardises them.

    A file of the network holds the numbers, so that nobody needs to be told them (see input_scaling).
    """
    mean, deviation = COLOUR_STATISTICS if input_shape[2] == 3 else OTHER_STATISTICS
    scale = [1 / (255 * value) for value in deviation]
    offset = [-middle / spread for middle, spread in zip(mean, deviation, strict=True)]
    return [keras.Input(input_shape), layers.Rescaling(scale, offset, name="standardised")]


def begin(input_shape: Shape, standardise: bool) -> list[keras.layers.Layer]:
    """The first layers of a chain: the image's, and with ``standardise`` the one that scales it."""
    return standardised_input(input_shape) if standardise else [keras.Input(input_shape)]


def begin_image(input_shape: Shape, standardise: bool) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The same for a graph: the image, and what the first convolution is given."""
    image, *scaling = begin(input_shape, standardise)
    features = image
    for layer in scaling:
        features = layer(features)
    return image, features
