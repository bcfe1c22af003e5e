"""The epochs of a notebook's training on today's Keras: ``compile`` and ``fit``, validated, nothing set."""

import keras
import numpy as np
from epochs_in_turn import EpochClock, read_arguments

from eip_cli.datasets.dataset import limit_training_images
from eip_cli.datasets.loading import load_dataset


class EpochTimes(keras.callbacks.Callback):
    """Tells the clock of each epoch."""

    def __init__(self, images: int) -> None:
        super().__init__()
        self._images = images

    def on_train_begin(self, logs: object = None) -> None:
        self._clock = EpochClock(self._images)

    def on_test_begin(self, logs: object = None) -> None:
        # Steps are begun before the ones in front are done: reading what they change waits for all of them.
        keras.ops.convert_to_numpy(self.model.trainable_variables[-1])
        self._clock.trained()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self._clock.end_epoch()


def main() -> None:
    options = read_arguments()
    dataset = load_dataset(options.dataset, options.data_dir)
    if options.limit_train is not None:
        dataset = limit_training_images(dataset, options.limit_train)
    model = keras.saving.load_model(options.network_file, compile=False)
    rate = 0.001 if options.network == "base" else 0.004
    model.compile(keras.optimizers.Adam(rate), loss="categorical_crossentropy", metrics=["accuracy"])
    classes = np.eye(10, dtype="float32")
    model.fit(
        dataset.train_images.astype("float32") / 255,
        classes[dataset.train_labels],
        batch_size=options.batch_size,
        epochs=options.turns + 1,
        validation_data=(dataset.test_images.astype("float32") / 255, classes[dataset.test_labels]),
        verbose=0,
        callbacks=[EpochTimes(len(dataset.train_images))],
    )


if __name__ == "__main__":
    main()
