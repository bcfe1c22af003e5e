"""The training loop: a network, labelled images and a configuration -> one epoch after another.

Everything random follows from the seed: initial weights from the seed alone, the order of
images and dropout's masks from (seed, epoch). An epoch therefore needs nothing of the one
before it but weights and optimizer, and a resumed training repeats what an uninterrupted one
would have done.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eip_cli.acceleration.twin import accelerate
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.model import weights_swapped
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.pixels import UNIT_PIXELS, PixelScale
from eip_cli.runs.history import EpochRow
from eip_cli.training.images.batches import Batches
from eip_cli.training.images.draws import Draws
from eip_cli.training.measurement import (
    Loss,
    Measurement,
    as_probabilities,
    find_overflow,
    judge,
    loss_of,
    require_probabilities,
    smoothed,
    targets_for,
)
from eip_cli.training.observers import StepObserver
from eip_cli.training.state import TrainingState

from .choice import choose_loop, keeps_images_on_device
from .learning_rate import LearningRate
from .optimizers import make_optimizer
from .parts import Parts
from .stepwise import StepwiseLoop
from .weight_averages import Arrays, OptimizersOwnAverage, choose_average


@dataclass(frozen=True)
class LabelledImages:
    """uint8 images (n, height, width, channels) and their integer labels (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


class Trainer:
    """Trains one network; ``model`` stays plain Keras, whatever faster twin the steps run on.

    ``why_stepwise`` says why steps are taken one by one where an accelerator was to take many in a call.
    Raises ModelError where the network's outputs do not suit its loss.
    """

    def __init__(
        self,
        model: keras.Model,
        config: TrainConfig,
        train: LabelledImages,
        val: LabelledImages,
        loss: Loss | None = None,
        pixels: PixelScale = UNIT_PIXELS,
        draws: Draws | None = None,
    ) -> None:
        self.model = model
        self._config = config
        self._train = train
        self._val = val
        if not model.trainable_variables:
            raise ModelError(f"{config.model} has no trainable weights: there is nothing to train")
        outputs = model(pixels.apply(val.images[:8]), training=False)
        self._loss = as_probabilities(np.asarray(outputs), loss or loss_of(model))
        train_loss = smoothed(self._loss, config)
        classes = outputs.shape[-1]
        targets = targets_for(train_loss, train.labels, classes)
        batches = Batches(train.images, targets, pixels, draws, keeps_images_on_device())
        require_probabilities(np.asarray(outputs), self._loss, config.model)
        optimizer = make_optimizer(model, config)
        twin = accelerate(model) if config.accelerate else None
        self.is_accelerated = twin is not None
        # Steps run on a second model over the same weights, so that the network itself, which is
        # saved, is compiled with an optimizer as it was before the first step: files hold no slots.
        stepper = keras.Model(model.inputs, model.outputs) if twin is None else twin
        # What an epoch's loss is told as leaves out the penalties on weights, which Keras adds to its own, as
        # that of validation does: two losses in one table are of one kind.
        metrics: list[Any] = ["accuracy"]
        loss_name = "loss"
        if model.losses:
            loss_name = "loss_without_penalties"
            metrics.append(keras.metrics.MeanMetricWrapper(train_loss, name=loss_name))
        stepper.compile(optimizer=optimizer, loss=train_loss, metrics=metrics)
        # In mixed precision, compile wraps the optimizer in one that scales the loss and has a state too.
        self._optimizer = stepper.optimizer
        self._optimizer.build(model.trainable_variables)
        self._average = choose_average(model, self._optimizer, config.average_weights)
        # Metrics make their variables when they first see outputs. Were that in the first step, TensorFlow
        # would trace the step twice.
        stepper.compute_metrics(None, targets_for(train_loss, val.labels[:8], classes), outputs)
        stepper.reset_metrics()
        fresh = type(optimizer).from_config(optimizer.get_config())
        model.compile(optimizer=fresh, loss=self._loss, metrics=["accuracy"])
        self._rate = LearningRate(self._optimizer, config, self.steps_per_epoch)
        self._non_finite_outputs = 0  # of the last validation, in images
        self._parts = Parts(model, stepper, loss_name, batches, config, self._rate, self._average)
        self._loop, self.why_stepwise = choose_loop(self._parts)

    @property
    def averages_by_optimizer(self) -> bool:
        """Whether an average of the weights is kept because the network's own optimizer keeps one."""
        return isinstance(self._average, OptimizersOwnAverage)

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch, the last and smaller batch included."""
        assert self._config.batch_size is not None  # the configuration is a resolved one
        return math.ceil(len(self._train) / self._config.batch_size)

    @property
    def step_rates(self) -> np.ndarray:
        """Images per second of this process's steps, less those in which it traces and compiles; float32."""
        return np.array(self._loop.step_rates, dtype="float32")

    def run_epoch(self, epoch: int, observer: StepObserver, check: Callable[[], None]) -> EpochRow:
        """Train and validate epoch ``epoch``, counted from 0.

        ``check`` is called before every batch, or every call of many, and may raise, to stop.
        Raises TrainingError where the loss is no longer finite.
        """
        began = time.perf_counter()
        rate = self._rate.set(epoch, step=0)
        loss, accuracy = self._loop.train_epoch(epoch, observer, check)
        measured = self.validate(check)
        self._non_finite_outputs = measured.non_finite
        row = EpochRow(
            epoch=epoch + 1,
            learning_rate=rate,
            loss=loss,
            accuracy=accuracy,
            val_loss=measured.loss,
            val_accuracy=measured.accuracy,
            seconds=round(time.perf_counter() - began, 3),
        )
        self._rate.epoch_done(row)
        return row

    def validate(self, check: Callable[[], None]) -> Measurement:
        """The network, its weights averaged if they are, on the validation images."""
        if self._average is None:
            return self.measure(self._val, check)
        with weights_swapped(self.model, self._average.weights()):
            return self.measure(self._val, check)

    def describe_overflow(self) -> str | None:
        """What of the last validation, or of the weights now, is not finite; None where all is."""
        if self._non_finite_outputs:
            return (
                f"the outputs for {self._non_finite_outputs:,} of {len(self._val):,} validation images are "
                "not finite numbers, so they count as wrong"
            )
        return find_overflow(self.model)

    def measure(self, data: LabelledImages, check: Callable[[], None]) -> Measurement:
        """The network on ``data``, in inference mode."""
        return judge(self._loop.outputs(data.images, check), self._loss, data.labels)

    @property
    def weights(self) -> Arrays:
        """The network's weights, random states excluded: those follow from (seed, epoch)."""
        return tuple(np.asarray(weight) for weight in self.model.weights)

    @property
    def resulting_weights(self) -> Arrays:
        """The weights that the training has come to: their average where one is kept, else ``weights``."""
        return self.weights if self._average is None else self._average.weights()

    @property
    def optimizer_state(self) -> Arrays:
        """The optimizer's variables in its own order."""
        return tuple(np.asarray(variable) for variable in self._optimizer.variables)

    @property
    def average_state(self) -> Arrays:
        """What the average of the weights needs to go on; nothing where none is kept, or by the optimizer."""
        return () if self._average is None else self._average.state()

    def restore(self, state: TrainingState) -> None:
        """Take up an earlier training of the same network.

        Raises ValueError where its arrays are not this network's.
        """
        self.model.set_weights(state.weights)
        for variable, value in zip(self._optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
        if self._average is not None:
            self._average.restore(state.average, state.epochs_done * self.steps_per_epoch)
        for row in state.history:
            self._rate.epoch_done(row)

    def try_rates(self, rates: Sequence[float], epoch: int) -> Iterator[float]:
        """A step at each of ``rates``, from the first of ``epoch`` on; the loss of each, finite or not.

        Images, their changes and dropout are those of a training's ``epoch`` (from 0) and the ones after it.
        """
        loop = StepwiseLoop(self._parts)  # each loss decides whether there is a next step
        for place, rate in enumerate(rates):
            number, step = divmod(place, self.steps_per_epoch)
            if step == 0:
                batches = loop.begin_epoch(epoch + number)
            self._rate.put_in_force(rate)
            yield loop.take_step(*next(batches))[0]
