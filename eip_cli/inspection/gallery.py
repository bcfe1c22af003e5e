"""The test images that a network gets wrong, or that two networks differ on, with what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eip_cli.comparison.baseline_comparison import PICKING_FAVOURS, compare_answers
from eip_cli.comparison.evaluation.answers import Answers
from eip_cli.comparison.evaluation.results import Assessment, Evaluation
from eip_cli.comparison.row import McNemar
from eip_cli.comparison.statements import state_mcnemar
from eip_cli.datasets.dataset import Dataset
from eip_cli.foundation.problem import NO_CLASS
from eip_cli.recipes.pixels import PixelScale

from .selection import Selection, find_class, require_indices, select_images

if TYPE_CHECKING:  # they start Keras, which predictions do without
    from eip_cli.checkpoints.opening import OpenedModel

    from .heat_maps import HeatMaps, HeatRequest

NO_ANSWER = "no class"


@dataclass(frozen=True)
class Answer:
    """A network's answer to one image: a class, probabilities and loss; None where not finite or unknown."""

    predicted: str
    is_right: bool
    confidence: float | None
    probability_of_true: float | None
    loss: float | None


@dataclass(frozen=True)
class ShownImage:
    """A test image by its index, with its class and the answers: of one network, or of two."""

    index: int
    true: str
    answer: Answer
    other: Answer | None = None


@dataclass(frozen=True, eq=False)
class Gallery:
    """Images to show, as uint8 (n, height, width, channels) and in words, and what they were chosen from.

    ``asked`` says in words which those are. ``found`` counts the images that fit what was asked for, of which
    the first are shown; ``misclassified`` all that the network gets wrong.
    """

    evaluation: Evaluation
    misclassified: int
    asked: str
    found: int
    shown: tuple[ShownImage, ...]
    images: NDArray[np.uint8]
    notes: tuple[str, ...]
    other: Evaluation | None = None
    mcnemar: McNemar | None = None
    heat: "HeatMaps | None" = None


@dataclass(frozen=True, eq=False)
class Subject:
    """An opened network, the pixels that it is given, and, if that is known already, what it does on them.

    Of predictions only that is known, and there is no network.
    """

    opened: "OpenedModel | None"
    pixels: PixelScale | None
    assessment: Assessment | None = None


def make_gallery(
    subject: Subject,
    dataset: Dataset,
    selection: Selection,
    against: Subject | None = None,
    heat: "HeatRequest | None" = None,
) -> Gallery:
    """The images of ``selection``, of those that the network gets wrong, or that just one of two gets right.

    Where only the predicted classes are known, the images come in their own order for a loss or a confidence.
    Raises ModelError where a network does not fit the images or Grad-CAM cannot be made, DataError where the
    selection names a class or an image that there is not.
    """
    names, labels = dataset.class_names, dataset.test_labels
    true, predicted = (
        None if name is None else find_class(name, names, dataset.name)
        for name in (selection.true, selection.predicted)
    )
    require_indices(selection.indices or (), len(labels))
    assessments = [_assess(one, dataset) for one in (subject, against) if one is not None]
    answers = [assessment.read_answers() for assessment in assessments]
    selection, unordered = _fall_back(selection, answers)
    right = [assessment.is_correct for assessment in assessments]
    pool = ~right[0] if against is None else right[0] ^ right[1]
    indices, found = select_images(selection, pool, labels, answers, true, predicted)
    shown = tuple(
        ShownImage(int(index), names[labels[index]], *(_answer(one, labels, index, names) for one in answers))
        for index in indices
    )
    images = dataset.test_images[indices]
    heat_maps = None
    if heat is not None and len(indices):
        classes = _classes_to_explain(heat, answers[0].predictions[indices], labels[indices])
        heat_maps = _make_heat_maps(subject, images, classes, heat, assessments[0].are_logits)
    mcnemar, notes = _compare(assessments)
    return Gallery(
        evaluation=assessments[0].evaluation,
        misclassified=int(np.count_nonzero(~right[0])),
        asked=describe_selection(selection, names, true, predicted, against is not None),
        found=found,
        shown=shown,
        images=images,
        notes=(*notes, *unordered, *_count_notes(selection, found), *(heat_maps.notes if heat_maps else ())),
        other=assessments[1].evaluation if against is not None else None,
        mcnemar=mcnemar,
        heat=heat_maps,
    )


def _assess(subject: Subject, dataset: Dataset) -> Assessment:
    if subject.assessment is not None:
        return subject.assessment
    from eip_cli.comparison.evaluation.assessment import assess_on
    from eip_cli.networks.model import require_classifier

    assert subject.opened is not None and subject.pixels is not None  # as there is no assessment
    require_classifier(subject.opened.model, subject.opened.name, dataset.problem)
    return assess_on(subject.opened, dataset, subject.pixels)


def _fall_back(selection: Selection, answers: Sequence[Answers]) -> tuple[Selection, list[str]]:
    """``selection`` in an order that can be had from ``answers``, and a note where it is another."""
    if selection.order == "random" or selection.indices is not None or all(one.are_known for one in answers):
        return selection, []
    if any(one.are_known for one in answers):
        known = "A" if answers[0].are_known else "B"
        return selection, [
            f"the order is by the {selection.order} of {known}: the other has no probabilities"
        ]
    return replace(selection, order="index"), ["no probabilities are known, so images are in their own order"]


def _classes_to_explain(
    heat: "HeatRequest", predictions: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    is_true = (heat.of == "true") | (predictions == NO_CLASS)
    return np.where(is_true, labels, predictions)


def _make_heat_maps(
    subject: Subject,
    images: NDArray[np.uint8],
    classes: NDArray[np.int64],
    heat: "HeatRequest",
    are_logits: bool,
) -> "HeatMaps":
    from .heat_maps import make_heat_maps

    assert subject.opened is not None and subject.pixels is not None  # predictions are refused before
    return make_heat_maps(subject.opened, subject.pixels, images, classes, heat, are_logits)


def _answer(answers: Answers, labels: NDArray[np.int64], index: int, names: Sequence[str]) -> Answer:
    prediction = answers.predictions[index]
    if prediction == NO_CLASS:
        return Answer(NO_ANSWER, False, None, None, None)
    one = Answers(answers.probabilities[[index]], answers.predictions[[index]], answers.are_logits)
    label = labels[[index]]
    return Answer(
        predicted=names[prediction],
        is_right=bool(prediction == label[0]),
        confidence=_finite(one.confidences[0]),
        probability_of_true=_finite(one.probabilities_of(label)[0]),
        loss=_finite(one.losses(label)[0]),
    )


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def describe_selection(
    selection: Selection, names: Sequence[str], true: int | None, predicted: int | None, are_two: bool
) -> str:
    """What is shown, in words: ``misclassified images of cat taken for dog``."""
    if selection.indices is not None:
        kind = "images chosen by number"
    elif are_two:
        kind = "images that one of the two alone gets right"
    else:
        kind = "misclassified images"
    of = f" of {names[true]}" if true is not None else ""
    taken = f", taken for {names[predicted]}" if predicted is not None else ""
    orders = {
        "loss": "highest loss first",
        "confidence": "most confident first",
        "random": f"at random (seed {selection.seed})",
        "index": "in their order",
    }
    order = "" if selection.indices is not None else f", {orders[selection.order]}"
    return f"{kind}{of}{taken}{order}"


def _count_notes(selection: Selection, found: int) -> list[str]:
    if selection.indices is not None:
        return [f"{len(selection.indices) - found} of the images named are not of these classes"] * (
            found < len(selection.indices)
        )
    if found == 0:
        return ["no image fits that: none is shown"]
    return [f"only {found:,} fit, not {selection.count:,}: all are shown"] * (found < selection.count)


def _compare(assessments: Sequence[Assessment]) -> tuple[McNemar | None, list[str]]:
    """McNemar's test where there are two networks, and what is to be known of each."""
    notes = [
        f"{side}: {note}" if len(assessments) > 1 else note
        for side, assessment in zip("AB", assessments, strict=False)
        for note in assessment.evaluation.notes
    ]
    if len(assessments) < 2:
        return None, notes
    if any(assessment.evaluation.doubt for assessment in assessments):
        return None, [*notes, "not tested against each other: one of the two is in doubt"]
    test = compare_answers(*assessments)
    if any(assessment.evaluation.selected_on == "test" for assessment in assessments):
        notes.append(PICKING_FAVOURS)
    return test, [state_mcnemar(test), *notes]
