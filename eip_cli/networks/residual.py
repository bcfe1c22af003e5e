"""Networks of depthwise separable convolutions with shortcuts, within the report's 58,965 parameters.

In standard Keras layers only, and the same whatever settings are in force, as those of ``known`` are.
"""

from eip_cli.foundation.backend import default_settings, keras
from eip_cli.foundation.problem import CIFAR10_PROBLEM

from .input_layers import Shape, begin_image

IMAGE_SHAPE, CLASS_COUNT = CIFAR10_PROBLEM
layers = keras.layers


def _separable(
    features: keras.KerasTensor,
    filters: int,
    name: str,
    stride: int = 1,
    relu: bool = True,
    multiplier: int = 1,
) -> keras.KerasTensor:
    """A separable 3x3 convolution without bias, and batch normalization."""
    features = layers.SeparableConv2D(
        filters,
        3,
        strides=stride,
        padding="same",
        use_bias=False,
        depth_multiplier=multiplier,
        name=name,
    )(features)
    # Averages over fewer steps than Keras's 0.99 follow an annealed training to its end.
    features = layers.BatchNormalization(momentum=0.95, name=f"{name}_bn")(features)
    return layers.ReLU(name=f"{name}_relu")(features) if relu else features


def _add_pair(features: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Two of them beside a shortcut (He et al. 2016, figure 2)."""
    filters = features.shape[-1]
    inner = _separable(features, filters, f"{name}_conv1")
    inner = _separable(inner, filters, f"{name}_conv2", relu=False)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([features, inner]))


@default_settings()
def build_residual(
    input_shape: Shape = IMAGE_SHAPE, classes: int = CLASS_COUNT, standardise: bool = False
) -> keras.Model:
    """A plain residual network: 52,538 parameters for (32, 32, 3) -> 10 probabilities.

    40 channels at the image's size, 64 at half of it, 96 at a quarter. A depth multiplier of 8 lets the first
    convolution see colours together. ``standardise`` puts ``standardised_input`` before it.
    """
    image, features = begin_image(input_shape, standardise)
    features = _separable(features, 40, "stem", multiplier=8)
    features = _add_pair(features, "stage1")
    features = _separable(features, 64, "down2", stride=2)
    features = _add_pair(features, "stage2")
    features = _separable(features, 64, "stage2_conv3")
    features = _separable(features, 96, "down3", stride=2)
    features = _add_pair(features, "stage3")
    return _classify(image, features, classes, "residual")


@default_settings()
def build_quick(
    input_shape: Shape = IMAGE_SHAPE, classes: int = CLASS_COUNT, standardise: bool = False
) -> keras.Model:
    """A residual network for a few minutes on a processor: 50,802 parameters for (32, 32, 3) -> 10.

    Only its first, narrow convolution works at the image's size, where the time of the others goes: 7.4
    million multiply-accumulates, where ``residual`` has 11.3 and the report's network 21.1. ``standardise``
    puts ``standardised_input`` before it.
    """
    image, features = begin_image(input_shape, standardise)
    features = _separable(features, 16, "stem", multiplier=8)
    features = _separable(features, 64, "down2", stride=2)
    features = _add_pair(features, "stage2_pair1")
    features = _add_pair(features, "stage2_pair2")
    features = _separable(features, 96, "down3", stride=2)
    features = _add_pair(features, "stage3")
    return _classify(image, features, classes, "quick")


def _classify(image: keras.KerasTensor, features: keras.KerasTensor, classes: int, name: str) -> keras.Model:
    features = layers.GlobalAveragePooling2D(name="pool")(features)
    features = layers.Dropout(0.1, name="dropout")(features)
    answers = layers.Dense(classes, activation="softmax", name="dense")(features)
    return keras.Model(image, answers, name=name)
