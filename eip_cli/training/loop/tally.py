"""What an epoch's steps add up to, told to an observer step by step."""

import math

from eip_cli.foundation.errors import TrainingError
from eip_cli.training.observers import StepObserver


class EpochTally:
    """Means over the images of an epoch so far; ``epoch`` counts from 0."""

    def __init__(self, epoch: int, observer: StepObserver) -> None:
        self._epoch = epoch
        self._observer = observer
        self._step = self._seen = 0
        self._loss_sum = self._accuracy_sum = 0.0

    def add(self, images: int, loss: float, accuracy: float, rate: float) -> None:
        """Take in the next step: its number of images, its means over them, its learning rate.

        Raises TrainingError where the loss is no longer finite.
        """
        self._step += 1
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss became {loss} at epoch {self._epoch + 1}, step {self._step} "
                f"(learning rate {rate:g}): try a lower --learning-rate"
            )
        self._seen += images
        self._loss_sum += images * loss
        self._accuracy_sum += images * accuracy
        self._observer.step_done(self._epoch + 1, self._step, *self.means)

    @property
    def means(self) -> tuple[float, float]:
        """Loss and accuracy."""
        return self._loss_sum / self._seen, self._accuracy_sum / self._seen
