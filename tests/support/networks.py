"""Networks of a user's own, small enough to train in a test."""

import os

import keras
from keras import layers


def tiny() -> keras.Model:
    """Two convolutions with everything that training must treat with care: normalization and dropout."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.SeparableConv2D(8, 3, strides=4, activation="relu"),
            layers.BatchNormalization(momentum=0.8),
            layers.Dropout(0.25),
            layers.Conv2D(10, 3, strides=2),
            layers.GlobalAveragePooling2D(),
            layers.Softmax(),
        ]
    )


def compiled() -> keras.Model:
    """The same with an optimizer and a loss of its own."""
    model = tiny()
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="sparse_categorical_crossentropy")
    return model


def averaged_by_its_optimizer() -> keras.Model:
    """The same with an optimizer that keeps an average of the weights."""
    model = tiny()
    optimizer = keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer=optimizer, loss="categorical_crossentropy")
    return model


def scheduled() -> keras.Model:
    """The same with an optimizer that follows a schedule of its own."""
    model = tiny()
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="categorical_crossentropy")
    return model


def not_finite() -> keras.Model:
    """Gives no number, ever."""
    image = keras.Input((32, 32, 3))
    features = layers.Dense(10, bias_initializer=keras.initializers.Constant(float("nan")))(
        layers.Flatten()(image)
    )
    return keras.Model(image, layers.Softmax()(features))


def punished() -> keras.Model:
    """Pays for its weights and its outputs, in a layer and in one inside another."""
    inner = keras.Sequential([keras.Input((7, 7, 4)), layers.Conv2D(4, 3, kernel_regularizer="l2")])
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(4, 5, strides=4, activation="relu", activity_regularizer="l1"),
            inner,
            layers.Flatten(),
            layers.Dense(10, "softmax", kernel_regularizer=keras.regularizers.L2(10.0)),
        ]
    )


def unpunished() -> keras.Model:
    """The same network, without."""
    model = punished()
    free = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(4, 5, strides=4, activation="relu"),
            layers.Conv2D(4, 3),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )
    free.set_weights(model.get_weights())
    return free


def dead() -> keras.Model:
    """Gives every image the same answer: its only ReLUs are never positive, so nothing before them learns."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Flatten(),
            layers.Dense(4, "relu", bias_initializer=keras.initializers.Constant(-1000)),
            layers.Dense(10, "softmax"),
        ]
    )


def logits() -> keras.Model:
    """Ends without a softmax."""
    image = keras.Input((32, 32, 3))
    features = layers.Conv2D(4, 3, strides=8)(image)
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(features)))


def compiled_logits() -> keras.Model:
    """Ends without a softmax, and its loss knows."""
    model = logits()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def grey() -> keras.Model:
    """Takes images of one channel."""
    return keras.Sequential([keras.Input((32, 32, 1)), layers.Flatten(), layers.Dense(10, "softmax")])


def twelve_classes() -> keras.Model:
    """Knows twelve classes."""
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(12, "softmax")])


def subclassed() -> keras.Model:
    """A model whose graph Keras cannot see."""

    class Subclassed(keras.Model):
        def call(self, inputs):
            return inputs

    model = Subclassed()
    model.build((None, 32, 32, 3))
    return model


def exploding() -> keras.Model:
    """Overflows in a few steps at the learning rate of its optimizer."""
    model = tiny()
    model.compile(optimizer=keras.optimizers.SGD(1e30), loss="categorical_crossentropy")
    return model


def broken() -> keras.Model:
    """Fails to build."""
    raise RuntimeError("the kernel is larger\nthan the image")


def no_model() -> str:
    """Returns something else."""
    return "a model"


def not_built() -> keras.Model:
    """Has no input shape."""
    return keras.Sequential([layers.Flatten(), layers.Dense(10, "softmax")])


class Mystery(layers.Layer):
    """A layer of one's own, whose receptive field nobody can know."""

    def call(self, inputs):
        return inputs


def unknown_layer() -> keras.Model:
    """Holds a layer that no table lists."""
    return keras.Sequential(
        [keras.Input((32, 32, 3)), Mystery(), layers.Flatten(), layers.Dense(10, "softmax")]
    )


def excited() -> keras.Model:
    """Weighs its channels by what the whole image holds (squeeze and excitation)."""
    image = keras.Input((32, 32, 3))
    features = layers.Conv2D(4, 3, strides=4, activation="relu")(image)
    gate = layers.Dense(4, "sigmoid")(layers.GlobalAveragePooling2D()(features))
    features = layers.Multiply()([features, layers.Reshape((1, 1, 4))(gate)])
    return keras.Model(image, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(features)))


def open_size() -> keras.Model:
    """Takes images of any size, and scales them in code of its own."""
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Lambda(lambda images: images * 2 - 1, name="scale"),
            layers.Conv2D(4, 3, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, "softmax"),
        ]
    )


def mixed() -> keras.Model:
    """Computes in half precision, so that its loss is scaled."""
    model = keras.models.clone_model(tiny())
    for layer in model.layers:
        layer.dtype_policy = keras.DTypePolicy("mixed_float16")
    return keras.models.clone_model(model)


def frozen() -> keras.Model:
    """Has weights, none of them trainable."""
    model = tiny()
    model.trainable = False
    return model


def named_loss() -> keras.Model:
    """Its sparse loss has a name of its own."""
    model = tiny()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(name="mine"))
    return model


def deadly() -> keras.Model:
    """Takes its process with it."""
    os._exit(9)
