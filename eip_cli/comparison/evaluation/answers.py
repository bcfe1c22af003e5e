"""What a model answers to each of many images: the class, how sure it is, and how wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.problem import NO_CLASS

# Where Keras clips probabilities before it takes their logarithm.
LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True, eq=False)
class Answers:
    """For n images: probabilities (n, classes), and the predicted class (n,), NO_CLASS where there is none.

    There is none, and its probabilities are NaN, where an output was not a finite number. They are NaN too
    where nothing but the class is known.
    """

    probabilities: NDArray[np.float64]
    predictions: NDArray[np.int64]
    are_logits: bool = False

    @property
    def are_known(self) -> bool:
        """Whether there are probabilities, of one image at least."""
        return not bool(np.isnan(self.probabilities).all())

    @property
    def confidences(self) -> NDArray[np.float64]:
        """The probability of the predicted class (n,)."""
        return self.probabilities.max(axis=1)

    def probabilities_of(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """The probability of each image's class in ``labels`` (n,)."""
        return self.probabilities[np.arange(len(labels)), labels]

    def losses(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Cross-entropy of each image, in nats; their mean is an evaluation's loss."""
        chosen = self.probabilities_of(labels)
        least, most = (0.0, 1.0) if self.are_logits else (LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        with np.errstate(divide="ignore"):
            return -np.log(np.clip(chosen, least, most))


def read_answers(outputs: NDArray[np.floating], are_logits: bool) -> Answers:
    """A network's outputs (n, classes) as answers.

    Outputs that are no logits are divided by their sum, which changes nothing of a softmax's and makes
    probabilities of sigmoids, as their cross-entropy has them.
    """
    numbers = np.asarray(outputs, "float64")
    is_finite = np.isfinite(numbers).all(axis=1, keepdims=True)
    numbers = np.where(is_finite, numbers, 1.0)
    if are_logits:
        numbers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
    probabilities = np.where(is_finite, numbers / numbers.sum(axis=1, keepdims=True), np.nan)
    predictions = np.where(is_finite[:, 0], np.asarray(outputs).argmax(axis=1), NO_CLASS)
    return Answers(probabilities, predictions, are_logits)
