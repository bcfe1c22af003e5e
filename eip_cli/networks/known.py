"""The networks that have a name; here those of the experiment's report, in standard Keras layers only.

A file saved from one of them therefore opens in plain Keras. They are the same whatever settings are in
force: they are also built beside a user's network, to find out which network a file holds.
"""

from collections.abc import Callable

from eip_cli.foundation.backend import default_settings, keras
from eip_cli.foundation.problem import CIFAR10_PROBLEM

from .input_layers import Shape, begin
from .residual import build_quick, build_residual

IMAGE_SHAPE, CLASS_COUNT = CIFAR10_PROBLEM
layers = keras.layers


@default_settings()
def build_separable(
    input_shape: Shape = IMAGE_SHAPE, classes: int = CLASS_COUNT, standardise: bool = False
) -> keras.Model:
    """The report's depthwise-separable network: 58,965 parameters for (32, 32, 3) -> 10 probabilities.

    ReLU is inside each convolution, so batch normalization comes after it; the first block has
    no dropout; the last convolution has a ReLU too, and softmax follows it. ``standardise`` puts
    ``standardised_input`` before it; the report had none.
    """
    model = keras.Sequential(begin(input_shape, standardise), name="separable")

    def add_block(
        index: int, filters: int, dropout: float = 0.25, padding: str = "same", stride: int = 1
    ) -> None:
        name = f"conv{index}"
        model.add(
            layers.SeparableConv2D(filters, 3, strides=stride, padding=padding, activation="relu", name=name)
        )
        model.add(layers.BatchNormalization(name=f"{name}_bn"))
        if dropout:
            model.add(layers.Dropout(dropout, name=f"{name}_dropout"))

    add_block(1, 64, dropout=0)
    add_block(2, 64)
    add_block(3, 64)
    model.add(layers.AveragePooling2D(2, name="pool1"))
    add_block(4, 128)
    add_block(5, 128)
    add_block(6, 128)
    add_block(7, classes, padding="valid", stride=2)
    model.add(layers.AveragePooling2D(2, name="pool2"))
    model.add(layers.SeparableConv2D(classes, 3, activation="relu", name="conv8"))
    model.add(layers.Flatten(name="flatten"))
    model.add(layers.Activation("softmax", name="softmax"))
    return model


@default_settings()
def build_base(
    input_shape: Shape = IMAGE_SHAPE, classes: int = CLASS_COUNT, standardise: bool = False
) -> keras.Model:
    """The network that 82.44% belongs to: 1,172,410 parameters for (32, 32, 3) -> 10 probabilities.

    ``standardise`` puts ``standardised_input`` before it; the report had none.
    """
    model = keras.Sequential(begin(input_shape, standardise), name="base")
    for stage, filters in enumerate((48, 96, 192), start=1):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"stage{stage}_conv1"))
        model.add(layers.Conv2D(filters, 3, activation="relu", name=f"stage{stage}_conv2"))
        model.add(layers.MaxPooling2D(2, name=f"stage{stage}_pool"))
        model.add(layers.Dropout(0.25, name=f"stage{stage}_dropout"))
    model.add(layers.Flatten(name="flatten"))
    for index, units in enumerate((512, 256), start=1):
        model.add(layers.Dense(units, activation="relu", name=f"dense{index}"))
        model.add(layers.Dropout(0.5, name=f"dense{index}_dropout"))
    model.add(layers.Dense(classes, activation="softmax", name="dense3"))
    return model


KNOWN_NETWORKS: dict[str, Callable[..., keras.Model]] = {
    "separable": build_separable,
    "base": build_base,
    "residual": build_residual,
    "quick": build_quick,
}
