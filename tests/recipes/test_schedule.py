"""The learning-rate schedules, against the published log."""

from eip_cli.published.logs import PUBLISHED_RUNS, read_published_log
from eip_cli.recipes.schedules import constant_rate, kinked_rate


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
