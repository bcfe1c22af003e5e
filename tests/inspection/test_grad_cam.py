"""Grad-CAM against the paper's formula in plain TensorFlow, and where there is no softmax or no map."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from eip_cli.foundation.backend import keras
from eip_cli.inspection.grad_cam import compute_grad_cam
from eip_cli.networks.model import build_model

layers = keras.layers


def plain_grad_cam(
    features_of: Callable, scores_of: Callable, images: np.ndarray, classes: list[int]
) -> np.ndarray:
    """Selvaraju et al. 2017, equations 1 and 2, one image after another, with loops for sums."""
    maps = []
    for image, chosen in zip(images, classes, strict=True):
        with tf.GradientTape() as tape:
            features = features_of(tf.constant(image[None]))
            tape.watch(features)
            score = scores_of(features)[0, chosen]
        gradients = tape.gradient(score, features).numpy()[0]
        total = np.zeros(features.shape[1:3])
        for channel in range(features.shape[3]):
            weight = gradients[:, :, channel].sum() / (features.shape[1] * features.shape[2])
            total += weight * features.numpy()[0, :, :, channel]
        maps.append(np.where(total > 0, total, 0))
    return np.stack(maps)


def through(chain: list) -> Callable:
    """Layers one after another, in inference mode."""

    def run(tensor):
        for layer in chain:
            tensor = (
                layer(tensor, training=False)
                if "training" in layer._call_signature.parameters
                else layer(tensor)
            )
        return tensor

    return run


def separable() -> tuple[keras.Model, str, Callable, Callable]:
    """The report's network, which ends in an Activation, split behind its last map of 7 pixels a side."""
    model = build_model("separable")
    names = [layer.name for layer in model.layers]
    split = names.index("conv7_bn") + 1
    return model, "conv7_bn", through(model.layers[:split]), through(model.layers[split:-1])


def base() -> tuple[keras.Model, str, Callable, Callable]:
    """Ends in a Dense layer with the softmax inside: its sums are made of its kernel and bias here."""
    model = build_model("base")
    *rest, last = model.layers
    split = [layer.name for layer in rest].index("stage2_conv2") + 1
    before = through(rest[split:])
    return (
        model,
        "stage2_conv2",
        through(rest[:split]),
        lambda features: before(features) @ last.kernel + last.bias,
    )


def nested_and_branched() -> tuple[keras.Model, str, Callable, Callable]:
    """Two paths to a nested model with the map, and a third around it; the softmax is in another one."""
    keras.utils.set_random_seed(3)
    conv1, conv2 = layers.Conv2D(6, 3, padding="same", activation="relu"), layers.Conv2D(6, 5, padding="same")
    inner_conv = layers.Conv2D(8, 3, strides=2, padding="same", activation="tanh", name="deep")
    inner_image = keras.Input((32, 32, 6))
    inner = keras.Model(inner_image, layers.Dropout(0.5)(inner_conv(inner_image)), name="inner")
    around, dense = layers.Conv2D(4, 5, strides=4), layers.Dense(10)
    head_input = keras.Input((12,))
    head = keras.Model(head_input, layers.Softmax()(dense(head_input)), name="head")
    image = keras.Input((32, 32, 3))
    mixed = layers.Add()([conv1(image), conv2(image)])
    pooled = [layers.GlobalAveragePooling2D()(inner(mixed)), layers.GlobalMaxPooling2D()(around(mixed))]
    model = keras.Model(image, head(layers.Concatenate()(pooled)))
    seen = {}

    def features_of(images):
        seen["mixed"] = conv1(images) + conv2(images)
        return inner_conv(seen["mixed"])

    def scores_of(features):
        average = tf.reduce_mean(features, axis=[1, 2])
        return dense(tf.concat([average, tf.reduce_max(around(seen["mixed"]), axis=[1, 2])], axis=1))

    return model, "inner/deep", features_of, scores_of


def make_images(count: int = 4, shape: tuple[int, ...] = (32, 32, 3)) -> np.ndarray:
    return np.random.default_rng(1).random((count, *shape), dtype="float32")


@pytest.mark.parametrize("make", [separable, base, nested_and_branched])
@pytest.mark.parametrize("is_named", [False, True])
def test_it_agrees_with_the_papers_formula(make: Callable, is_named: bool) -> None:
    model, layer, features_of, scores_of = make()
    # Of moving averages at their start and biases of zero too little could go wrong.
    rng = np.random.default_rng(0)
    model.set_weights(
        [
            np.abs(weight + rng.normal(0, 0.05, weight.shape))
            if "variance" in variable.name
            else weight + rng.normal(0, 0.05, weight.shape)
            for weight, variable in zip(model.get_weights(), model.weights, strict=True)
        ]
    )
    images, classes = make_images(), [3, 0, 9, 5]
    found = compute_grad_cam(model, images, classes, "net", layer if is_named else None)
    expected = plain_grad_cam(features_of, scores_of, images, classes)
    assert found.layer.call.name == layer
    assert found.ending == "softmax"
    assert expected.max() > 0
    np.testing.assert_allclose(found.maps, expected, rtol=1e-5, atol=1e-5 * expected.max())
