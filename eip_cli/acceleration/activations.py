"""The activations that a fused block knows, each with its gradient as TensorFlow's own kernels have it.

Only imported where Keras runs on TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

Tensor = Any  # TensorFlow gives mypy no types


@dataclass(frozen=True)
class Activation:
    """An element-wise function, and the gradient of its argument.

    ``gradient`` is called with the gradient of the value and the argument, from which it computes
    whatever it needs: a pass over memory reads the argument anyway.
    """

    value: Callable[[Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], Tensor]


def _silu_gradient(gradient: Tensor, argument: Tensor) -> Tensor:
    share = tf.sigmoid(argument)
    return gradient * share * (1 + argument * (1 - share))


def _hard_silu_gradient(gradient: Tensor, argument: Tensor) -> Tensor:
    """At the two corners, -3 and 3, that of the flat side, as Keras's has it."""
    raised = argument + 3
    rising = tf.where((raised > 0) & (raised < 6), argument / 6, 0.0)
    return gradient * (tf.nn.relu6(raised) / 6 + rising)


ACTIVATIONS = {
    "linear": Activation(lambda x: x, lambda g, x: g),
    "relu": Activation(tf.nn.relu, lambda g, x: tf.where(x > 0, g, 0.0)),
    "relu6": Activation(tf.nn.relu6, lambda g, x: tf.where((x > 0) & (x < 6), g, 0.0)),
    "silu": Activation(lambda x: x * tf.sigmoid(x), _silu_gradient),
    "hard_silu": Activation(lambda x: x * (tf.nn.relu6(x + 3) / 6), _hard_silu_gradient),
}
