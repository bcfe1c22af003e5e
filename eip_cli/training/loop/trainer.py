"""The training loop: a network, labelled images and a configuration -> one epoch after another.

Everything random follows from the seed: initial weights from the seed alone, the order of
images and dropout's masks from (seed, epoch). An epoch therefore needs nothing of the one
before it but weights and optimizer, and a resumed training repeats what an uninterrupted one
would have done.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from eip_cli.acceleration.twin import accelerate
from eip_cli.foundation.backend import accelerator_names, keras
from eip_cli.foundation.errors import ModelError, TrainingError
from eip_cli.networks.model import weights_swapped
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.pixels import UNIT_PIXELS, PixelScale
from eip_cli.runs.history import EpochRow
from eip_cli.training.images.batches import Batches
from eip_cli.training.images.draws import Draws, draw_permutation
from eip_cli.training.measurement import (
    Loss,
    Measurement,
    as_probabilities,
    find_overflow,
    loss_of,
    measure,
    require_probabilities,
    smoothed,
    targets_for,
)
from eip_cli.training.observers import StepObserver
from eip_cli.training.state import TrainingState

from .learning_rate import LearningRate
from .optimizers import make_optimizer
from .weight_averages import Arrays, OptimizersOwnAverage, choose_average

# The first steps of a process trace and compile; they are not training speed.
WARM_UP_STEPS = 5


@dataclass(frozen=True)
class LabelledImages:
    """uint8 images (n, height, width, channels) and their integer labels (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


class Trainer:
    """Trains one network; ``model`` stays plain Keras, whatever faster twin the steps run on.

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
        self._pixels = pixels
        if not model.trainable_variables:
            raise ModelError(f"{config.model} has no trainable weights: there is nothing to train")
        outputs = model(pixels.apply(val.images[:8]), training=False)
        self._loss = as_probabilities(np.asarray(outputs), loss or loss_of(model))
        train_loss = smoothed(self._loss, config)
        classes = outputs.shape[-1]
        targets = targets_for(train_loss, train.labels, classes)
        self._batches = Batches(train.images, targets, pixels, draws, bool(accelerator_names()))
        require_probabilities(np.asarray(outputs), self._loss, config.model)
        optimizer = make_optimizer(model, config)
        twin = accelerate(model) if config.accelerate else None
        self.is_accelerated = twin is not None
        # Steps run on a second model over the same weights, so that the network itself, which is
        # saved, is compiled with an optimizer as it was before the first step: files hold no slots.
        self._stepper = keras.Model(model.inputs, model.outputs) if twin is None else twin
        # What an epoch's loss is told as leaves out the penalties on weights, which Keras adds to its own, as
        # that of validation does: two losses in one table are of one kind.
        metrics: list[Any] = ["accuracy"]
        self._loss_name = "loss"
        if model.losses:
            self._loss_name = "loss_without_penalties"
            metrics.append(keras.metrics.MeanMetricWrapper(train_loss, name=self._loss_name))
        self._stepper.compile(optimizer=optimizer, loss=train_loss, metrics=metrics)
        # In mixed precision, compile wraps the optimizer in one that scales the loss and has a state too.
        self._optimizer = self._stepper.optimizer
        self._optimizer.build(model.trainable_variables)
        self._average = choose_average(model, self._optimizer, config.average_weights)
        # Metrics make their variables when they first see outputs. Were that in the first step, TensorFlow
        # would trace the step twice.
        self._stepper.compute_metrics(None, targets_for(train_loss, val.labels[:8], classes), outputs)
        self._stepper.reset_metrics()
        fresh = type(optimizer).from_config(optimizer.get_config())
        model.compile(optimizer=fresh, loss=self._loss, metrics=["accuracy"])
        self._rate = LearningRate(self._optimizer, config, self.steps_per_epoch)
        self._step_rates: list[float] = []
        self._non_finite_outputs = 0  # of the last validation, in images

    @property
    def averages_by_optimizer(self) -> bool:
        """Whether an average of the weights is kept because the network's own optimizer keeps one."""
        return isinstance(self._average, OptimizersOwnAverage)

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch, the last and smaller batch included."""
        return math.ceil(len(self._train) / self._batch_size)

    @property
    def step_rates(self) -> np.ndarray:
        """Images per second of this process's steps after the first five, float32."""
        return np.array(self._step_rates[WARM_UP_STEPS:], dtype="float32")

    def run_epoch(self, epoch: int, observer: StepObserver, check: Callable[[], None]) -> EpochRow:
        """Train and validate epoch ``epoch``, counted from 0.

        ``check`` is called before every batch and may raise, to stop.
        Raises TrainingError where the loss is no longer finite.
        """
        began = time.perf_counter()
        rate = self._rate.set(epoch, step=0)
        loss, accuracy = self._train_epoch(epoch, observer, check)
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
        return measure(
            self._stepper.predict_on_batch, self._loss, data.images, data.labels, check, self._pixels
        )

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

    @property
    def _batch_size(self) -> int:
        assert self._config.batch_size is not None  # the configuration is a resolved one
        return self._config.batch_size

    def try_rates(self, rates: Sequence[float], epoch: int) -> Iterator[float]:
        """A step at each of ``rates``, from the first of ``epoch`` on; the loss of each, finite or not.

        Images, their changes and dropout are those of a training's ``epoch`` (from 0) and the ones after it.
        """
        for place, rate in enumerate(rates):
            number, step = divmod(place, self.steps_per_epoch)
            if step == 0:
                batches = self._begin_epoch(epoch + number)
            self._rate.put_in_force(rate)
            yield self._take_step(*next(batches))[0]

    def _begin_epoch(self, epoch: int) -> Generator[tuple[Any, Any], None, None]:
        """Set what is random in the network's layers; the epoch's batches."""
        seed_random_layers(self.model, self._config.seed, epoch)
        order = image_order(self._config.seed, epoch, len(self._train))
        return self._batches.iterate(epoch, order, self._batch_size)

    def _take_step(self, images: Any, targets: Any) -> tuple[float, float]:
        """A step on a batch: loss and accuracy, means over it."""
        logs = self._stepper.train_on_batch(images, targets, return_dict=True)
        if self._average is not None:
            self._average.update()
        # Reading the loss waits for the device, so that a clock sees the whole step.
        return float(logs[self._loss_name]), float(logs["accuracy"])

    def _train_epoch(
        self, epoch: int, observer: StepObserver, check: Callable[[], None]
    ) -> tuple[float, float]:
        seen, loss_sum, accuracy_sum = 0, 0.0, 0.0
        with closing(self._begin_epoch(epoch)) as batches:
            for step in range(self.steps_per_epoch):
                check()
                began = time.perf_counter()
                images, targets = next(batches)
                rate = self._rate.set(epoch, step)
                loss, accuracy = self._take_step(images, targets)
                self._step_rates.append(len(images) / (time.perf_counter() - began))
                if not math.isfinite(loss):
                    raise TrainingError(
                        f"the loss became {loss} at epoch {epoch + 1}, step {step + 1} "
                        f"(learning rate {rate:g}): try a lower --learning-rate"
                    )
                seen += len(images)
                loss_sum += len(images) * loss
                accuracy_sum += len(images) * accuracy
                observer.step_done(epoch + 1, step + 1, loss_sum / seen, accuracy_sum / seen)
        return loss_sum / seen, accuracy_sum / seen


def image_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order in which epoch ``epoch`` (from 0) visits ``count`` images: a permutation, int64 (count,).

    A function of its arguments alone; Keras 3's own shuffling repeats one order in every epoch.
    """
    return draw_permutation(seed, epoch, count=count)


def seed_random_layers(model: keras.Model, seed: int, epoch: int) -> None:
    """Set the random state of dropout and its like from (seed, epoch, place in the network)."""
    for index, generator in enumerate(_seed_generators(model)):
        word = np.random.SeedSequence([seed, epoch, index]).generate_state(1)[0]
        generator.state.assign(np.array([word, 0], dtype="uint32"))


def _seed_generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    layers = model._flatten_layers(include_self=False)  # nested models included; Keras has no public walk
    found = {
        id(value): value
        for layer in layers
        for value in vars(layer).values()
        if isinstance(value, keras.random.SeedGenerator)
    }
    return list(found.values())
