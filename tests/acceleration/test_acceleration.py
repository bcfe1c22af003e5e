"""The faster twin of a network: Keras's mathematics, Keras's variables, and nothing where it does not fit."""

from collections.abc import Callable

import numpy as np
import pytest

from eip_cli.acceleration.twin import accelerate
from eip_cli.foundation.backend import keras
from eip_cli.networks.known import build_base, build_separable
from tests.support.twins import (
    ABSOLUTE,
    NORM,
    RELATIVE,
    assert_same_mathematics,
    batches,
    chain,
    gradients,
    network,
    separable,
    twin_of,
)

if keras.backend.backend() != "tensorflow":
    pytest.skip("the fast path is TensorFlow's", allow_module_level=True)

import tensorflow as tf

layers = keras.layers

FUSED_BLOCKS = {
    "convolution alone": lambda: chain(separable()),
    "relu inside, then norm": lambda: chain(separable(activation="relu"), layers.BatchNormalization(**NORM)),
    "norm, then relu": lambda: chain(
        separable(padding="same", use_bias=False), layers.BatchNormalization(**NORM), layers.ReLU()
    ),
    "relu twice": lambda: chain(
        separable(activation="relu"), layers.BatchNormalization(**NORM), layers.Activation("relu")
    ),
    "relu as a layer, no norm": lambda: chain(separable(), layers.Activation("relu")),
    "norm without scale or centre": lambda: chain(
        separable(activation="relu"), layers.BatchNormalization(scale=False, center=False)
    ),
    "stride and even kernel": lambda: chain(
        separable(strides=2, padding="same", kernel=4), layers.BatchNormalization(**NORM)
    ),
    "asymmetric kernel, two filters a channel": lambda: chain(
        separable(kernel=(1, 3), depth_multiplier=2, padding="same", activation="relu"),
        layers.BatchNormalization(**NORM),
    ),
    "two blocks and both poolings": lambda: chain(
        separable(padding="same", activation="relu"),
        layers.BatchNormalization(**NORM),
        layers.MaxPooling2D((2, 1)),
        separable(filters=7, padding="same", activation="relu"),
        layers.BatchNormalization(**NORM),
        layers.AveragePooling2D(3),
    ),
    "norm, average pooling that fills the image": lambda: chain(
        separable(padding="same", activation="relu"),
        layers.BatchNormalization(**NORM),
        layers.AveragePooling2D((2, 4)),
    ),
    "plain convolution, norm, relu, average pooling": lambda: chain(
        layers.Conv2D(5, 3), layers.BatchNormalization(**NORM), layers.ReLU(), layers.AveragePooling2D(3)
    ),
    "few channels": lambda: chain(
        layers.Conv2D(3, 1, activation="tanh"),
        separable(activation="relu", strides=2),
    ),
    "few channels, two filters a channel": lambda: chain(
        layers.Conv2D(2, 1, activation="tanh"), separable(depth_multiplier=2, padding="same")
    ),
    "a frozen norm": lambda: chain(
        separable(activation="relu"),
        layers.BatchNormalization(trainable=False, moving_mean_initializer="ones"),
    ),
    "an activation that it does not know": lambda: chain(
        separable(activation="elu"), layers.BatchNormalization(), layers.MaxPooling2D(2)
    ),
    "dilation": lambda: chain(separable(dilation_rate=2), layers.MaxPooling2D(2)),
    "plain convolution with relu": lambda: chain(
        layers.Conv2D(9, 3, activation="relu"), layers.MaxPooling2D(2)
    ),
    "plain convolution, norm, relu": lambda: chain(
        layers.Conv2D(9, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(**NORM),
        layers.ReLU(),
    ),
    "plain convolution, relu as a layer, pooling": lambda: chain(
        layers.Conv2D(9, 3, use_bias=False), layers.ReLU(), layers.AveragePooling2D((2, 3))
    ),
    "plain convolution and pooling, strides": lambda: chain(
        layers.Conv2D(5, 3, strides=2, padding="same", bias_initializer="random_uniform"),
        layers.MaxPooling2D(3),
    ),
    "plain convolution of one pixel": lambda: chain(
        layers.Conv2D(5, 1, activation="relu"), layers.MaxPooling2D(2), layers.BatchNormalization(**NORM)
    ),
    "plain convolution with groups": lambda: chain(
        layers.Conv2D(6, 3, groups=3, activation="relu"), layers.MaxPooling2D(2)
    ),
    "overlapping and padded pooling": lambda: chain(
        separable(), layers.MaxPooling2D(3, strides=1), layers.AveragePooling2D(2, padding="same")
    ),
}


@pytest.mark.parametrize("name", FUSED_BLOCKS)
def test_twin_has_the_mathematics_of_keras(name: str) -> None:
    assert_same_mathematics(FUSED_BLOCKS[name])


def test_values_that_others_use_too_stay_visible() -> None:
    def branch(tensor: keras.KerasTensor) -> keras.KerasTensor:
        convolved = separable(filters=6, padding="same", activation="relu")(tensor)
        normalized = layers.BatchNormalization(**NORM)(convolved)
        return layers.Add()([layers.ReLU()(normalized), convolved, normalized, tensor]) * 2.0

    assert_same_mathematics(lambda: branch)


def test_shared_layers_run_as_often_as_they_are_called() -> None:
    def twice(tensor: keras.KerasTensor) -> keras.KerasTensor:
        shared, norm = (
            separable(filters=6, padding="same", activation="relu"),
            layers.BatchNormalization(**NORM),
        )
        return layers.MaxPooling2D(2)(norm(shared(norm(shared(tensor)))))

    assert_same_mathematics(lambda: twice)


def test_model_overrules_the_training_argument_of_a_call_as_keras_does() -> None:
    def block(tensor: keras.KerasTensor) -> keras.KerasTensor:
        norm = layers.BatchNormalization(moving_mean_initializer="ones")
        return norm(separable(activation="relu")(tensor), training=False)

    assert_same_mathematics(lambda: block)


def test_gradient_of_max_pooling_goes_to_the_first_of_equals() -> None:
    def block(tensor: keras.KerasTensor) -> keras.KerasTensor:
        return layers.MaxPooling2D(2)(layers.ReLU()(tensor - 0.5)) + 0.0

    assert_same_mathematics(lambda: block)


def test_variance_keeps_its_digits_far_from_zero() -> None:
    def block(tensor: keras.KerasTensor) -> keras.KerasTensor:
        far = separable(bias_initializer=keras.initializers.Constant(100.0))
        return layers.BatchNormalization()(far(tensor))

    images = batches(1)[0][0]
    plain = network(block)
    twin = twin_of(plain)
    before = plain.get_weights()
    expected = np.asarray(plain(images, training=True))
    plain.set_weights(before)
    # The convolution's own rounding at 100 is 4e-6 of values that differ by a tenth.
    np.testing.assert_allclose(twin(images, training=True), expected, atol=1e-3)


def small_separable() -> keras.Model:
    """The report's network in small, without dropout."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((12, 12, 3))])
    for filters, pool in ((8, False), (8, True), (16, False)):
        model.add(layers.SeparableConv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.BatchNormalization())
        if pool:
            model.add(layers.AveragePooling2D(2))
    model.add(layers.SeparableConv2D(4, 6, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Activation("softmax"))
    return model


def trained(model: keras.Model, stepper: keras.Model, steps: int) -> tuple[np.ndarray, list[np.ndarray]]:
    stepper.compile(keras.optimizers.Adam(0.002), loss="categorical_crossentropy")
    data = batches(8, size=12, batch=32)
    losses = [float(stepper.train_on_batch(*data[step % len(data)])) for step in range(steps)]
    return np.array(losses), model.get_weights()


def distance(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


def test_a_hundred_steps_follow_plain_keras() -> None:
    """Within what rounding alone does to plain Keras.

    Training amplifies rounding (Adam divides small gradients by their own size), so the yardstick
    is plain Keras from weights that differ in their last bits: relatively by 1e-6.
    """
    plain = small_separable()
    losses, weights = trained(plain, plain, 100)
    nudged = small_separable()
    nudged.set_weights([weight * np.float32(1 + 1e-6) for weight in nudged.get_weights()])
    nudged_losses, nudged_weights = trained(nudged, nudged, 100)
    model = small_separable()
    twin = twin_of(model)
    twin_losses, twin_weights = trained(model, twin, 100)
    assert losses[-1] < 0.9 * losses[0]
    assert np.abs(twin_losses - losses).max() <= 4 * np.abs(nudged_losses - losses).max() + 1e-6
    assert distance(twin_weights, weights) <= 4 * distance(nudged_weights, weights) + 1e-6


def dropout_masks(rate: float, count: int, shape: tuple[int, ...] = (16, 8, 8, 12)) -> np.ndarray:
    """(count, *shape) of 0 and 1: what a Dropout layer keeps in successive calls of its twin."""
    image = keras.Input(shape[1:])
    model = keras.Model(image, layers.Dropout(rate, seed=5)(image))
    twin = twin_of(model)
    outputs = np.stack([np.asarray(twin(np.ones(shape, "float32"), training=True)) for _ in range(count)])
    kept = outputs > 0
    np.testing.assert_allclose(outputs[kept], 1 / (1 - rate), rtol=1e-6)
    return kept.astype("float32")


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.1])
def test_dropout_drops_at_its_rate(rate: float) -> None:
    masks = dropout_masks(rate, 30)
    sigma = np.sqrt(rate * (1 - rate) / masks.size)
    assert abs((1 - masks.mean()) - rate) < 4 * sigma
    # Each place and channel by itself, too: a chi-square over 12,288 of them, 5 sigma wide.
    squares = np.square((1 - masks).mean(0) - rate) / (rate * (1 - rate) / len(masks))
    assert abs(squares.mean() - 1) < 5 * np.sqrt(2 / squares.size)


def test_dropout_is_independent_between_neighbours_channels_images_and_calls() -> None:
    deviations = dropout_masks(0.25, 30) - 0.75
    for axis in range(deviations.ndim):
        for lag in (1, 2, 4):
            ahead = np.take(deviations, range(lag, deviations.shape[axis]), axis)
            behind = np.take(deviations, range(deviations.shape[axis] - lag), axis)
            correlation = (ahead * behind).mean() / (0.25 * 0.75)
            assert abs(correlation) < 5 / np.sqrt(ahead.size)


def test_dropout_of_two_layers_is_independent() -> None:
    first = dropout_masks(0.25, 10) - 0.75
    image = keras.Input((8, 8, 12))
    other = twin_of(keras.Model(image, layers.Dropout(0.25, seed=6)(image)))
    second = np.stack(
        [np.asarray(other(np.ones((16, 8, 8, 12), "float32"), training=True)) > 0 for _ in range(10)]
    )
    correlation = (first * (second - 0.75)).mean() / (0.25 * 0.75)
    assert abs(correlation) < 5 / np.sqrt(first.size)


def test_dropout_follows_the_layers_seed_generator() -> None:
    block = chain(separable(activation="relu"), layers.BatchNormalization(), layers.Dropout(0.25, seed=9))
    model = network(block)
    generator = model.layers[-3].seed_generator
    twin = twin_of(model)
    images = batches(1)[0][0]
    start, weights = np.asarray(generator.state), model.get_weights()
    outputs = []
    for _ in range(2):
        generator.state.assign(start)
        outputs.append([np.asarray(twin(images, training=True)) for _ in range(2)])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.array_equal(outputs[0][0], outputs[0][1])
    assert np.asarray(generator.state).tolist() == [start[0], start[1] + 2]
    assert len(weights) == len(model.get_weights())


@pytest.mark.parametrize(
    "make_parts",
    [
        lambda: [separable(activation="relu"), layers.BatchNormalization(**NORM)],
        lambda: [layers.Conv2D(9, 3, activation="relu"), layers.MaxPooling2D(2)],
        lambda: [separable(padding="same"), layers.BatchNormalization(**NORM), layers.ReLU()],
        lambda: [layers.Conv2D(9, 3, activation="softplus"), layers.AveragePooling2D(2)],
        lambda: [layers.DepthwiseConv2D(3), layers.BatchNormalization(**NORM), layers.Activation("silu")],
    ],
    ids=[
        "separable, norm",
        "plain, max pooling",
        "separable, norm, relu",
        "average pooling",
        "depthwise, silu",
    ],
)
def test_dropout_in_a_block_has_the_gradient_of_what_it_kept(
    make_parts: Callable[[], list[keras.layers.Layer]],
) -> None:
    """Compared by finite differences along one direction, the mask held fixed by the seed's state."""
    model = network(chain(*make_parts(), layers.Dropout(0.25), layers.AveragePooling2D(2)))
    generator = next(layer for layer in model.layers if isinstance(layer, layers.Dropout)).seed_generator
    twin = twin_of(model)
    images = batches(1)[0][0]
    state = np.asarray(generator.state)
    direction = np.random.default_rng(1).standard_normal(images.shape).astype("float32")

    def target(step: float) -> float:
        generator.state.assign(state)
        output = np.asarray(twin(images + np.float32(step) * direction, training=True), dtype="float64")
        return float((output * [1.0, -2.0, 3.0, 0.5]).sum())

    generator.state.assign(state)
    gradient = gradients(twin, model, images)[1]
    measured = (target(1e-2) - target(-1e-2)) / 2e-2
    assert np.sum(gradient * direction, dtype="float64") == pytest.approx(measured, rel=0.02, abs=1e-3)


def test_twin_lists_the_models_variables_in_their_order() -> None:
    model = build_separable()
    twin = twin_of(model)
    assert [id(v) for v in twin.trainable_variables] == [id(v) for v in model.trainable_variables]
    assert [id(v) for v in twin.variables] == [id(v) for v in model.variables]


def test_training_the_twin_trains_the_model_and_its_file_is_plain_keras(tmp_path) -> None:  # type: ignore[no-untyped-def]
    model = small_separable()
    before = model.get_weights()
    twin = twin_of(model)
    trained(model, twin, 3)
    assert distance(before, model.get_weights()) > 0
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    images = batches(1, size=12)[0][0]
    np.testing.assert_array_equal(reloaded(images), model(images))
    np.testing.assert_allclose(twin.predict_on_batch(images), reloaded(images), RELATIVE, ABSOLUTE)


def test_a_smaller_last_batch_trains_too() -> None:
    model = small_separable()
    twin = twin_of(model)
    twin.compile("sgd", loss="categorical_crossentropy")
    for batch in (32, 7, 1, 32):
        images, targets = batches(1, size=12, batch=batch)[0]
        assert np.isfinite(twin.train_on_batch(images, targets))


def test_base_network_has_a_twin() -> None:
    model = build_base()
    twin = twin_of(model)
    images = np.random.default_rng(0).random((4, 32, 32, 3), dtype="float32")
    np.testing.assert_allclose(twin(images), model(images), RELATIVE, ABSOLUTE)
    assert np.asarray(twin(images, training=True)).shape == (4, 10)


@pytest.mark.parametrize("settings", [{"dilation_rate": 2}, {"activation": "relu"}])
def test_nothing_to_accelerate_gives_none(settings: dict[str, object]) -> None:
    assert accelerate(network(chain(layers.Conv2D(4, 3, **settings)))) is None


def test_several_inputs_give_none() -> None:
    one, two = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    assert accelerate(keras.Model([one, two], layers.Dropout(0.5)(layers.Add()([one, two])))) is None


def test_subclassed_models_give_none() -> None:
    class Doubling(keras.Model):
        def call(self, inputs, training=False):
            return super().call(inputs, training=training) * 2

    image = keras.Input((8, 8, 3))
    assert accelerate(Doubling(image, layers.Dropout(0.5)(image))) is None


def test_other_precisions_give_none() -> None:
    image = keras.Input((8, 8, 3))
    half = layers.SeparableConv2D(4, 3, dtype="mixed_bfloat16")(image)
    assert accelerate(keras.Model(image, half)) is None


def test_other_backends_give_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert accelerate(small_separable()) is None


def test_a_gpu_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["a GPU"])
    assert accelerate(small_separable()) is None
