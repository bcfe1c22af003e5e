"""A notebook's training on today's Keras: ``compile`` and ``fit``, nothing set."""

import keras
import numpy as np
from measuring import BATCH, TurnClock, load_images, read_arguments


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
    model = keras.saving.load_model(options.network_file, compile=False)
    model.compile(keras.optimizers.Adam(0.004), loss="categorical_crossentropy", metrics=["accuracy"])
    clock = TurnClock()
    one_hot = np.eye(10, dtype="float32")[labels]
    model.fit(
        images.astype("float32") / 255, one_hot, batch_size=BATCH, verbose=0, callbacks=[StepTimes(clock)]
    )
    clock.finish()


if __name__ == "__main__":
    main()
