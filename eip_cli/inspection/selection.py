"""Which images a gallery shows, and in which order."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eip_cli.comparison.evaluation.answers import Answers
from eip_cli.foundation.errors import DataError

Order = Literal["loss", "confidence", "random", "index"]


@dataclass(frozen=True)
class Selection:
    """Which images are asked for: ``count`` at most, of classes that the user names, in an order.

    ``indices`` are of test images, shown in their order whether they are classified rightly or not. ``seed``
    is that of a random order.
    """

    count: int = 25
    order: Order = "loss"
    true: str | None = None
    predicted: str | None = None
    indices: tuple[int, ...] | None = None
    seed: int = 0


def find_class(name: str, class_names: Sequence[str], dataset: str) -> int:
    """The class that ``name`` means: a class's name, in any case, or its number from 0.

    Raises DataError where it means none, with the nearest.
    """
    lowered = [one.casefold() for one in class_names]
    if name.casefold() in lowered:
        return lowered.index(name.casefold())
    if name.isascii() and name.isdecimal() and int(name) < len(class_names):
        return int(name)
    near = difflib.get_close_matches(name.casefold(), lowered, 1, cutoff=0.5)
    shown = ", ".join(class_names[:10]) + (", ..." if len(class_names) > 10 else "")
    meant = f"did you mean {class_names[lowered.index(near[0])]}?" if near else f"it has {shown}"
    raise DataError(f"{dataset} has no class {name!r}: {meant}")


def require_indices(indices: Sequence[int], images: int) -> None:
    """Raise DataError where one of ``indices`` is none of so many test images."""
    for index in indices:
        if not 0 <= index < images:
            raise DataError(f"there is no test image {index}: they are numbered from 0 to {images - 1:,}")


def select_images(
    wanted: Selection,
    pool: NDArray[np.bool_],
    labels: NDArray[np.int64],
    answers: Sequence[Answers],
    true: int | None,
    predicted: int | None,
) -> tuple[NDArray[np.int64], int]:
    """Indices of the images to show, and how many there were to choose from.

    ``pool`` (n,): the images in question. ``true`` and ``predicted`` are classes, the latter by the first of
    ``answers``. Where there are answers of two networks, the one that is more wrong of an image counts for
    its place, of those that have probabilities. Of images named by their numbers all are shown.
    """
    are_named = wanted.indices is not None
    found = np.asarray(wanted.indices, "int64") if are_named else np.flatnonzero(pool)
    if true is not None:
        found = found[labels[found] == true]
    if predicted is not None:
        found = found[answers[0].predictions[found] == predicted]
    if not are_named:
        found = found[_rank(wanted, labels, answers)[found].argsort(kind="stable")]
    return found[: None if are_named else wanted.count], len(found)


def _rank(wanted: Selection, labels: NDArray[np.int64], answers: Sequence[Answers]) -> NDArray[np.float64]:
    """For each image (n,) a number, the lower the earlier it is shown."""
    if wanted.order == "random":
        # RandomState's stream is frozen for good (NEP 19), that of numpy's Generator is not.
        random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(wanted.seed)))
        return random.permutation(len(labels)).astype("float64")
    if wanted.order == "index":
        return np.arange(len(labels), dtype="float64")
    measures = [
        answer.losses(labels) if wanted.order == "loss" else _wrong_confidence(answer, labels)
        for answer in answers
        if answer.are_known
    ]
    # An image without an answer is as wrong as can be.
    return -np.max(np.where(np.isnan(measures), np.inf, measures), axis=0)


def _wrong_confidence(answers: Answers, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(answers.predictions == labels, 0.0, answers.confidences)
