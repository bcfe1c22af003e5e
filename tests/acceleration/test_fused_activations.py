"""Activations run inside a block, whether Keras has them as a layer, in a layer or as a function called."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from eip_cli.foundation.backend import keras
from tests.support.twins import assert_same_mathematics, chain, fused_calls, network, separable, wide_norm

if keras.backend.backend() != "tensorflow":
    pytest.skip("the fast path is TensorFlow's", allow_module_level=True)

layers = keras.layers


@pytest.mark.parametrize("name", ["relu6", "silu", "hard_silu"])
def test_a_block_has_the_mathematics_of_its_activations(name: str) -> None:
    inside = {"activation": name, "bias_initializer": keras.initializers.RandomUniform(-4, 7)}
    model = assert_same_mathematics(
        lambda: chain(
            separable(padding="same", **inside), wide_norm(), getattr(keras.ops, name), layers.Dropout(0.0)
        )
    )
    assert [len(calls) for calls in fused_calls(model)] == [3]


def test_an_activation_may_stand_before_the_norm_and_behind_it() -> None:
    model = assert_same_mathematics(
        lambda: chain(
            separable(bias_initializer="ones"),
            layers.Activation("swish"),
            wide_norm(scale=False),
            layers.ReLU(6),
            layers.AveragePooling2D(2),
        )
    )
    assert fused_calls(model) == [
        ["SeparableConv2D", "Activation", "BatchNormalization", "ReLU", "AveragePooling2D"]
    ]


@pytest.mark.parametrize(
    "call",
    [
        layers.ReLU(),
        layers.ReLU(max_value=6),
        layers.Activation("relu6"),
        layers.Activation("swish"),
        layers.Activation("hard_swish"),
        layers.Activation(keras.ops.silu),
        layers.Activation("linear"),
        keras.activations.relu,
        keras.activations.relu6,
        keras.activations.silu,
        keras.ops.hard_silu,
        lambda tensor: keras.activations.relu(tensor, max_value=6),
    ],
)
def test_an_activation_is_known_however_it_is_called(call: Callable[..., object]) -> None:
    calls = fused_calls(network(chain(separable(), layers.BatchNormalization(), call)))
    assert [len(names) for names in calls] == [3]


@pytest.mark.parametrize(
    "call",
    [
        layers.ReLU(max_value=5),
        layers.ReLU(negative_slope=0.1),
        layers.ReLU(threshold=1),
        layers.ReLU(6, dtype="float64"),
        layers.LeakyReLU(),
        layers.Activation("elu"),
        layers.Activation(lambda tensor: tensor * 2),
        layers.Activation("silu", activity_regularizer="l2"),
        lambda tensor: keras.activations.relu(tensor, negative_slope=0.5),
        keras.ops.gelu,
    ],
)
def test_other_activations_are_left_to_keras(call: Callable[..., object]) -> None:
    calls = fused_calls(network(chain(separable(), layers.BatchNormalization(), call)))
    assert calls == [["SeparableConv2D", "BatchNormalization"]]


@pytest.mark.parametrize("name", ["relu", "relu6", "silu", "hard_silu"])
def test_gradients_at_the_corners_are_those_of_keras(name: str) -> None:
    from eip_cli.acceleration.activations import ACTIVATIONS

    activation = ACTIVATIONS[name]
    argument = tf.constant([-90.0, -4, -3, -1, -0.0, 0, 1e-30, 1, 3, 5, 6, 7, 90])
    with tf.GradientTape() as tape:
        tape.watch(argument)
        value = getattr(keras.ops, name)(argument)
    np.testing.assert_allclose(activation.value(argument), value, 1e-6)
    gradient = activation.gradient(tf.ones_like(argument), argument)
    np.testing.assert_allclose(gradient, tape.gradient(value, argument), 1e-6, 1e-12)
