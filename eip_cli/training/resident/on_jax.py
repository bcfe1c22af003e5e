"""The steps of a call as a scan on JAX, over Keras's own stateless step."""

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.backend import keras
from eip_cli.training.images import on_device
from eip_cli.training.images.picks import make_batch
from eip_cli.training.loop.parts import Parts
from eip_cli.training.loop.weight_averages import ExponentialAverage, move_average

from .inputs import Tree, unpack_picks

Tensor = Any
State = tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]


class JaxProgram:
    """Runs many steps, or the inference of many batches, in one call.

    A step's state is what Keras's stateless step takes, and the averages of the weights if they are kept.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        stepper = parts.stepper
        rate = getattr(stepper.optimizer, "inner_optimizer", stepper.optimizer)._learning_rate
        self._rate_place = next(
            (place for place, variable in enumerate(stepper.optimizer.variables) if variable is rate), None
        )
        places = {id(weight): place for place, weight in enumerate(self._weights)}
        self._averaged = [places[id(weight)] for weight in parts.model.weights]
        self._train = jax.jit(self._run_steps, donate_argnums=0)
        self._predict = jax.jit(self._run_batches)

    def rehearse(self, inputs: Tree) -> None:
        """As of every Program."""
        batches = self._parts.batches
        self._train.lower(self._state(), batches.images, batches.targets, inputs)

    def train(self, inputs: Tree) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As of every Program."""
        batches = self._parts.batches
        state, losses, accuracies = self._train(self._state(), batches.images, batches.targets, inputs)
        trainable, others, optimizer, averages = state
        _assign(self._weights, [*trainable, *others])
        _assign(self._parts.stepper.optimizer.variables, optimizer)
        if isinstance(self._parts.average, ExponentialAverage):
            self._parts.average.take_over(averages, len(losses))
        return np.asarray(losses), np.asarray(accuracies)

    def outputs(self, images: Tensor, places: NDArray[np.int32]) -> NDArray[np.float32]:
        """As of every Program."""
        trainable, others = self._values()
        others, outputs = self._predict(trainable, others, images, places)
        _assign(self._parts.stepper.non_trainable_variables, others)
        return np.asarray(outputs)

    @property
    def _weights(self) -> list[keras.Variable]:
        stepper = self._parts.stepper
        return [*stepper.trainable_variables, *stepper.non_trainable_variables]

    def _values(self) -> tuple[list[Tensor], list[Tensor]]:
        stepper = self._parts.stepper
        return (
            [variable.value for variable in stepper.trainable_variables],
            [variable.value for variable in stepper.non_trainable_variables],
        )

    def _state(self) -> State:
        average = self._parts.average
        averages = average.averages if isinstance(average, ExponentialAverage) else []
        optimizer = [variable.value for variable in self._parts.stepper.optimizer.variables]
        return (*self._values(), optimizer, [jax.numpy.asarray(one) for one in averages])

    def _run_steps(
        self, state: State, images: Tensor, targets: Tensor, inputs: Tree
    ) -> tuple[State, Tensor, Tensor]:
        def take_step(state: State, given: Tree) -> tuple[State, tuple[Tensor, Tensor]]:
            return self._take_step(state, images, targets, given)

        state, (losses, accuracies) = jax.lax.scan(take_step, state, inputs)
        return state, losses, accuracies

    def _take_step(
        self, state: State, images: Tensor, targets: Tensor, given: Tree
    ) -> tuple[State, tuple[Tensor, Tensor]]:
        parts = self._parts
        trainable, others, optimizer, averages = state
        if "rate" in given:
            assert self._rate_place is not None  # what has a schedule here has none of its own
            optimizer = [*optimizer]
            optimizer[self._rate_place] = given["rate"]
        picks = unpack_picks(given["picks"], parts.batches.fill)
        batch = make_batch(on_device, images, targets, picks, parts.batches.pixels)
        # Each step's metrics are its own, as train_on_batch has them.
        metrics = [jax.numpy.zeros(one.shape, one.dtype) for one in parts.stepper.metrics_variables]
        logs, (trainable, others, optimizer, _) = parts.stepper.train_step(
            (trainable, others, optimizer, metrics), batch
        )
        if averages:
            weights = [*trainable, *others]
            averages = [
                move_average(average, weights[place], given["average_share"])
                for average, place in zip(averages, self._averaged, strict=True)
            ]
        state = (list(trainable), list(others), list(optimizer), averages)
        return state, (logs[parts.loss_name], logs["accuracy"])

    def _run_batches(
        self, trainable: list[Tensor], others: list[Tensor], images: Tensor, places: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        def compute(others: list[Tensor], chosen: Tensor) -> tuple[list[Tensor], Tensor]:
            batch = on_device.scale_pixels(on_device.take(images, chosen), self._parts.batches.pixels)
            outputs, others = self._parts.stepper.predict_step((trainable, others), (batch,))
            return list(others), outputs.astype("float32")

        return jax.lax.scan(compute, others, places)


def _assign(variables: list[keras.Variable], values: list[Tensor]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
