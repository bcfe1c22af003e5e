"""Random small networks of everything that the twin knows, and some that it does not, against Keras."""

import random
from collections.abc import Callable

import pytest

from eip_cli.foundation.backend import keras
from tests.support.twins import Block, assert_same_mathematics, fused_calls, wide_norm

if keras.backend.backend() != "tensorflow":
    pytest.skip("the fast path is TensorFlow's", allow_module_level=True)

layers = keras.layers
CHANNELS = 6  # of all tensors, so that any two of one size can be added

Step = Callable[[keras.KerasTensor], keras.KerasTensor]


def make_convolution(rng: random.Random) -> keras.layers.Layer:
    kind = rng.choice(["separable", "separable", "depthwise", "plain"])
    stride, dilation = rng.choice([(1, 1), (1, 1), (2, 1), (1, 2)])
    settings = {
        "kernel_size": (rng.choice([1, 2, 3, 5]), rng.choice([1, 3, 4, 5])),
        "padding": "same",
        "strides": stride,
        "dilation_rate": dilation,
        "use_bias": rng.random() < 0.5,
        "activation": rng.choice([None, None, "relu", "relu6", "silu", "hard_silu", "tanh"]),
    }
    if kind == "depthwise":
        return layers.DepthwiseConv2D(**settings)
    if kind == "plain":
        return layers.Conv2D(CHANNELS, **settings)
    return layers.SeparableConv2D(CHANNELS, depth_multiplier=rng.choice([1, 1, 2]), **settings)


def make_step(rng: random.Random) -> Step:
    """A layer, or a function of Keras called on a tensor."""
    draw = rng.random()
    if draw < 0.4:
        return make_convolution(rng)
    if draw < 0.7:
        return wide_norm(momentum=rng.choice([0.5, 0.9]), scale=rng.random() < 0.7, center=rng.random() < 0.7)
    return rng.choice(
        [
            layers.ReLU(),
            layers.ReLU(6),
            layers.Activation("silu"),
            layers.Activation("tanh"),
            keras.ops.hard_silu,
            keras.activations.relu,
            layers.MaxPooling2D(2, padding="same"),
            layers.AveragePooling2D(2) if rng.random() < 0.5 else layers.Activation("relu6"),
        ]
    )


def join(rng: random.Random, tensors: list[keras.KerasTensor]) -> keras.KerasTensor:
    """The last tensor with another of its size, added or multiplied, by a layer or by an operator."""
    last = tensors[-1]
    other = rng.choice([tensor for tensor in tensors if tensor.shape == last.shape])
    return rng.choice(
        [
            lambda: layers.Add()([other, last]),
            lambda: layers.Multiply()([last, layers.Activation("tanh")(other)]),
            lambda: last + other,
            lambda: last * keras.ops.sigmoid(other),
        ]
    )()


def random_block(seed: int, steps: int) -> Block:
    def call(tensor: keras.KerasTensor) -> keras.KerasTensor:
        rng = random.Random(seed)
        tensors = [tensor]
        used: list[Step] = []
        for _ in range(steps):
            if rng.random() < 0.25:
                tensors.append(join(rng, tensors))
                continue
            repeated = bool(used) and rng.random() < 0.3
            step = rng.choice(used) if repeated else make_step(rng)
            used.append(step)
            source = tensors[-1] if rng.random() < 0.8 else rng.choice(tensors)
            if min(source.shape[1:3]) >= 2:
                tensors.append(step(source))
        return wide_norm()(tensors[-1])

    return call


@pytest.mark.parametrize("seed", range(5))
def test_a_random_network_has_the_mathematics_of_keras(seed: int) -> None:
    model = assert_same_mathematics(lambda: random_block(seed, steps=9))
    assert fused_calls(model)
