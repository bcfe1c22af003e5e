"""The loop that takes its steps one by one, and reads each loss before the next."""

import math
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

import numpy as np

from eip_cli.training.measurement import collect_outputs
from eip_cli.training.observers import StepObserver

from .parts import Parts
from .randomness import image_order, seed_random_layers
from .tally import EpochTally

# The first steps of a process trace and compile; they are not training speed.
WARM_UP_STEPS = 5


class StepwiseLoop:
    """On any device; ``check`` is called before every step and every batch."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rates: list[float] = []

    @property
    def step_rates(self) -> list[float]:
        """Images per second of each step but the first five."""
        return self._rates[WARM_UP_STEPS:]

    def train_epoch(
        self, epoch: int, observer: StepObserver, check: Callable[[], None]
    ) -> tuple[float, float]:
        """As of every Loop."""
        tally = EpochTally(epoch, observer)
        steps = math.ceil(self._parts.batches.count / self._parts.batch_size)
        with closing(self.begin_epoch(epoch)) as batches:
            for step in range(steps):
                check()
                began = time.perf_counter()
                images, targets = next(batches)
                rate = self._parts.rate.set(epoch, step)
                loss, accuracy = self.take_step(images, targets)
                self._rates.append(len(images) / (time.perf_counter() - began))
                tally.add(len(images), loss, accuracy, rate)
        return tally.means

    def begin_epoch(self, epoch: int) -> Generator[tuple[Any, Any], None, None]:
        """Set what is random in the network's layers; the epoch's batches."""
        parts = self._parts
        seed_random_layers(parts.model, parts.config.seed, epoch)
        order = image_order(parts.config.seed, epoch, parts.batches.count)
        return parts.batches.iterate(epoch, order, parts.batch_size)

    def take_step(self, images: Any, targets: Any) -> tuple[float, float]:
        """A step on a batch: loss and accuracy, means over it."""
        logs = self._parts.stepper.train_on_batch(images, targets, return_dict=True)
        if self._parts.average is not None:
            self._parts.average.update()
        # Reading the loss waits for the device, so that a clock sees the whole step.
        return float(logs[self._parts.loss_name]), float(logs["accuracy"])

    def outputs(self, images: np.ndarray, check: Callable[[], None]) -> np.ndarray:
        """As of every Loop."""
        return collect_outputs(
            self._parts.stepper.predict_on_batch, images, check, self._parts.batches.pixels
        )
