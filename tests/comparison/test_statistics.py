"""The statistics: against formulas written out, and by how often their verdicts are wrong."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, norm

from eip_cli.comparison.row import delta_interval
from eip_cli.comparison.statistics import (
    has_spread,
    mcnemar_p_value,
    mcnemar_verdict,
    mean_interval,
    verdict_of,
    welch_interval,
    wilson_interval,
)
from eip_cli.comparison.sweep_rows import interval_against_published
from eip_cli.published.baseline import BASELINE_ACCURACY, RUN_TO_RUN_DEVIATION, TEST_IMAGE_COUNT

# Quantiles of Student's distribution at 0.975, from its table.
T_TABLE = {1: 12.7062, 2: 4.3027, 4: 2.7764, 9: 2.2622}


@pytest.mark.parametrize(("correct", "n"), [(8441, 10_000), (0, 10), (10, 10), (1, 3), (355, 360)])
def test_the_accuracy_interval_is_wilsons(correct: int, n: int) -> None:
    reference = binomtest(correct, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(correct, n) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one observation"):
        wilson_interval(0, 0)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_interval_of_a_mean_is_students(n: int) -> None:
    accuracies = [0.84 + 0.001 * number**1.5 for number in range(n)]
    mean = sum(accuracies) / n
    deviation = math.sqrt(sum((value - mean) ** 2 for value in accuracies) / (n - 1))
    half = T_TABLE[n - 1] * deviation / math.sqrt(n)
    assert mean_interval(accuracies) == pytest.approx((mean - half, mean + half), abs=1e-6)


def test_the_interval_of_a_difference_is_welchs() -> None:
    # With Satterthwaite's degrees of freedom: (2e-6 + 1e-6)**2 / (4e-12 / 2 + 1e-12 / 2) = 3.6, at which
    # Student's quantile lies between those of 3 and 4 degrees.
    first = [0.85 - math.sqrt(6e-6), 0.85, 0.85 + math.sqrt(6e-6)]
    second = [0.83 - math.sqrt(3e-6), 0.83, 0.83 + math.sqrt(3e-6)]
    low, high = welch_interval(first, second)
    assert (low + high) / 2 == pytest.approx(0.02)
    assert (high - low) / 2 / math.sqrt(3e-6) == pytest.approx(2.9024, abs=1e-3)


def test_runs_of_one_accuracy_have_no_interval() -> None:
    assert not has_spread([0.84]) and not has_spread([0.84, 0.84, 0.84])
    assert has_spread([0.84, 0.8401])
    with pytest.raises(ValueError, match="two different accuracies"):
        mean_interval([0.84, 0.84])
    with pytest.raises(ValueError, match="on each side"):
        welch_interval([0.84, 0.85], [0.83, 0.83])


@pytest.mark.parametrize(
    ("only_this", "only_other"), [(0, 0), (1, 0), (5, 0), (6, 0), (30, 15), (2, 9), (7, 7)]
)
def test_mcnemars_p_value_is_the_binomials_two_tails(only_this: int, only_other: int) -> None:
    n, fewer = only_this + only_other, min(only_this, only_other)
    tail = sum(math.comb(n, count) for count in range(fewer + 1)) / 2**n
    assert mcnemar_p_value(only_this, only_other) == pytest.approx(min(1, 2 * tail))


def test_mcnemars_verdict_needs_a_p_value_below_5_percent() -> None:
    assert mcnemar_verdict(5, 0) == "indistinguishable"  # p = 1/16
    assert (mcnemar_verdict(6, 0), mcnemar_verdict(0, 6)) == ("better", "worse")  # p = 1/32


# The verdicts on simulated accuracies: how often is one given where there is no difference, and how
# often does an interval miss a difference that is there? Both must be what 95% promises.
SIMULATIONS = 4_000
PROMISED = 0.05
# Four standard errors of a frequency: a sound interval fails here once in 16,000 times, and the seeds
# below are fixed.
TOLERANCE = 4 * math.sqrt(PROMISED * (1 - PROMISED) / SIMULATIONS)
COUNTS = (2, 3, 5, 10)


def simulate(mean: float, n: int, seed: int, deviation: float = RUN_TO_RUN_DEVIATION) -> NDArray[np.float64]:
    """Accuracies (SIMULATIONS, n) of runs of one network, as they are counted on 10,000 images."""
    drawn = np.random.default_rng(seed).normal(mean, deviation, (SIMULATIONS, n))
    return np.asarray(np.round(drawn * TEST_IMAGE_COUNT) / TEST_IMAGE_COUNT)


def interval_of(accuracies: NDArray[np.float64]) -> tuple[float, float]:
    """The interval of a configuration's mean minus 82.44, as its row has it."""
    return interval_against_published(accuracies.tolist())


@pytest.mark.parametrize("n", COUNTS)
def test_one_sample_verdicts_are_wrong_5_percent_of_the_time_at_no_difference(n: int) -> None:
    verdicts = [verdict_of(interval_of(row)) for row in simulate(BASELINE_ACCURACY, n, seed=n)]
    assert 1 - verdicts.count("indistinguishable") / SIMULATIONS == pytest.approx(PROMISED, abs=TOLERANCE)
    assert verdicts.count("better") / SIMULATIONS == pytest.approx(PROMISED / 2, abs=TOLERANCE)


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("difference", [0.003, 0.02])
def test_one_sample_intervals_hold_the_difference_95_percent_of_the_time(n: int, difference: float) -> None:
    drawn = simulate(BASELINE_ACCURACY + difference, n, seed=100 + n)
    misses = sum(not low <= difference <= high for low, high in map(interval_of, drawn))
    assert misses / SIMULATIONS == pytest.approx(PROMISED, abs=TOLERANCE)


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("difference", [0, 0.01])
def test_welchs_intervals_miss_5_percent_of_the_time_at_most(n: int, difference: float) -> None:
    # Welch's is approximate: with two or three runs on each side it is wider than it need be.
    ours, base = simulate(0.825 + difference, n, seed=200 + n), simulate(0.825, n, seed=300 + n)
    pairs = [
        (a, b) for a, b in zip(ours.tolist(), base.tolist(), strict=True) if has_spread(a) and has_spread(b)
    ]
    intervals = [welch_interval(a, b) for a, b in pairs]
    misses = sum(not low <= difference <= high for low, high in intervals) / len(intervals)
    assert PROMISED / 2 - TOLERANCE < misses < PROMISED + TOLERANCE
    if n >= 5:
        assert misses == pytest.approx(PROMISED, abs=TOLERANCE)


def test_welchs_intervals_hold_where_the_spreads_differ() -> None:
    ours, base = simulate(0.825, 10, seed=401, deviation=0.009), simulate(0.825, 5, seed=402, deviation=0.003)
    intervals = [welch_interval(a, b) for a, b in zip(ours.tolist(), base.tolist(), strict=True)]
    misses = sum(verdict_of(interval) != "indistinguishable" for interval in intervals) / SIMULATIONS
    assert misses == pytest.approx(PROMISED, abs=TOLERANCE)


@pytest.mark.parametrize("difference", [0, 0.01, -0.02])
def test_the_single_runs_interval_misses_5_percent_of_the_time(difference: float) -> None:
    # The published number is one training's as well: both sides scatter, by the training and the images.
    random = np.random.default_rng(7)
    accuracy = BASELINE_ACCURACY + difference
    runs, published = (
        random.binomial(TEST_IMAGE_COUNT, random.normal(mean, RUN_TO_RUN_DEVIATION, 5 * SIMULATIONS))
        / TEST_IMAGE_COUNT
        for mean in (accuracy, BASELINE_ACCURACY)
    )
    # The published number is given; what it missed by is moved to the other side.
    seen = runs - (published - BASELINE_ACCURACY)
    intervals = map(delta_interval, seen.tolist())
    misses = sum(not low <= difference <= high for low, high in intervals) / len(seen)
    assert misses == pytest.approx(PROMISED, abs=TOLERANCE / math.sqrt(5))


@pytest.mark.parametrize("disputed", [5, 20, 100, 1000])
def test_mcnemars_verdict_is_wrong_5_percent_of_the_time_at_most(disputed: int) -> None:
    # Exactly, not by simulation: every way in which the disputed images can fall, with its probability.
    counts = np.arange(disputed + 1)
    wrong = [mcnemar_verdict(int(count), disputed - int(count)) != "indistinguishable" for count in counts]
    rate = float(binom.pmf(counts, disputed, 0.5) @ np.array(wrong))
    assert rate <= PROMISED
    assert rate > (0.035 if disputed >= 100 else 0.0) or disputed == 5


def test_mcnemars_verdict_finds_a_real_difference() -> None:
    # 84.4% against 82.4% with 1,400 disputed images: 800 to 600. The normal approximation's power.
    random = np.random.default_rng(8)
    drawn = random.binomial(1400, 800 / 1400, 500)
    found = np.mean([mcnemar_verdict(int(count), 1400 - int(count)) == "better" for count in drawn])
    assert found > norm.cdf(200 / math.sqrt(1400) - 1.96) - 0.02
