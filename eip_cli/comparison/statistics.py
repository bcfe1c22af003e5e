"""Intervals and tests of accuracies, all at the 95% level; nothing here knows what they are compared with.

scipy is imported where it is used: it takes a second, and the published numbers need none of it.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

LEVEL = 0.95
Z95 = NormalDist().inv_cdf((1 + LEVEL) / 2)


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """The 95% score interval of a proportion (Wilson, JASA 22, 1927), as fractions.

    Raises ValueError when ``n`` is not positive.
    """
    if n <= 0:
        raise ValueError("a proportion needs at least one observation")
    z2 = Z95**2
    share = correct / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def has_spread(accuracies: Sequence[float]) -> bool:
    """Whether a standard deviation can be had from ``accuracies``: two at least, not all of them equal.

    Accuracies are counts of images, so two runs of one network can agree to the image by luck (about
    one pair in 150 where runs scatter by 44 images). Student's interval would then have no width at
    all, which is no evidence but the lack of any.
    """
    return len(accuracies) > 1 and min(accuracies) < max(accuracies)


def mean_interval(accuracies: Sequence[float]) -> tuple[float, float]:
    """The 95% interval of the mean that ``accuracies`` scatter around (Student, Biometrika 6, 1908).

    mean -+ t(n - 1) s / sqrt(n), with s the standard deviation over n - 1. It may reach beyond 0
    and 1. Raises ValueError where there is no spread to estimate it from.
    """
    if not has_spread(accuracies):
        raise ValueError("an interval of a mean needs two different accuracies")
    from scipy.stats import t

    n = len(accuracies)
    low, high = t.interval(LEVEL, n - 1, loc=fmean(accuracies), scale=stdev(accuracies) / math.sqrt(n))
    return float(low), float(high)


def welch_interval(accuracies: Sequence[float], others: Sequence[float]) -> tuple[float, float]:
    """The 95% interval of the mean of ``accuracies`` minus that of ``others``; their spreads may differ.

    Welch, Biometrika 34, 1947, with Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946).
    Raises ValueError where a side has no spread to estimate it from.
    """
    if not (has_spread(accuracies) and has_spread(others)):
        raise ValueError("Welch's interval needs two different accuracies on each side")
    from scipy.stats import ttest_ind

    interval = ttest_ind(accuracies, others, equal_var=False).confidence_interval(LEVEL)
    return float(interval.low), float(interval.high)


def mcnemar_p_value(only_this: int, only_other: int) -> float:
    """The exact two-sided p-value of McNemar's test (Psychometrika 12, 1947).

    ``only_this`` and ``only_other`` count the images that one of two networks alone gets right. Were
    both equally good, each such image would fall to either with probability 1/2: a binomial test. As
    it is exact, it errs less often than its level says.
    """
    if only_this + only_other == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(only_this, only_this + only_other).pvalue)


def verdict_of(interval: tuple[float, float]) -> str:
    """``better`` or ``worse`` only where the interval of a difference excludes zero."""
    low, high = interval
    if low > 0:
        return "better"
    return "worse" if high < 0 else "indistinguishable"


def mcnemar_verdict(only_this: int, only_other: int) -> str:
    """``better`` or ``worse`` only where the p-value is below 5%."""
    if mcnemar_p_value(only_this, only_other) >= 1 - LEVEL:
        return "indistinguishable"
    return "better" if only_this > only_other else "worse"
