"""Averages of a training's weights, which stand in for the last step's where they are measured and saved."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.networks.model import weights_swapped

Arrays = tuple[np.ndarray, ...]


class WeightAverage(ABC):
    """An average of a network's weights over the steps of its training."""

    @abstractmethod
    def weights(self) -> Arrays:
        """The network's weights with the average in their place, in the order of ``model.weights``."""

    def update(self) -> None:  # noqa: B027 - an optimizer may have done it
        """Take in the weights after a step."""

    def state(self) -> Arrays:
        """What a continued training needs beside the network's weights and the optimizer's state."""
        return ()

    def restore(self, state: Arrays, steps: int) -> None:  # noqa: B027
        """Take up the state of a training after ``steps`` steps. Raises ValueError for another network's."""


class ExponentialAverage(WeightAverage):
    """``average = d * average + (1 - d) * weights`` after each step, batch norm's moving averages included.

    d is ``decay``, but (1 + steps) / (10 + steps) while that is less, so that the first steps are soon
    forgotten (TensorFlow's tf.train.ExponentialMovingAverage, where it is told the number of steps).
    """

    def __init__(self, model: keras.Model, decay: float) -> None:
        self._model = model
        self._decay = decay
        self._steps = 0
        # NumPy's, or a backend's tensors where a program has moved them.
        self.averages: list[Any] = [np.array(weight) for weight in model.weights]

    def update(self) -> None:
        """Take in the weights after a step."""
        share = 1 - self._decay_at(self._steps)
        self._steps += 1
        for average, weight in zip(self.averages, self._model.weights, strict=True):
            value = np.asarray(weight)
            if np.issubdtype(average.dtype, np.floating):
                average += np.asarray(share, average.dtype) * (value - average)
            else:  # a counter has no average
                average[...] = value

    def shares(self, steps: int) -> np.ndarray:
        """How much of the weights the averages take in at each of the next steps: float32 (steps,)."""
        return np.array([1 - self._decay_at(self._steps + step) for step in range(steps)], np.float32)

    def take_over(self, averages: Sequence[Any], steps: int) -> None:
        """Take up the ``averages`` that a program has moved over the next ``steps`` steps."""
        self.averages = list(averages)
        self._steps += steps

    def weights(self) -> Arrays:
        """The averages, in the order of ``model.weights``."""
        return tuple(np.array(average) for average in self.averages)

    def state(self) -> Arrays:
        """The averages."""
        return self.weights()

    def restore(self, state: Arrays, steps: int) -> None:
        """Take up the averages after ``steps`` steps. Raises ValueError for another network's."""
        if [array.shape for array in state] != [tuple(array.shape) for array in self.averages]:
            raise ValueError("the averages are those of another network")
        self.averages = [array.copy() for array in state]
        self._steps = steps

    def _decay_at(self, step: int) -> float:
        return min(self._decay, (1 + step) / (10 + step))


def move_average(average: Any, weight: Any, share: Any) -> Any:
    """ExponentialAverage's rule on a backend's tensors: ``average`` after a step that ended at ``weight``."""
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(average.dtype)):
        return weight
    return average + keras.ops.cast(share, average.dtype) * (weight - average)


class OptimizersOwnAverage(WeightAverage):
    """The average that an optimizer with ``use_ema`` keeps among its variables, of trainable weights alone.

    Keras's ``fit`` puts it in the weights' place when it ends.
    """

    def __init__(self, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        self._model = model
        self._optimizer = optimizer

    def weights(self) -> Arrays:
        """The network's weights, trainable ones averaged, in the order of ``model.weights``."""
        with weights_swapped(self._model, self._model.get_weights()):
            self._optimizer.finalize_variable_values(self._model.trainable_variables)
            return tuple(np.array(weight) for weight in self._model.weights)


def choose_average(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, decay: float | None
) -> WeightAverage | None:
    """The average with ``decay``, else the one that ``optimizer`` keeps of itself; None for neither."""
    if decay:
        return ExponentialAverage(model, decay)
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # one that scales the loss has it inside
    return OptimizersOwnAverage(model, inner) if inner.use_ema else None
