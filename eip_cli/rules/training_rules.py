"""Rules that a training or a measurement answers: epochs and accuracies."""

from typing import Annotated, Literal

from msgspec import Meta

from eip_cli.foundation.records import PositiveCount
from eip_cli.published.baseline import BASELINE_ACCURACY
from eip_cli.runs.history import EpochRow

from .bounds import BoundedRule
from .rule import Rule
from .rule_check import RuleCheck, count
from .subject import FinalAccuracy, Subject, Training


class Epochs(Rule, frozen=True, kw_only=True, tag="epochs"):
    """How many epochs the network may have been trained."""

    at_most: PositiveCount

    def describe(self) -> str:
        """``At most 50 epochs``."""
        return f"At most {count(self.at_most, 'epoch')}"

    def check(self, subject: Subject) -> RuleCheck:
        """By the run's history; one that began from a checkpoint has more epochs than that."""
        training = subject.training
        if training is None or training.doubt:
            return self.found(training.doubt if training and training.doubt else subject.no_training, None)
        done = len(training.history)
        words = count(done, "epoch")
        if not training.is_complete:
            words += f" so far, of {training.planned_epochs} planned"
        if done > self.at_most:
            return self.found(words, False)
        if training.start is not None:
            words += ", and those of the checkpoint that it began from:"
            return self.found(words, None, (training.start,))
        if not training.is_complete and training.planned_epochs > self.at_most:
            return self.found(words, None)
        return self.found(words, True)


class _AccuracyRule(BoundedRule, frozen=True):
    """Bounds of an accuracy, a fraction."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(bound > 1 for _, bound in self.list_bounds()):
            raise ValueError("an accuracy is a fraction: 0.8244, not 82.44")

    def describe_accuracy(self) -> str:
        """``above 82.44%``."""
        return self.describe_bounds("{:.2%}".format)


class Accuracy(_AccuracyRule, frozen=True, tag="final-accuracy"):
    """The accuracy of the last epoch: its ``point``, or the whole of its 95% ``interval``, decides."""

    judge: Literal["point", "interval"] = "point"

    def describe(self) -> str:
        """``Final accuracy above 82.44%``."""
        by = "" if self.judge == "point" else ", by its interval"
        return f"Final accuracy {self.describe_accuracy()}{by}"

    def check(self, subject: Subject) -> RuleCheck:
        """Against the base network's 82.44% the interval is that of the difference of two trainings."""
        final = subject.final
        if final is None:
            return self.found(subject.no_final, None)
        words = f"{final.accuracy:.2%} {final.measured}"
        if self._is_against_baseline() and final.comparison and final.comparison.delta_ci95:
            return self._compare(words, final)
        if final.interval is not None:
            low, high = final.interval
            words += f" (95% interval {low:.2%} to {high:.2%})"
        if self.judge == "point":
            return self.found(words, self.admit(final.accuracy))
        return self.found(words, None if final.interval is None else self.admit_interval(*final.interval))

    def _is_against_baseline(self) -> bool:
        return self.list_bounds() in ([("above", BASELINE_ACCURACY)], [("at_least", BASELINE_ACCURACY)])

    def _compare(self, words: str, final: FinalAccuracy) -> RuleCheck:
        row = final.comparison
        assert row is not None and row.delta is not None and row.delta_ci95 is not None
        low, high = (100 * side for side in row.delta_ci95)
        words += f": {100 * row.delta:+.2f} points (95% interval {low:+.2f} to {high:+.2f}), {row.verdict}"
        if row.verdict == "indistinguishable":
            words += " from the base network by one training"
        if self.judge == "point":
            return self.found(words, self.admit(final.accuracy))
        return self.found(words, {"better": True, "worse": False}.get(row.verdict))


class AnyEpoch(_AccuracyRule, frozen=True, tag="any-epoch"):
    """The accuracy of some epoch, the first of which is named."""

    def describe(self) -> str:
        """``An epoch above 82.44%``."""
        return f"An epoch {self.describe_accuracy()}"

    def check(self, subject: Subject) -> RuleCheck:
        """By the run's history."""
        history, reason = _trusted(subject)
        if history is None:
            return self.found(reason, None)
        within = [row for row in history if self.admit(row.val_accuracy)]
        if not within:
            return self.found(f"none of {len(history)}", False)
        first = within[0]
        words = f"first epoch {first.epoch} ({first.val_accuracy:.2%}, one measurement)"
        for_good = max((row.epoch for row in history if not self.admit(row.val_accuracy)), default=0) + 1
        if for_good > history[-1].epoch:
            words += "; the last epoch is not"
        elif for_good > first.epoch:
            words += f"; every one from epoch {for_good} on"
        return self.found(words, True)


class Consistency(_AccuracyRule, frozen=True, kw_only=True, tag="consistency"):
    """The accuracy of every one of the ``last`` epochs."""

    last: Annotated[int, Meta(ge=1, le=1_000_000)]

    def describe(self) -> str:
        """``Each of the last 5 epochs at least 99.40%``."""
        return f"Each of the last {count(self.last, 'epoch')} {self.describe_accuracy()}"

    def check(self, subject: Subject) -> RuleCheck:
        """By the run's history, once it is complete."""
        history, reason = _trusted(subject)
        if history is None:
            return self.found(reason, None)
        assert subject.training is not None
        if not subject.training.is_complete:
            return self.found(f"not finished: {count(len(history), 'epoch')} so far", None)
        if len(history) < self.last:
            return self.found(f"{count(len(history), 'epoch')} in all", False)
        rows = history[-self.last :]
        broken = [row for row in rows if not self.admit(row.val_accuracy)]
        if broken:
            worst = broken[-1]
            return self.found(f"{len(broken)} of {self.last} are not: {_name_epoch(worst)}", False)
        return self.found(f"the lowest is {_name_epoch(min(rows, key=lambda row: row.val_accuracy))}", True)


def _name_epoch(row: EpochRow) -> str:
    return f"epoch {row.epoch} with {row.val_accuracy:.2%}"


def _trusted(subject: Subject) -> tuple[tuple[EpochRow, ...] | None, str]:
    """The history whose accuracies may be judged, or why there is none."""
    training: Training | None = subject.training
    if training is None:
        return None, subject.no_training
    reason = training.doubt or training.obstacle
    return (None, reason) if reason else (training.history, "")
