"""Rules that a training or a measurement answers, and bounds."""

from typing import Any

import pytest

from eip_cli.comparison.row import compare
from eip_cli.rules.rule_check import RuleCheck, do_all_hold
from eip_cli.rules.rule_set import parse_rules
from eip_cli.rules.subject import FinalAccuracy, Subject, Training
from eip_cli.runs.history import EpochRow


def ask(rule: str, subject: Subject) -> tuple[str, bool | None]:
    (found,) = parse_rules(f'title = "mine"\n[[rule]]\n{rule}', "mine.toml").check(subject)
    return " ".join([found.found, *found.names]), found.holds


def trained(*accuracies: float, planned: int | None = None, **facts: Any) -> Subject:
    rows = tuple(EpochRow(epoch, 0.1, 1, 0.5, 1, value, 9.0) for epoch, value in enumerate(accuracies, 1))
    training = Training(rows, planned or len(rows), planned in (None, len(rows)), **facts)
    return Subject(training=training)


def measured(accuracy: float, interval: tuple[float, float] | None = None, against: bool = False) -> Subject:
    row = compare("mine", "run", accuracy, params=None, receptive_field=None) if against else None
    return Subject(final=FinalAccuracy(accuracy, "on 10,000 test images", interval, row))


@pytest.mark.parametrize(
    ("accuracies", "holds", "found"),
    [
        ((0.9, 0.994, 0.995, 0.996), True, "the lowest is epoch 2 with 99.40%"),
        ((0.9, 0.994, 0.993, 0.996), False, "1 of 3 are not: epoch 3 with 99.30%"),
        ((0.9, 0.995), False, "2 epochs in all"),
    ],
)
def test_every_one_of_the_last_epochs_counts(accuracies: tuple, holds: bool, found: str) -> None:
    rule = "kind='consistency'\nlast=3\nat_least=0.994"
    assert ask(rule, trained(*accuracies)) == (found, holds)


def test_nothing_is_consistent_before_the_end() -> None:
    rule = "kind='consistency'\nlast=2\nat_least=0.5"
    assert ask(rule, trained(0.9, 0.9, planned=3)) == ("not finished: 2 epochs so far", None)


@pytest.mark.parametrize("rule", ["kind='any-epoch'\nabove=0.5", "kind='consistency'\nlast=1\nabove=0.5"])
def test_accuracies_of_other_images_say_nothing(rule: str) -> None:
    assert ask(rule, trained(0.9, obstacle="of held-out images")) == ("of held-out images", None)
    assert ask(rule, trained(0.9, doubt="it contradicts itself")) == ("it contradicts itself", None)
    assert ask(rule, Subject())[1] is None


def test_epochs_of_a_history_that_contradicts_itself_do_not_count() -> None:
    rule = "kind='epochs'\nat_most=50"
    assert ask(rule, trained(0.9)) == ("1 epoch", True)
    assert ask(rule, trained(0.9, obstacle="of held-out images")) == ("1 epoch", True)
    assert ask(rule, trained(0.9, doubt="it contradicts itself")) == ("it contradicts itself", None)


@pytest.mark.parametrize(
    ("interval", "judge", "holds"),
    [
        ((0.794, 0.81), "point", True),
        ((0.794, 0.81), "interval", None),
        ((0.801, 0.81), "interval", True),
        ((0.78, 0.799), "interval", False),
        (None, "interval", None),
    ],
)
def test_point_or_interval_decides(
    interval: tuple[float, float] | None, judge: str, holds: bool | None
) -> None:
    accuracy = 0.802 if interval is None else sum(interval) / 2
    rule = f"kind='final-accuracy'\nat_least=0.80\njudge='{judge}'"
    assert ask(rule, measured(accuracy, interval))[1] is holds


@pytest.mark.parametrize(
    ("accuracy", "point", "interval"), [(0.83, True, None), (0.86, True, True), (0.8244, False, None)]
)
def test_the_baseline_is_judged_by_the_difference_of_two_trainings(
    accuracy: float, point: bool, interval: bool | None
) -> None:
    subject = measured(accuracy, (accuracy - 0.001, accuracy + 0.001), against=True)
    rule = "kind='final-accuracy'\nabove=0.8244"
    assert ask(rule, subject)[1] is point
    assert ask(f"{rule}\njudge='interval'", subject)[1] is interval
    assert "points (95% interval" in ask(rule, subject)[0]


@pytest.mark.parametrize(
    ("low", "high", "admitted"),
    [(0.2, 0.3, True), (0.05, 0.3, None), (0.05, 0.09, False), (0.05, 0.5, None), (0.41, 0.5, False)],
)
def test_an_interval_lies_within_bounds_outside_or_across(
    low: float, high: float, admitted: bool | None
) -> None:
    (rule,) = parse_rules(
        "title='x'\n[[rule]]\nkind='final-accuracy'\nabove=0.1\nat_most=0.4\njudge='interval'", "x"
    ).rules
    assert rule.check(measured((low + high) / 2, (low, high))).holds is admitted


def test_what_cannot_be_said_does_not_pass() -> None:
    yes, no, unknown = (RuleCheck("a rule", "found", holds) for holds in (True, False, None))
    assert do_all_hold([yes, yes]) is True
    assert do_all_hold([yes, unknown]) is None
    assert do_all_hold([yes, unknown, no]) is False
