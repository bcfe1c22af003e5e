"""SUBMISSION as the user names it -> what an assignment's rules find of it.

A run, a checkpoint, a file of predictions, or a network without weights. What can be measured is measured
here: what records claim counts only as far as it agrees with that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eip_cli.comparison.evaluation.predictions_file import assess_predictions, is_predictions_name
from eip_cli.comparison.evaluation.results import Assessment
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.runs.catalogue import find_run, is_run_id
from eip_cli.runs.run_directory import RECORD_FILE

from .measured_accuracy import describe_accuracy
from .rule_check import RuleCheck, do_all_hold, sum_points
from .rule_set import RuleSet
from .subject import Subject

PREDICTIONS_ALONE = "predictions alone: there is no network to look at"


@dataclass(frozen=True, eq=False)
class CheckedSubmission:
    """What the rules find of one submission.

    ``kind`` is ``run``, ``checkpoint``, ``predictions`` or ``network``. ``contradictions`` are sentences on
    what its own records say against its files or against what was measured. ``assessment`` is there where
    its accuracy was measured.
    """

    submission: str
    kind: str
    rules: RuleSet
    subject: Subject
    checks: tuple[RuleCheck, ...]
    contradictions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    assessment: Assessment | None = None

    @property
    def holds(self) -> bool | None:
        """Whether all rules hold; None where none is broken, but some cannot be said."""
        return do_all_hold(self.checks)

    @property
    def points(self) -> float:
        """Those of the rules that hold."""
        return sum_points(self.checks)


@dataclass(frozen=True)
class Reading:
    """How a submission is read: the network of weights alone, the form of pixels, and what is stated."""

    network: str | None = None
    pixels: str | None = None
    params: int | None = None
    trust: bool = False


def check_submission(
    name: str,
    rules: RuleSet,
    images: Callable[[], Dataset],
    reading: Reading = Reading(),  # frozen
    progress: DownloadProgress = SILENT,
) -> CheckedSubmission:
    """Ask ``rules`` of the submission that ``name`` means; ``images`` gives those of the rules' dataset.

    ``progress`` is told what was chosen. Raises an EipError where the submission cannot be read at all.
    """
    if is_predictions_name(name):
        return _check_predictions(name, rules, images(), reading.params)
    # Imported here: it starts Keras, which predictions do without.
    from .trained_submission import check_checkpoint, check_network, check_run, is_network_name

    if is_run(name):
        return check_run(name, find_run(name), rules, images, reading, progress)
    if is_network_name(name):
        return check_network(name, rules, reading)
    return check_checkpoint(name, rules, images, reading, progress)


def is_run(name: str) -> bool:
    """Whether ``name`` means a run as a whole, and no file."""
    path = Path(name)
    is_named = name == "latest" or is_run_id(name) or (path / RECORD_FILE).is_file()
    return is_named and not path.is_file()


def _check_predictions(name: str, rules: RuleSet, images: Dataset, params: int | None) -> CheckedSubmission:
    assessment = assess_predictions(name, images, params)
    evaluation = assessment.evaluation
    final, reason = describe_accuracy(evaluation, None)
    subject = Subject(
        no_network=PREDICTIONS_ALONE,
        stated_params=evaluation.params,
        no_training="predictions alone: nothing is known of the training",
        final=final,
        no_final=reason,
    )
    return CheckedSubmission(
        name, "predictions", rules, subject, rules.check(subject), (), evaluation.notes, assessment
    )
