"""Feature maps that see the whole image have no receptive field in pixels, and say so instead of a number.

What the gradient of such a unit shows is every pixel; of an ordinary classifier's last features, it is not.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.summary import summarize_model

layers, ops = keras.layers, keras.ops
SIZE = 12


def summarize(build: Callable[[Any], Any]) -> ModelSummary:
    return summarize_model(build_model(build), "net")


def build_model(build: Callable[[Any], Any]) -> keras.Model:
    """A network whose features ``build`` makes from those of a 3x3 convolution."""
    image = keras.Input((SIZE, SIZE, 3))
    return keras.Model(image, build(layers.Conv2D(8, 3, padding="same", name="stem")(image)))


def classify(features: Any) -> Any:
    return layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(features))


def squeeze_and_excite(x: Any) -> Any:
    gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    return layers.Multiply()([x, layers.Reshape((1, 1, 8))(gate)])


def excite_by_operations(x: Any) -> Any:
    return x * ops.sigmoid(ops.mean(x, axis=(1, 2), keepdims=True))


def excite_efficiently(x: Any) -> Any:
    """ECA: the gate is a convolution along the pooled channels."""
    pooled = layers.Reshape((8, 1))(layers.GlobalAveragePooling2D()(x))
    gate = layers.Conv1D(1, 3, padding="same", activation="sigmoid")(pooled)
    return layers.Multiply()([x, layers.Reshape((1, 1, 8))(gate)])


def attend(x: Any) -> Any:
    tokens = layers.Reshape((SIZE * SIZE, 8))(x)
    return tokens + layers.MultiHeadAttention(2, 4)(tokens, tokens)


def weigh_positions(x: Any) -> Any:
    """One feature vector, the sum over positions weighted by a softmax over them."""
    weights = layers.Softmax(axis=1)(layers.Reshape((SIZE * SIZE, 1))(layers.Conv2D(1, 1)(x)))
    return layers.Dot(axes=(1, 1))([layers.Reshape((SIZE * SIZE, 8))(x), weights])


def add_global_context(x: Any) -> Any:
    return x + layers.Reshape((1, 1, 8))(weigh_positions(x))


def mix_tokens(x: Any) -> Any:
    """MLP-Mixer's: a dense layer along all positions."""
    tokens = layers.Permute((2, 1))(layers.Reshape((SIZE * SIZE, 8))(x))
    return layers.Permute((2, 1))(layers.Dense(SIZE * SIZE)(tokens))


def decode(x: Any) -> Any:
    return layers.Reshape((SIZE, SIZE, 1))(layers.Dense(SIZE * SIZE)(layers.Flatten()(x)))


WHOLE = [
    squeeze_and_excite,
    excite_by_operations,
    excite_efficiently,
    add_global_context,
    lambda x: (
        x
        + ops.reshape(
            ops.einsum(
                "bpc,bp->bc",
                ops.reshape(x, (-1, SIZE**2, 8)),
                ops.softmax(ops.reshape(ops.mean(x, axis=-1), (-1, SIZE**2)), axis=1),
            ),
            (-1, 1, 1, 8),
        )
    ),
    attend,
    mix_tokens,
    decode,
    lambda x: layers.GroupNormalization(4)(x),
    lambda x: layers.LayerNormalization(axis=(1, 2, 3))(x),
    lambda x: layers.Softmax(axis=(1, 2))(x),
    lambda x: layers.MultiHeadAttention(2, 4)(x, x),
    lambda x: x - ops.mean(x, axis=[1, 2, 3], keepdims=True),
    lambda x: layers.Concatenate()(
        [x, layers.UpSampling2D(SIZE)(layers.GlobalAveragePooling2D(keepdims=True)(x))]
    ),
    lambda x: layers.AdaptiveAveragePooling2D(1)(x) + x,
]


@pytest.mark.parametrize("build", WHOLE)
def test_what_returns_to_a_feature_map_makes_it_see_the_whole_image(build: Callable[[Any], Any]) -> None:
    summary = summarize(build)
    assert summary.whole_image_seen
    assert (summary.receptive_field, summary.effective_stride, summary.effective_padding) == (None,) * 3
    assert summary.layers[0].receptive_field == (3, 3)  # of each layer before it, what it sees
    assert summary.layers[-1].receptive_field is None
    assert summary.receptive_field_unknown is None


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="uses GradientTape")
@pytest.mark.parametrize("build", WHOLE)
def test_the_gradient_of_one_such_unit_shows_every_pixel(build: Callable[[Any], Any]) -> None:
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = build_model(build)
    image = tf.constant(np.random.default_rng(0).random((1, SIZE, SIZE, 3), "float32"))
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = model(image)
        unit = value[0, value.shape[1] // 2]
        loss = tf.reduce_sum(tf.sin(3 * (unit if len(unit.shape) == 1 else unit[unit.shape[0] // 2])))
    seen = np.abs(tape.gradient(loss, image).numpy()[0]).sum(-1) > 0
    assert seen.sum() >= 0.98 * SIZE**2  # a gradient may happen to be 0 in float32


def test_whatever_comes_after_such_a_map_sees_the_whole_image_too() -> None:
    summary = summarize(lambda x: classify(layers.Conv2D(4, 3)(squeeze_and_excite(x))))
    assert summary.whole_image_seen
    assert {row.receptive_field for row in summary.layers[1:]} == {None}


ORDINARY = [
    classify,
    lambda x: layers.Dense(10)(layers.Flatten()(x)),
    lambda x: layers.Dense(10)(layers.Dropout(0.1)(layers.BatchNormalization()(layers.Flatten()(x)))),
    lambda x: layers.Softmax()(
        layers.Flatten()(layers.Conv2D(10, 1)(layers.GlobalMaxPooling2D(keepdims=True)(x)))
    ),
    lambda x: ops.softmax(ops.mean(x, axis=(1, 2))),
    lambda x: layers.Dense(10)(ops.max(ops.reshape(x, (-1, SIZE * SIZE, 8)), axis=1)),
    lambda x: layers.Dense(10)(layers.GlobalAveragePooling1D()(layers.Reshape((SIZE * SIZE, 8))(x))),
    lambda x: layers.Dense(10)(layers.Flatten()(weigh_positions(x))),
    # Features of two depths, pooled and joined.
    lambda x: layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]),
    # A head that is written in more than one axis.
    lambda x: layers.Softmax()(layers.Reshape((2, 5))(layers.Dense(10)(layers.Flatten()(x)))),
    lambda x: squeeze_and_excite(layers.GlobalAveragePooling2D(keepdims=True)(x)),
]


@pytest.mark.parametrize("build", ORDINARY)
def test_an_ordinary_classifier_keeps_the_number_of_its_features(build: Callable[[Any], Any]) -> None:
    summary = summarize(build)
    assert (summary.receptive_field, summary.whole_image_seen) == ((3, 3), False)
    assert summary.layers[-1].receptive_field is None


def test_stretching_the_contrast_looks_at_the_whole_image() -> None:
    contrast = keras.Sequential([keras.Input((SIZE, SIZE, 3)), layers.AutoContrast()])
    assert summarize_model(contrast, "net").whole_image_seen


def test_networks_of_the_field_that_excite_their_channels() -> None:
    kinds = keras.applications.MobileNetV3Small, keras.applications.EfficientNetB0
    for kind in kinds:
        summary = summarize_model(kind(input_shape=(32, 32, 3), weights=None, classes=10), "net")
        assert (summary.receptive_field, summary.whole_image_seen) == (None, True)
        assert summary.receptive_field_unknown is None


@pytest.mark.parametrize(
    ("kind", "size"), [(keras.applications.MobileNetV2, 491), (keras.applications.ResNet50V2, 483)]
)
def test_networks_of_the_field_that_do_not(kind: Callable[..., keras.Model], size: int) -> None:
    # 491 and 483: Araujo, Norris and Sim's table (Distill 2019) for mobilenet_v2 and resnet_v2_50.
    summary = summarize_model(kind(input_shape=(32, 32, 3), weights=None, classes=10), "net")
    assert (summary.receptive_field, summary.whole_image_seen) == ((size, size), False)
