"""Grad-CAM against the paper's formula in plain TensorFlow, and where there is no softmax or no map."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.inspection.grad_cam import compute_grad_cam
from eip_cli.networks.model import build_model
from tests.support import networks

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


def ending_in(*last: Callable, units: int = 10) -> keras.Model:
    """One convolution and two dense layers, then what ends the network; weights depend on nothing else."""
    image = keras.Input((16, 16, 3))
    features = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    tensor = layers.Dense(units, name="sums")(layers.Flatten()(layers.MaxPooling2D(2)(features)))
    for part in last:
        tensor = part(tensor)
    model = keras.Model(image, tensor)
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
    return model


def dense_ending_in(activation: object) -> keras.Model:
    model = ending_in()
    sums = model.get_layer("sums")
    last = layers.Dense(10, activation=activation, name="last")
    joined = keras.Model(model.input, last(sums.input))
    joined.set_weights(model.get_weights())
    return joined


def in_a_model_of_its_own() -> keras.Model:
    scores = keras.Input((10,))
    return ending_in(keras.Model(scores, layers.Dropout(0.5)(layers.Softmax()(scores))))


SMALL = make_images(3, (16, 16, 3))


@pytest.mark.parametrize(
    ("make", "ending"),
    [
        (lambda: ending_in(), "linear"),
        (lambda: ending_in(layers.Activation("softmax")), "softmax"),
        (lambda: ending_in(layers.Softmax()), "softmax"),
        (lambda: ending_in(keras.ops.softmax), "softmax"),
        (lambda: ending_in(layers.Softmax(), layers.Reshape((10,)), layers.Identity()), "softmax"),
        (lambda: ending_in(layers.Activation("log_softmax")), "softmax"),
        (lambda: ending_in(layers.Activation("sigmoid")), "sigmoid"),
        (lambda: ending_in(keras.ops.sigmoid), "sigmoid"),
        (lambda: dense_ending_in("softmax"), "softmax"),
        (lambda: dense_ending_in(tf.nn.softmax), "softmax"),
        (lambda: dense_ending_in(layers.Softmax()), "softmax"),
        (lambda: dense_ending_in("sigmoid"), "sigmoid"),
        (in_a_model_of_its_own, "softmax"),
        (lambda: keras.Sequential([keras.Input((16, 16, 3)), in_a_model_of_its_own()]), "softmax"),
    ],
)
def test_the_score_is_the_one_before_whatever_ends_the_network(make: Callable, ending: str) -> None:
    expected = compute_grad_cam(ending_in(), SMALL, [1, 2, 3], "net")
    model = make()
    before = np.asarray(model(SMALL))
    found = compute_grad_cam(model, SMALL, [1, 2, 3], "net")
    assert found.ending == ending
    np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(np.asarray(model(SMALL)), before)  # the network is as it was


def test_a_layer_that_also_stands_elsewhere_is_left_out_at_the_end_alone() -> None:
    def build(is_split: bool) -> keras.Model:
        inside, last = layers.Activation("sigmoid"), layers.Activation("linear")
        image = keras.Input((16, 16, 3))
        features = inside(layers.Conv2D(4, 3)(image))
        scores = layers.Dense(10)(layers.Flatten()(features))
        model = keras.Model(image, (last if is_split else inside)(scores))
        rng = np.random.default_rng(5)
        model.set_weights([rng.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
        return model

    found, expected = (
        compute_grad_cam(build(is_split), SMALL, [1, 2, 3], "net") for is_split in (False, True)
    )
    assert (found.ending, expected.ending) == ("sigmoid", "linear")
    np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-6)


def test_a_softmax_over_a_map_is_left_out_too() -> None:
    def build(activation: str | None) -> keras.Model:
        image = keras.Input((16, 16, 3))
        features = layers.Conv2D(4, 3, strides=2, activation="relu")(image)
        scores = layers.Conv2D(10, 7, activation=activation)(features)
        model = keras.Model(image, layers.Flatten()(scores))
        rng = np.random.default_rng(5)
        model.set_weights([rng.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
        return model

    found, expected = (compute_grad_cam(build(one), SMALL, [1, 2, 3], "net") for one in ("softmax", None))
    assert (found.ending, expected.ending) == ("softmax", "linear")
    np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-6)


def test_a_network_that_is_sure_has_a_map_all_the_same() -> None:
    model = dense_ending_in("softmax")
    model.set_weights([30 * weight for weight in model.get_weights()])
    classes = np.asarray(model(SMALL)).argmax(axis=1)
    assert np.asarray(model(SMALL)).max(axis=1).min() == 1.0  # the softmax's own gradient is zero there
    assert not compute_grad_cam(model, SMALL, classes, "net").is_zero.any()


def test_the_layer_is_found_and_what_does_nothing_is_passed_over() -> None:
    images = make_images(1)
    assert compute_grad_cam(networks.tiny(), images, [0], "tiny").layer.call.name.startswith("batch_norm")
    assert str(compute_grad_cam(networks.open_size(), images, [0], "net").layer) == "conv (30x30)"
    named = compute_grad_cam(build_model("separable"), images, [0], "separable", "conv3")
    assert (named.layer.height, named.layer.width, named.layer.channels) == (32, 32, 64)


def test_frozen_mixed_and_shared_layers_have_maps() -> None:
    images = make_images(2)
    plain = networks.tiny()
    for make in (networks.frozen, networks.mixed):
        model = make()
        model.set_weights(plain.get_weights())
        found, expected = (compute_grad_cam(one, images, [1, 2], "net") for one in (model, plain))
        np.testing.assert_allclose(found.maps, expected.maps, rtol=0.02, atol=0.02 * expected.maps.max())
    image = keras.Input((32, 32, 3))
    twice = layers.Conv2D(3, 3, padding="same", activation="relu", name="twice")
    model = keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(twice(twice(image)))))
    second = compute_grad_cam(model, images, [1, 2], "net", "twice")
    gradient = np.asarray(model.layers[-1].kernel)[:, [1, 2]].T / 32**2  # of the second call's maps
    expected = np.maximum(np.einsum("nhwc,nc->nhw", np.asarray(twice(twice(images))), gradient), 0)
    np.testing.assert_allclose(second.maps, expected / 1, rtol=1e-4, atol=1e-6)


def test_too_small_a_map_is_refused_with_the_reason() -> None:
    images = make_images(1)
    with pytest.raises(ModelError, match=r"pool2 has 3x3 pixels: .* fewer than 5 a side show no place"):
        compute_grad_cam(build_model("separable"), images, [0], "separable", "pool2")
    with pytest.raises(ModelError, match="has 2x2 pixels"):
        coarse = [
            keras.Input((32, 32, 3)),
            layers.Conv2D(4, 16, strides=16),
            layers.Flatten(),
            layers.Dense(10),
        ]
        compute_grad_cam(keras.Sequential(coarse), images, [0], "coarse")
    with pytest.raises(ModelError, match="has no convolutional map"):
        compute_grad_cam(networks.dead(), images, [0], "dead")
    with pytest.raises(ModelError, match="no layer 'conv_7' with a map for Grad-CAM: did you mean conv7"):
        compute_grad_cam(build_model("separable"), images, [0], "separable", "conv_7")


def test_a_map_of_five_pixels_is_taken_where_there_is_no_larger_one() -> None:
    parts = [
        keras.Input((32, 32, 3)),
        layers.Conv2D(4, 8, strides=5, name="five"),
        layers.Flatten(),
        layers.Dense(10),
    ]
    assert str(compute_grad_cam(keras.Sequential(parts), make_images(1), [0], "net").layer) == "five (5x5)"


def test_a_map_that_is_zero_is_known_to_be() -> None:
    model = ending_in()
    weights = model.get_weights()
    weights[2][:, 4] = -np.abs(weights[2][:, 4])  # nothing speaks for class 4
    weights[2][:, 5] = np.abs(weights[2][:, 5])
    model.set_weights(weights)
    found = compute_grad_cam(model, SMALL, [4, 5, 4], "net")
    assert found.is_zero.tolist() == [True, False, True]
    heat = found.enlarge(16, 16)
    assert heat.shape == (3, 16, 16)
    assert heat.max(axis=(1, 2)).tolist() == [0, 1, 0]
    assert heat.min() >= 0


def test_images_beyond_one_batch_are_in_their_order() -> None:
    images = make_images(55, (16, 16, 3))
    classes = np.arange(55) % 10
    found = compute_grad_cam(ending_in(), images, classes, "net").maps
    np.testing.assert_allclose(
        found[52:54], compute_grad_cam(ending_in(), images[52:54], classes[52:54], "net").maps
    )
