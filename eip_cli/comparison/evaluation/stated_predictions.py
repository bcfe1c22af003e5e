"""What a file of predictions states, whatever its form, and whether it can be true of a dataset."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eip_cli.comparison.record_checks import NEAR_CHANCE
from eip_cli.datasets.dataset import Dataset
from eip_cli.foundation.errors import CheckpointError
from eip_cli.foundation.problem import NO_CLASS

SUM_TOLERANCE = 1e-3  # four decimals for each of ten classes are off by half of it at most
KEEP_ORDER = "shuffle=False keeps it"
_SOFTMAX = "apply softmax before saving (torch.softmax(outputs, dim=1))"


@dataclass(frozen=True, eq=False)
class StatedPredictions:
    """For n images: probabilities (n, classes), predicted classes (n,), or both; None for what is not there.

    ``shows_order``: the file says of which classes the images are, one after another, and that agrees.
    ``parameters`` is the network's number of parameters, if stated.
    """

    probabilities: NDArray[np.float64] | None
    labels: NDArray[np.int64] | None
    shows_order: bool
    parameters: int | None = None


def find_predictions(stated: StatedPredictions, dataset: Dataset, source: str) -> NDArray[np.int64]:
    """The predicted class of each test image (n,), NO_CLASS where there is none.

    ``source`` is the file's name for messages. Raises CheckpointError where what is stated is no
    probabilities or classes of ``dataset``, contradicts itself, or seems to be of images in another order.
    """
    names = dataset.class_names
    if stated.labels is not None:
        _require_classes(stated.labels, len(names), dataset.name, source)
    if stated.probabilities is None:
        assert stated.labels is not None  # neither is refused by who reads the file
        predictions = stated.labels
    else:
        predictions = _require_probabilities(stated.probabilities, source)
        if stated.labels is not None:
            _require_agreement(stated.probabilities, predictions, stated.labels, names, source)
            predictions = stated.labels
    accuracy = float(np.mean(predictions == dataset.test_labels))
    if not stated.shows_order and accuracy < NEAR_CHANCE / len(names):
        raise CheckpointError(
            f"{source}: {accuracy:.1%} are right, no more than by guessing: probably the images were in "
            f"another order ({KEEP_ORDER}); if not, add labels_sha256, or in CSV a column true, to show it"
        )
    return predictions


def _require_classes(labels: NDArray[np.int64], classes: int, dataset: str, source: str) -> None:
    outside = (labels < NO_CLASS) | (labels >= classes)
    if outside.any():
        first = int(outside.argmax())
        raise CheckpointError(
            f"{source}: the class of image {first} is {labels[first]}, where those of {dataset} are 0 to "
            f"{classes - 1} ({NO_CLASS} for none)"
        )


def _require_probabilities(probabilities: NDArray[np.float64], source: str) -> NDArray[np.int64]:
    """The most probable class of each image; NO_CLASS where a number is not finite."""
    is_finite = np.isfinite(probabilities).all(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is no probability either
        sums: NDArray[np.float64] = probabilities.sum(axis=1)
        is_off = is_finite & ~(np.abs(sums - 1) <= SUM_TOLERANCE)
    is_negative = np.logical_and(is_finite, (probabilities < 0).any(axis=1))
    if is_negative.any() or is_off.any():
        first = int((is_negative | is_off).argmax())
        row = probabilities[first]
        found = (
            f"has the negative number {row.min():.4g}" if is_negative[first] else f"sums to {sums[first]:.5g}"
        )
        raise CheckpointError(
            f"{source}: the row of image {first} {found}, where probabilities sum to 1 (within "
            f"{SUM_TOLERANCE:g}): {_describe_remedy(row)}"
        )
    return np.where(is_finite, probabilities.argmax(axis=1), NO_CLASS)


def _describe_remedy(row: NDArray[np.float64]) -> str:
    """What was probably written instead of probabilities."""
    if row.max() <= 0 and abs(np.exp(row).sum() - 1) <= SUM_TOLERANCE:
        return "these are logarithms of probabilities: take their exp"
    if row.min() < 0 or row.max() > 1 + SUM_TOLERANCE:
        return f"these look like logits: {_SOFTMAX}"
    return "write them with more digits if they were rounded; of sigmoids, divide each row by its sum"


def _require_agreement(
    probabilities: NDArray[np.float64],
    predictions: NDArray[np.int64],
    labels: NDArray[np.int64],
    names: tuple[str, ...],
    source: str,
) -> None:
    """Raise CheckpointError where a class is not among the most probable; rounding makes several equal."""
    images = np.arange(len(labels))
    is_same = probabilities[images, labels] == probabilities[images, predictions]
    agrees = np.where((labels == NO_CLASS) | (predictions == NO_CLASS), labels == predictions, is_same)
    if not agrees.all():
        first = int((~agrees).argmax())
        by_label, by_row = (
            "no class" if one[first] == NO_CLASS else names[one[first]] for one in (labels, predictions)
        )
        raise CheckpointError(
            f"{source}: image {first} is {by_label} by its predicted class, {by_row} by its probabilities: "
            "the class belongs to the largest of them (it is the predicted one, not the true one)"
        )
