"""The steps of a call as a loop within TensorFlow, over Keras's own step."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from eip_cli.training.images import on_device
from eip_cli.training.images.picks import make_batch
from eip_cli.training.loop.parts import Parts
from eip_cli.training.loop.weight_averages import ExponentialAverage, move_average

from .inputs import Tree, unpack_picks

Tensor = Any


class TensorflowProgram:
    """Runs many steps, or the inference of many batches, in one call.

    A step is a function of its own in the loop, compiled by XLA where Keras would have it compiled; the loop
    around it is TensorFlow's, as in Keras's ``steps_per_execution``.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        optimizer = parts.stepper.optimizer
        self._rate = getattr(optimizer, "inner_optimizer", optimizer)._learning_rate
        compiled = bool(parts.stepper.jit_compile)
        self._step = tf.function(self._take_step, autograph=False, jit_compile=compiled)
        self._train = tf.function(self._run_steps, autograph=False)
        self._compute = tf.function(self._compute_outputs, autograph=False, jit_compile=compiled)
        self._predict = tf.function(self._run_batches, autograph=False)

    def rehearse(self, inputs: Tree) -> None:
        """As of every Program."""
        self._train.get_concrete_function(*self._arguments(inputs))

    def train(self, inputs: Tree) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As of every Program."""
        losses, accuracies, averages = self._train(*self._arguments(inputs))
        if isinstance(self._parts.average, ExponentialAverage):
            self._parts.average.take_over(averages, len(losses))
        return losses.numpy(), accuracies.numpy()

    def outputs(self, images: Tensor, places: NDArray[np.int32]) -> NDArray[np.float32]:
        """As of every Program."""
        return self._predict(images, tf.constant(places)).numpy()

    def _arguments(self, inputs: Tree) -> tuple[Tensor, Tensor, Tree, list[Tensor]]:
        batches, average = self._parts.batches, self._parts.average
        averages = average.averages if isinstance(average, ExponentialAverage) else []
        return (
            batches.images,
            batches.targets,
            tf.nest.map_structure(tf.constant, inputs),
            [tf.convert_to_tensor(one) for one in averages],
        )

    def _run_steps(
        self, images: Tensor, targets: Tensor, inputs: Tree, averages: list[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        steps = inputs["picks"]["chosen"].shape[0]

        def run(step: Tensor, losses: Tensor, accuracies: Tensor, averages: list[Tensor]) -> tuple[Any, ...]:
            given = tf.nest.map_structure(lambda values: values[step], inputs)
            loss, accuracy, averages = self._step(images, targets, given, averages)
            return step + 1, losses.write(step, loss), accuracies.write(step, accuracy), averages

        empty = [tf.TensorArray("float32", steps, element_shape=()) for _ in range(2)]
        _, losses, accuracies, averages = tf.while_loop(
            lambda step, *_: step < steps,
            run,
            (tf.constant(0), *empty, averages),
            parallel_iterations=1,  # a step begins with the weights that the one before it has left
        )
        return losses.stack(), accuracies.stack(), averages

    def _take_step(
        self, images: Tensor, targets: Tensor, given: Tree, averages: list[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        parts = self._parts
        if "rate" in given:
            self._rate.assign(given["rate"])
        picks = unpack_picks(given["picks"], parts.batches.fill)
        batch = make_batch(on_device, images, targets, picks, parts.batches.pixels)
        parts.stepper.reset_metrics()  # each step's are its own, as train_on_batch has them
        logs = parts.stepper.train_step(batch)
        if averages:
            averages = [
                move_average(average, weight.value, given["average_share"])
                for average, weight in zip(averages, parts.model.weights, strict=True)
            ]
        return tf.cast(logs[parts.loss_name], "float32"), tf.cast(logs["accuracy"], "float32"), averages

    def _run_batches(self, images: Tensor, places: Tensor) -> Tensor:
        return tf.map_fn(
            lambda chosen: self._compute(images, chosen),
            places,
            fn_output_signature="float32",
            parallel_iterations=1,
        )

    def _compute_outputs(self, images: Tensor, chosen: Tensor) -> Tensor:
        batch = on_device.scale_pixels(on_device.take(images, chosen), self._parts.batches.pixels)
        return tf.cast(self._parts.stepper.predict_step((batch,)), "float32")
