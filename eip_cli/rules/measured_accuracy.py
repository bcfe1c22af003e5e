"""An accuracy that was measured here, as rules ask for it."""

from eip_cli.comparison.evaluation.results import Evaluation
from eip_cli.comparison.record_checks import NOT_CIFAR10
from eip_cli.comparison.row import compare
from eip_cli.networks.facts import ModelSummary

from .subject import FinalAccuracy

TOO_HIGH = "picked as best on the test images: too high; hand in the run, or its final.h5"


def describe_accuracy(
    evaluation: Evaluation, summary: ModelSummary | None
) -> tuple[FinalAccuracy | None, str]:
    """The accuracy that counts, or None and why there is none: no verdict, or picked on these images."""
    if NOT_CIFAR10 in evaluation.notes:
        return None, NOT_CIFAR10
    if evaluation.doubt is not None:
        return None, f"{evaluation.accuracy:.2%}, but no verdict: {evaluation.doubt}"
    if evaluation.selected_on == "test":
        return None, f"{evaluation.accuracy:.2%}, {TOO_HIGH}"
    row = compare(
        evaluation.checkpoint,
        "checkpoint",
        evaluation.accuracy,
        params=evaluation.params,
        receptive_field=summary.receptive_field if summary else None,
        comparable=evaluation.baseline_accuracy is not None,
    )
    measured = f"on {evaluation.n:,} test images, measured here"
    return FinalAccuracy(evaluation.accuracy, measured, evaluation.accuracy_ci95, row), ""
