"""What the losses of a learning-rate range test show: where they fall fastest, and where they turn up.

The test trains a step at each of many rates, from small to large (Smith 2017, "Cyclical learning rates for
training neural networks", section 3.3). One such curve is noisy, and where it is steepest a matter of its
smoothing: what it shows counts only where curves of several seeds show it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMOOTHING = 0.9  # of an exponential average, an average over some ten steps
IGNORED_SHARE = 0.1  # of the steps, the first: they tell the fall from a random start, not the rate's
STOP_FACTOR = 4.0  # times the smallest smoothed loss: from there on it only explodes
LEAST_FALL = 0.05  # of the loss at first: less is noise, or a network that does not learn
MOST_SPREAD = 3.0  # between the seeds' steepest rates, as a ratio: more, and none stands out


@dataclass(frozen=True, eq=False)
class RateCurve:
    """One seed's test: a loss for each rate that counts, ascending; as they came and smoothed, all (n,).

    ``steepest`` is the rate where the smoothed loss falls fastest over the logarithm of the rate, and
    ``rises_from`` the one where it is smallest, beyond which it turns up; both None where it does not fall.
    """

    seed: int
    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    steepest: float | None
    rises_from: float | None


class Explosion:
    """Follows the losses of a test as they come, and says when there is no more to learn."""

    def __init__(self, steps: int) -> None:
        self._ignored = count_ignored(steps)
        self._seen = 0
        self._average = 0.0
        self._smallest = math.inf

    def has_come(self, loss: float) -> bool:
        """Whether ``loss``, the next, makes the smoothed one more than 4 times the smallest so far."""
        if not math.isfinite(loss):
            return True
        self._seen += 1
        counted = self._seen - self._ignored
        if counted < 1:
            return False
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        smoothed = self._average / (1 - SMOOTHING**counted)
        self._smallest = min(self._smallest, smoothed)
        return smoothed > STOP_FACTOR * self._smallest


def count_ignored(steps: int) -> int:
    """How many of a test's first steps do not count."""
    return math.ceil(IGNORED_SHARE * steps)


def smooth(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The exponential average of ``losses`` (n,), bias-corrected, and of it the same from the other end.

    After one pass the curve would lag by some nine steps, and every rate read from it be too large.
    """

    def average_forwards(values: NDArray[np.float64]) -> NDArray[np.float64]:
        average, smoothed = 0.0, np.empty(len(values))
        for place, value in enumerate(values):
            average = SMOOTHING * average + (1 - SMOOTHING) * value
            smoothed[place] = average / (1 - SMOOTHING ** (place + 1))
        return smoothed

    return average_forwards(average_forwards(losses)[::-1])[::-1]


def read_curve(seed: int, rates: Sequence[float], losses: Sequence[float], steps: int) -> RateCurve:
    """The curve of ``losses`` (finite) at ``rates``, of a test that was planned with ``steps``."""
    first = count_ignored(steps)
    tried, found = np.array(rates[first:], float), np.array(losses[first:], float)
    smoothed = smooth(found)
    steepest = rises_from = None
    smallest = int(smoothed.argmin()) if len(smoothed) else 0
    if smallest >= 2 and smoothed[0] - smoothed[smallest] > LEAST_FALL * abs(smoothed[0]):
        slopes = np.gradient(smoothed[: smallest + 1], np.log(tried[: smallest + 1]))
        steepest, rises_from = float(tried[slopes.argmin()]), float(tried[smallest])
    return RateCurve(seed, tried, found, smoothed, steepest, rises_from)


@dataclass(frozen=True)
class Agreement:
    """What several seeds' curves show together: geometric means over the seeds, None where none stands out.

    ``spread`` is the ratio of the largest to the smallest of the seeds' steepest rates, None where a seed has
    none.
    """

    steepest: float | None
    rises_from: float | None
    spread: float | None

    @property
    def stands_out(self) -> bool:
        """Whether there is a rate to try."""
        return self.steepest is not None


def compare_curves(curves: Sequence[RateCurve]) -> Agreement:
    """Whether the seeds agree, and on what."""
    steepest = [curve.steepest for curve in curves if curve.steepest is not None]
    rising = [curve.rises_from for curve in curves if curve.rises_from is not None]
    if len(steepest) < len(curves):
        return Agreement(None, None, None)
    spread = max(steepest) / min(steepest)
    if spread > MOST_SPREAD:
        return Agreement(None, None, spread)
    return Agreement(_geometric_mean(steepest), _geometric_mean(rising), spread)


def _geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
