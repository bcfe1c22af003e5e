"""The learning-rate range test: what a curve shows, when seeds agree, and the command that tries it."""

import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.training.range_test.curves import Explosion, RateCurve, compare_curves, read_curve, smooth
from eip_cli.training.range_test.rate_test import find_learning_rate
from tests.support.places import NETWORKS

RATES = np.geomspace(1e-5, 10, 180)
TINY = ["find-rate", f"{NETWORKS}:tiny", "--dataset", "digits", "--limit-train", "200", "--no-accelerate"]


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


def fall_around(rate: float) -> Callable[[float], float]:
    """A loss that falls from 2.3 to 1.3, fastest at ``rate``, and rises from thirty times that on."""

    def loss(tried: float) -> float:
        fallen = 1 / (1 + (rate / tried) ** 2)
        return 2.3 - fallen + (tried / (100 * rate)) ** 2

    return loss


def curve_of(loss: Callable[[float], float], noise: float = 0.0, seed: int = 0) -> RateCurve:
    """As a test comes by it: with noise, and stopped where the loss explodes."""
    random = np.random.default_rng(seed)
    explosion, losses = Explosion(len(RATES)), []
    for rate in RATES:
        found = loss(float(rate)) + noise * random.standard_normal()
        if explosion.has_come(found):
            break
        losses.append(found)
    return read_curve(seed, RATES[: len(losses)].tolist(), losses, len(RATES))


def test_smoothing_keeps_a_level_a_line_and_its_place() -> None:
    assert smooth(np.full(50, 3.0)) == pytest.approx(np.full(50, 3.0))
    line = np.arange(200.0)
    assert smooth(line)[80:120] == pytest.approx(line[80:120], abs=0.05)
    step = np.repeat([1.0, 0.0], 100)
    assert smooth(step)[99:101].mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("rate", [0.0003, 0.003, 0.03])
def test_the_fastest_fall_and_the_turn_are_found_through_noise(rate: float) -> None:
    curve = curve_of(fall_around(rate), noise=0.03)
    assert curve.steepest == pytest.approx(rate, rel=0.5)
    assert curve.rises_from is not None
    assert 3 * rate < curve.rises_from < 60 * rate


def test_what_comes_in_the_first_tenth_of_the_steps_is_ignored() -> None:
    def loss(rate: float) -> float:
        from_a_bad_start = 8.0 if rate < 2e-5 else 0.0
        return fall_around(0.003)(rate) + from_a_bad_start

    assert curve_of(loss).steepest == pytest.approx(0.003, rel=0.5)


def test_a_test_stops_at_four_times_the_smallest_loss_or_without_one() -> None:
    curve = curve_of(fall_around(0.003))
    assert len(curve.losses) < len(RATES)
    assert curve.losses[-1] < 100
    explosion = Explosion(100)
    assert [explosion.has_come(2.0) for _ in range(20)] == [False] * 20
    assert explosion.has_come(math.nan)


def test_a_loss_that_does_not_fall_names_no_rate() -> None:
    flat = curve_of(lambda rate: 2.3 + max(0.0, rate - 0.1))
    assert (flat.steepest, flat.rises_from) == (None, None)
    exploded_at_once = read_curve(0, [1e-5, 2e-5], [2.3, 2.3], 180)
    assert exploded_at_once.steepest is None


def test_seeds_that_agree_name_their_geometric_mean() -> None:
    agreement = compare_curves([curve_of(fall_around(rate)) for rate in (0.002, 0.003, 0.0045)])
    assert agreement.steepest == pytest.approx(0.003, rel=0.2)
    assert agreement.spread == pytest.approx(2.25, rel=0.2)
    assert agreement.stands_out


def test_no_rate_stands_out_where_seeds_disagree_by_more_than_three_times() -> None:
    agreement = compare_curves([curve_of(fall_around(rate)) for rate in (0.001, 0.005)])
    assert (agreement.steepest, agreement.rises_from, agreement.stands_out) == (None, None, False)
    assert agreement.spread == pytest.approx(5, rel=0.2)
    flat = compare_curves([curve_of(fall_around(0.001)), curve_of(lambda rate: 2.3)])
    assert (flat.steepest, flat.spread) == (None, None)


def test_the_command_names_what_was_found_and_trains() -> None:
    options = ["--dataset", "digits", "--no-accelerate", "--optimizer", "sgd"]
    result = eip("find-rate", f"{NETWORKS}:tiny", *options, "--plot", "rates.svg", "--format", "json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert len(found["seeds"]) == 3
    assert {tuple(seed["rates"][:2]) for seed in found["seeds"]} == {tuple(RATES[18:20].tolist())}
    assert found["suggested"] == pytest.approx(found["steepest"], rel=0.05)
    assert found["steepest"] < found["rises_from"]
    assert f"--learning-rate {found['suggested']} --optimizer sgd" in found["command"]
    assert "falls fastest" in Path("rates.svg").read_text()
    words = shlex.split(found["command"].replace("networks.py", str(NETWORKS)))
    trained = eip(*words[1:], "--epochs", "1", "--limit-train", "64")
    assert trained.exit_code == 0, trained.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["rates.svg", "runs"]


def test_where_none_stands_out_nothing_is_suggested() -> None:
    arguments = ["find-rate", f"{NETWORKS}:dead", *TINY[2:], "--seeds", "1", "--steps", "50"]
    found = json.loads(eip(*arguments, "--format", "json").stdout)
    names = ("steepest", "rises_from", "suggested", "command")
    assert [found[name] for name in names] == [None] * 4
    shown = eip(*arguments)
    assert shown.exit_code == 0
    assert "No rate stands out: a seed's loss does not fall." in shown.stdout


def test_a_test_repeats_and_each_seed_has_weights_and_images_of_its_own() -> None:
    config = TrainConfig(model=f"{NETWORKS}:tiny", dataset="digits", limit_train=200, accelerate=False)
    one = find_learning_rate(config, seeds=(0, 1), steps=60)
    two = find_learning_rate(config, seeds=(0, 1), steps=60)
    for mine, other in zip(one.curves, two.curves, strict=True):
        np.testing.assert_array_equal(mine.losses, other.losses)
    assert not np.array_equal(one.curves[0].losses[:50], one.curves[1].losses[:50])


def test_a_network_with_a_schedule_of_its_own_needs_an_optimizer() -> None:
    model = f"{NETWORKS}:scheduled"
    result = eip("find-rate", model, *TINY[2:])
    assert result.exit_code == 1
    assert "is compiled with a learning-rate schedule: give --optimizer" in result.stderr


def test_a_loss_that_is_no_number_from_the_start_is_said() -> None:
    result = eip("find-rate", f"{NETWORKS}:not_finite", *TINY[2:], "--optimizer", "sgd")
    assert result.exit_code == 1
    assert "the loss is nan at a rate of 1e-05: nothing falls" in result.stderr
