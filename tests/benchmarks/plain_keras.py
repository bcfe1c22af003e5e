"""A notebook's training on today's Keras: ``compile`` and ``fit``, nothing set."""

from typing import Any

import keras
import numpy as np
from keras import layers
from measuring import BATCH, TurnClock, load_images, read_arguments


def build_separable() -> keras.Model:
    """The report's network, as its notebook writes it."""
    model = keras.Sequential([keras.Input((32, 32, 3))])
    blocks: list[dict[str, Any]] = [{"filters": 64, "padding": "same"}] * 3
    blocks += [{"filters": 128, "padding": "same"}] * 3 + [{"filters": 10, "strides": 2}]
    for index, block in enumerate(blocks):
        if index == 3:
            model.add(layers.AveragePooling2D(2))
        model.add(layers.SeparableConv2D(kernel_size=3, activation="relu", **block))
        model.add(layers.BatchNormalization())
        if index > 0:
            model.add(layers.Dropout(0.25))
    model.add(layers.AveragePooling2D(2))
    model.add(layers.SeparableConv2D(10, 3, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Activation("softmax"))
    return model


def build_base() -> keras.Model:
    """The network that the report's has to beat."""
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for filters in (48, 96, 192):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(2))
        model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    for units in (512, 256):
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    return model


class StepTimes(keras.callbacks.Callback):
    """Tells the clock of each training step."""

    def __init__(self, clock: TurnClock) -> None:
        super().__init__()
        self._clock = clock

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        self._clock.begin_step()

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self._clock.end_step()


def main() -> None:
    options = read_arguments()
    images, labels = load_images(options)
    model = build_separable() if options.network == "separable" else build_base()
    rate = 0.004 if options.network == "separable" else 0.001
    model.compile(keras.optimizers.Adam(rate), loss="categorical_crossentropy", metrics=["accuracy"])
    clock = TurnClock()
    one_hot = np.eye(10, dtype="float32")[labels]
    model.fit(
        images.astype("float32") / 255, one_hot, batch_size=BATCH, verbose=0, callbacks=[StepTimes(clock)]
    )
    clock.finish()


if __name__ == "__main__":
    main()
