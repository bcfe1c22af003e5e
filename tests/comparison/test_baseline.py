"""The published numbers, and the comparison of one training with them."""

import math

import pytest

from eip_cli.comparison.row import compare, delta_interval, published_comparisons
from eip_cli.comparison.statistics import verdict_of
from eip_cli.networks.model import build_model
from eip_cli.networks.summary import summarize_model
from eip_cli.published.baseline import baseline_for
from eip_cli.published.logs import PUBLISHED_RUNS


def test_the_published_rows_are_those_of_the_report() -> None:
    base, separable = published_comparisons()
    assert (base.final_accuracy, base.best_accuracy, base.best_epoch) == (0.8244, 0.8317, 49)
    assert (separable.final_accuracy, separable.best_accuracy, separable.best_epoch) == (0.8441, 0.8515, 48)
    assert base.epochs == separable.epochs == 50
    assert base.selected_on == separable.selected_on == "test"


@pytest.mark.parametrize("run", PUBLISHED_RUNS, ids=lambda run: run.network)
def test_the_published_sizes_are_those_of_the_networks(run) -> None:  # type: ignore[no-untyped-def]
    summary = summarize_model(build_model(run.network), run.network)
    assert (summary.total_params, summary.receptive_field) == (run.params, run.receptive_field)


def test_the_reports_network_is_better_by_the_contracts_formula() -> None:
    # Two proportions on 10,000 images each, and 0.44 points of scatter on both sides.
    variance = (0.8441 * 0.1559 + 0.8244 * 0.1756) / 10_000 + 2 * 0.0044**2
    half = 1.959963984540054 * math.sqrt(variance)
    assert delta_interval(0.8441) == pytest.approx((0.0197 - half, 0.0197 + half), abs=1e-12)
    row = compare("net", "run", 0.8441, params=1, receptive_field=None)
    assert (row.delta, row.verdict) == (pytest.approx(0.0197), "better")


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [(0.85, "better"), (0.83, "indistinguishable"), (0.8244, "indistinguishable"), (0.8, "worse")],
)
def test_a_difference_inside_the_noise_is_no_verdict(accuracy: float, verdict: str) -> None:
    assert verdict_of(delta_interval(accuracy)) == verdict


def test_without_a_final_accuracy_there_is_nothing_to_compare() -> None:
    row = compare("net", "run", None, params=1, receptive_field=None)
    assert (row.delta, row.delta_ci95, row.verdict) == (None, None, "not comparable")


def test_only_cifar10_has_a_baseline() -> None:
    assert (baseline_for("cifar10"), baseline_for("digits")) == (0.8244, None)
