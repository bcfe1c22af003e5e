"""Measured values in words: the median, and how far the others are from it."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binom


@dataclass(frozen=True)
class Row:
    """One measurement of one program, in words."""

    measured: str
    program: str
    values: str
    ratio: str  # how many times faster this project's program is; empty where it is compared with nothing
    note: str = ""


def show_spread(values: Sequence[float], form: str) -> str:
    """The median, and between which values half of them lie."""
    if len(values) == 1:
        return f"{values[0]:{form}}"
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{median:{form}} ({low:{form}}-{high:{form}})"


def show_ratio(others: Sequence[float], subjects: Sequence[float]) -> str:
    """How many times faster the subject is, by seconds: the median over turns, and its 95% interval.

    The interval runs between order statistics of the binomial distribution, whatever that of the ratios is
    (Conover, Practical Nonparametric Statistics, 3rd ed., 3.2); of fewer than six turns there is none, and
    their smallest and largest ratio stand there.
    """
    ratios = sorted(other / subject for other, subject in zip(others, subjects, strict=True))
    if len(ratios) == 1:
        return f"{ratios[0]:.2f}"
    first = max(1, int(binom.ppf(0.025, len(ratios), 0.5)))  # P(X < first) is at most 2.5%
    return f"{statistics.median(ratios):.2f} ({ratios[first - 1]:.2f}-{ratios[-first]:.2f})"
