"""Which convolutions run in blocks: dilated, wide, strided and depthwise ones, none that Keras must run."""

from collections.abc import Callable

import pytest

from eip_cli.foundation.backend import keras
from tests.support.twins import (
    Block,
    assert_same_mathematics,
    chain,
    fused_calls,
    network,
    separable,
    wide_norm,
)

if keras.backend.backend() != "tensorflow":
    pytest.skip("the fast path is TensorFlow's", allow_module_level=True)

layers = keras.layers


def depthwise(kernel: object = 3, **settings: object) -> keras.layers.Layer:
    return layers.DepthwiseConv2D(kernel, **settings)


@pytest.mark.parametrize(
    "convolution",
    [
        pytest.param(lambda: separable(dilation_rate=2, padding="same", kernel=5), id="dilated, wide"),
        pytest.param(lambda: separable(dilation_rate=(2, 3), depth_multiplier=2), id="not filling phases"),
        pytest.param(lambda: layers.Conv2D(5, 3, dilation_rate=3, padding="same"), id="plain, dilated"),
        pytest.param(lambda: depthwise(2, dilation_rate=(1, 3), padding="same"), id="depthwise, dilated"),
        pytest.param(lambda: separable(kernel=5, padding="same", depth_multiplier=3), id="wide"),
        pytest.param(lambda: separable(kernel=(3, 7), padding="same", strides=3), id="wider, strided"),
        pytest.param(
            lambda: depthwise(3, padding="same", strides=2, use_bias=False), id="depthwise, strided"
        ),
        pytest.param(lambda: depthwise((4, 5), depth_multiplier=2, bias_initializer="ones"), id="depthwise"),
    ],
)
def test_a_convolution_has_the_mathematics_of_keras(convolution: Callable[[], keras.layers.Layer]) -> None:
    model = assert_same_mathematics(lambda: chain(convolution(), wide_norm(momentum=0.4), layers.ReLU(6)))
    assert [calls[1:] for calls in fused_calls(model)] == [["BatchNormalization", "ReLU"]]


def test_an_inverted_residual_of_mobilenet() -> None:
    def block(tensor: keras.KerasTensor) -> keras.KerasTensor:
        wide = chain(layers.Conv2D(18, 1, use_bias=False), wide_norm(), layers.ReLU(6))(tensor)
        filtered = chain(depthwise(padding="same"), wide_norm(), layers.ReLU(6))(wide)
        return tensor + chain(layers.Conv2D(6, 1, use_bias=False), wide_norm(scale=False))(filtered)

    model = assert_same_mathematics(lambda: block)
    assert fused_calls(model) == [
        ["Conv2D", "BatchNormalization", "ReLU"],
        ["DepthwiseConv2D", "BatchNormalization", "ReLU"],
        ["Conv2D", "BatchNormalization"],
    ]


def test_a_gated_residual_block() -> None:
    def block(tensor: keras.KerasTensor) -> keras.KerasTensor:
        opened = chain(separable(padding="same"), wide_norm(scale=False), layers.ReLU())(tensor)
        other = chain(separable(padding="same"), wide_norm(center=False))(tensor)
        product = layers.Multiply()([opened, other])
        return layers.Add()([tensor, chain(separable(filters=6, padding="same"), wide_norm())(product)])

    model = assert_same_mathematics(lambda: block)
    assert sorted(map(len, fused_calls(model))) == [2, 2, 3]


def test_a_norm_in_front_of_its_convolution() -> None:
    """As networks with pre-activation have it: a block without a convolution."""

    def block(tensor: keras.KerasTensor) -> keras.KerasTensor:
        active = chain(wide_norm(), layers.Activation("silu"))(tensor)
        return chain(wide_norm(), layers.ReLU(), layers.AveragePooling2D(2))(
            separable(filters=6, padding="same")(active) * tensor
        )

    model = assert_same_mathematics(lambda: block)
    assert fused_calls(model) == [
        ["BatchNormalization", "Activation"],
        ["SeparableConv2D"],
        ["BatchNormalization", "ReLU", "AveragePooling2D"],
    ]


class OwnConvolution(keras.layers.SeparableConv2D):
    """A user's own, which may do anything."""


class OwnNorm(keras.layers.BatchNormalization):
    """A user's own."""


@pytest.mark.parametrize(
    "layer",
    [
        layers.SeparableConv2D(4, 3, strides=(1, 2)),
        layers.SeparableConv2D(4, 3, activation="elu"),
        layers.SeparableConv2D(4, 3, activity_regularizer="l2"),
        layers.SeparableConv2D(4, 3, dtype="mixed_bfloat16"),
        layers.SeparableConv2D(4, 3, dtype="float64"),
        layers.SeparableConv2D(4, 3, strides=2, dilation_rate=2),
        OwnConvolution(4, 3),
        layers.Conv2D(4, 3),
        layers.DepthwiseConv2D(3, data_format="channels_first"),
        layers.BatchNormalization(trainable=False),
        layers.BatchNormalization(axis=1),
        layers.BatchNormalization(renorm=True),
        layers.BatchNormalization(synchronized=True),
        layers.BatchNormalization(dtype="mixed_bfloat16"),
        OwnNorm(),
        layers.LayerNormalization(),
    ],
    ids=lambda layer: layer.name,
)
def test_what_is_not_known_is_left_to_keras(layer: keras.layers.Layer) -> None:
    assert fused_calls(network(chain(layer))) == []


@pytest.mark.parametrize(
    "convolution", [layers.Conv2D(6, 3, groups=2), layers.Conv2D(6, 3, data_format="channels_first")]
)
def test_norm_behind_an_unknown_convolution_is_a_block_of_its_own(convolution: keras.layers.Layer) -> None:
    block: Block = chain(convolution, layers.BatchNormalization())
    assert fused_calls(network(block)) == [["BatchNormalization"]]


def test_images_of_open_size_are_left_to_keras() -> None:
    image = keras.Input((None, None, 3))
    assert fused_calls(keras.Model(image, layers.BatchNormalization()(separable()(image)))) == []


def test_half_precision_in_between_is_left_to_keras() -> None:
    half = layers.Conv2D(6, 1, dtype="mixed_bfloat16")
    assert fused_calls(network(chain(half, separable(dtype="float32")))) == []
