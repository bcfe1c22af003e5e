"""Networks around a block of layers, and the comparison of their faster twin with Keras."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from eip_cli.acceleration.chains import Chain, find_chains
from eip_cli.acceleration.twin import accelerate
from eip_cli.foundation.backend import keras

layers = keras.layers
Block = Callable[[keras.KerasTensor], keras.KerasTensor]

# Inference: a few roundings of 6e-8 of a value.
RELATIVE, ABSOLUTE = 1e-4, 1e-5


def network(block: Block, size: int = 8, channels: int = 6) -> keras.Model:
    """A network with ``block`` in the middle of layers that the twin leaves alone."""
    keras.utils.set_random_seed(1)
    image = keras.Input((size, size, 3))
    features = layers.Conv2D(channels, 1, activation="tanh")(image)
    pooled = layers.GlobalAveragePooling2D()(block(features))
    return keras.Model(image, layers.Dense(4, activation="softmax")(pooled))


def twin_of(model: keras.Model) -> keras.Model:
    twin = accelerate(model)
    assert twin is not None
    return twin


def chain(*parts: keras.layers.Layer) -> Block:
    def call(tensor: keras.KerasTensor) -> keras.KerasTensor:
        for part in parts:
            tensor = part(tensor)
        return tensor

    return call


def batches(
    count: int, size: int = 8, classes: int = 4, batch: int = 24
) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        (
            rng.random((batch, size, size, 3), dtype="float32"),
            np.eye(classes, dtype="float32")[rng.integers(classes, size=batch)],
        )
        for _ in range(count)
    ]


def gradients(model: keras.Model, source: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    """The output in training mode, then the gradients of a fixed function of it, inputs first."""

    @tf.function
    def compute(tensor):
        variables = [variable.value for variable in source.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            output = model(tensor, training=True)
            target = tf.reduce_sum(output * tf.constant([1.0, -2.0, 3.0, 0.5], output.dtype))
        return [output, *tape.gradient(target, [tensor, *variables])]

    return [np.asarray(value) for value in compute(tf.constant(images, source.dtype))]


def assert_same_mathematics(make_block: Callable[[], Block]) -> keras.Model:
    """Outputs, gradients, moving averages and inference of the twin are the model's, which is returned.

    The yardstick is Keras in float64: the twin must not be further from it than twice what Keras
    in float32 is, or than a few roundings.
    """
    images = batches(1)[0][0]
    plain, model = network(make_block()), network(make_block())
    keras.config.set_dtype_policy("float64")
    try:
        exact = network(make_block())
    finally:
        keras.config.set_dtype_policy("float32")
    for other in (model, exact):
        other.set_weights(plain.get_weights())
    twin = twin_of(model)
    wanted = gradients(exact, exact, images) + exact.get_weights()
    rounded = gradients(plain, plain, images) + plain.get_weights()
    found = gradients(twin, model, images) + model.get_weights()
    for reference, keras_value, value in zip(wanted, rounded, found, strict=True):
        scale = np.abs(reference).max()
        allowed = 2 * np.abs(keras_value - reference).max() + 1e-5 * scale + 1e-9
        assert np.abs(value - reference).max() <= allowed
    np.testing.assert_allclose(twin(images), plain(images), RELATIVE, ABSOLUTE)
    return model


def separable(**settings: Any) -> keras.layers.Layer:
    return layers.SeparableConv2D(settings.pop("filters", 10), settings.pop("kernel", 3), **settings)


NORM = {"momentum": 0.8, "gamma_initializer": "random_uniform", "beta_initializer": "random_uniform"}


def wide_norm(**settings: object) -> keras.layers.Layer:
    """A batch norm whose outputs reach all parts of an activation: beyond -3, 3 and 6."""
    if settings.get("scale", True):
        settings["gamma_initializer"] = keras.initializers.RandomUniform(2, 4)
    if settings.get("center", True):
        settings["beta_initializer"] = keras.initializers.RandomUniform(-2, 3)
    return layers.BatchNormalization(**{"momentum": 0.8, **settings})


def fused_calls(model: keras.Model) -> list[list[str]]:
    """The names of the layers that run as one block, for each block."""
    found = find_chains(keras.Model(model.inputs, model.outputs))
    chains = [item for item in found if isinstance(item, Chain)]
    return [[type(node.operation).__name__ for node in chain.members] for chain in chains]
