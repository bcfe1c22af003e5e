"""What a loop of training steps works with, and what it does: two ways of taking the same steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.training.images.batches import Batches
from eip_cli.training.observers import StepObserver

from .learning_rate import LearningRate
from .weight_averages import WeightAverage


@dataclass(frozen=True, eq=False)
class Parts:
    """A training's parts. ``stepper`` is compiled, on the variables of ``model``, its metrics built.

    ``loss_name`` is that of the loss among the stepper's logs which is told; ``config`` is a resolved one.
    """

    model: keras.Model
    stepper: keras.Model
    loss_name: str
    batches: Batches
    config: TrainConfig
    rate: LearningRate
    average: WeightAverage | None

    @property
    def batch_size(self) -> int:
        """Images of a step, but for an epoch's last."""
        assert self.config.batch_size is not None  # the configuration is a resolved one
        return self.config.batch_size


class Loop(Protocol):
    """A way of taking an epoch's steps and of computing a network's outputs."""

    @property
    def step_rates(self) -> list[float]:
        """Images per second of each step so far, those left out in which programs are compiled."""

    def train_epoch(
        self, epoch: int, observer: StepObserver, check: Callable[[], None]
    ) -> tuple[float, float]:
        """Train on every image once; the means of loss and accuracy over the epoch, counted from 0.

        ``check`` may raise, to stop. Raises TrainingError where the loss is no longer finite.
        """

    def outputs(self, images: np.ndarray, check: Callable[[], None]) -> np.ndarray:
        """The network's float32 outputs (n, classes), in inference mode, for uint8 ``images``."""
