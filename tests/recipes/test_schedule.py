"""The learning-rate schedules, against the published log."""

import pytest

from eip_cli.foundation.backend import keras
from eip_cli.published.logs import PUBLISHED_RUNS, read_published_log
from eip_cli.recipes.schedules import SCHEDULES, Moment, constant_rate, kinked_rate, parse_schedule, rate_at


def test_the_kinked_schedule_is_the_logs_to_the_last_digit() -> None:
    log = read_published_log(PUBLISHED_RUNS[1])
    assert [kinked_rate(epoch, 0.004) for epoch in range(50)] == [row["learning_rate"] for row in log]


def test_the_kink_raises_the_rate_once() -> None:
    rates = [kinked_rate(epoch, 0.004) for epoch in range(50)]
    rises = [epoch for epoch in range(1, 50) if rates[epoch] > rates[epoch - 1]]
    assert rises == [31]


def test_the_kinked_schedule_scales_with_its_first_rate() -> None:
    assert kinked_rate(0, 0.01) == 0.01
    assert kinked_rate(10, 0.008) == round(2 * 0.004 / 4.09, 10)


def test_a_constant_rate_stays() -> None:
    assert {constant_rate(epoch, 0.001) for epoch in range(50)} == {0.001}


def rates(schedule: str, warmup: float = 0, epochs: int = 20, steps: int = 10) -> list[float]:
    return [rate_at(schedule, Moment(step, steps, epochs), 0.8, warmup) for step in range(epochs * steps)]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "one-cycle", "one-cycle=3"])
def test_what_falls_to_nothing_does_at_the_last_step(schedule: str) -> None:
    values = rates(schedule)
    assert values[-1] == 0
    assert max(values) == pytest.approx(0.8, rel=0.02)
    assert min(values) >= 0


def test_one_cycle_rises_from_a_tenth_to_its_peak() -> None:
    values = rates("one-cycle")
    assert values[0] == pytest.approx(0.08)
    assert values.index(max(values)) == pytest.approx(50, abs=1)
    assert rates("one-cycle=3").index(max(rates("one-cycle=3"))) == pytest.approx(30, abs=1)
    assert sorted(values[:50]) == values[:50]
    assert sorted(values[50:], reverse=True) == values[50:]


def test_cosine_and_linear_are_half_way_down_in_the_middle() -> None:
    for schedule in ("cosine", "linear"):
        assert sum(rates(schedule)[99:101]) / 2 == pytest.approx(0.4, abs=1e-9)


def test_step_divides_by_ten_after_half_and_three_quarters() -> None:
    assert rates("step")[::10] == pytest.approx([0.8] * 10 + [0.08] * 5 + [0.008] * 5)


def test_the_report_and_a_constant_change_with_the_epoch_alone() -> None:
    for schedule in ("report", "constant"):
        values = rates(schedule)
        assert all(len(set(values[start : start + 10])) == 1 for start in range(0, 200, 10))


def test_warm_up_rises_in_a_line_and_leaves_the_rest_alone() -> None:
    values, plain = rates("linear", warmup=2), rates("linear")
    assert values[0] == pytest.approx(plain[0] / 20)
    assert values[9] == pytest.approx(plain[9] / 2)
    assert values[20:] == plain[20:]


def test_the_reports_schedule_was_called_kinked() -> None:
    assert parse_schedule("kinked") == ("report", None)


def plateau_rates(losses: list[float], schedule: str = "plateau") -> list[float]:
    """The rate of each epoch, the one after the last included."""
    epochs = range(len(losses) + 1)
    return [rate_at(schedule, Moment(10 * epoch, 10, 50, losses[:epoch]), 0.5) for epoch in epochs]


def test_plateau_is_kerass_callback() -> None:
    losses = [2.0, 1.5, 1.6, 1.5, 1.49995, 1.7, 1.51, 1.2, *[1.3] * 11, 1.1]
    optimizer = keras.optimizers.SGD(0.5)
    callback = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=5)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer, "mse")
    callback.set_model(model)
    callback.on_train_begin()
    expected = [0.5]
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": loss})
        expected.append(float(optimizer.learning_rate))
    assert plateau_rates(losses) == pytest.approx(expected, rel=1e-6)
    assert len(set(expected)) == 4


def test_plateau_waits_as_long_as_it_is_told() -> None:
    assert plateau_rates([1.0] * 5, "plateau=2") == pytest.approx([0.5, 0.5, 0.5, 0.05, 0.05, 0.005])


@pytest.mark.parametrize(
    "text", ["", "fast", "cosine=3", "one-cycle=", "one-cycle=0", "one-cycle=nan", "plateau=0"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no schedule|epochs above 0"):
        parse_schedule(text)


def test_a_training_of_one_step_has_a_rate() -> None:
    for schedule in SCHEDULES:
        assert rate_at(schedule, Moment(0, 1, 1), 0.5) in (0.5, 0.05, 0.0)
