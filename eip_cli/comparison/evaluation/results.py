"""What is known of a model after its answers to the test images were counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eip_cli.comparison.record_checks import NOT_CIFAR10
from eip_cli.comparison.statistics import wilson_interval
from eip_cli.datasets.dataset import Dataset
from eip_cli.foundation.problem import NO_CLASS
from eip_cli.published.baseline import CIFAR10_FINGERPRINT, baseline_for
from eip_cli.recipes.pixels import UNIT_PIXELS, PixelScale

from .answers import Answers, read_answers


@dataclass(frozen=True)
class Evaluation:
    """A model measured on a dataset's test images.

    ``loss`` is None where it is not finite, or not known. ``params`` is None where it is not known, and only
    what somebody says where ``params_stated``. ``pixels`` is the form of pixels that the model was given, and
    ``pixel_scale`` the same in words; both are None of predictions that came without a network. ``doubt``
    says why its accuracy says little of the weights, where it does: there is no verdict then, and ``delta``
    is None.
    """

    checkpoint: str
    model: str
    params: int | None
    dataset: str
    split: str
    n: int
    loss: float | None
    accuracy: float
    accuracy_ci95: tuple[float, float]
    baseline_accuracy: float | None
    delta: float | None
    selected_on: str
    per_class: dict[str, float]
    confusion_matrix: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()
    pixels: str | None = UNIT_PIXELS.form
    pixel_scale: str | None = UNIT_PIXELS.form
    doubt: str | None = None
    params_stated: bool = False

    @property
    def is_of_predictions(self) -> bool:
        """Whether a file of predictions was read, and no network was there to be asked."""
        return self.pixels is None


@dataclass(frozen=True, eq=False)
class Assessment:
    """An evaluation with what lies behind it: which of the test images (n,) the model got right.

    ``images`` is the fingerprint of the dataset in its order: where two agree, image i is the same.
    ``outputs`` (n, classes) are the model's own: logits where ``are_logits``, else probabilities; None where
    only the predicted classes are known. ``predictions`` (n,) are those classes, NO_CLASS for none.
    """

    evaluation: Evaluation
    images: str
    is_correct: NDArray[np.bool_]
    outputs: NDArray[np.floating] | None = None
    are_logits: bool = False
    predictions: NDArray[np.int64] | None = None

    def read_answers(self) -> Answers:
        """The model's answers; their probabilities are NaN where only the predicted classes are known."""
        assert self.predictions is not None  # left out only where no one asks for answers
        if self.outputs is None:
            classes = len(self.evaluation.per_class)
            return Answers(np.full((len(self.predictions), classes), np.nan), self.predictions)
        return Answers(
            read_answers(self.outputs, self.are_logits).probabilities, self.predictions, self.are_logits
        )


def make_evaluation(
    dataset: Dataset,
    predictions: NDArray[np.int64],
    *,
    checkpoint: str,
    model: str,
    params: int | None,
    loss: float | None,
    selected_on: str,
    notes: Sequence[str] = (),
    pixels: PixelScale | None = None,
    doubt: str | None = None,
    params_stated: bool = False,
) -> Evaluation:
    """Count ``predictions`` (n,), NO_CLASS for none, against the test labels of ``dataset``."""
    labels, names = dataset.test_labels, dataset.class_names
    matrix = np.zeros((len(names), len(names)), dtype=int)
    has_class = predictions != NO_CLASS
    np.add.at(matrix, (labels[has_class], predictions[has_class]), 1)
    accuracy = float(np.mean(predictions == labels))
    baseline = baseline_for(dataset.name)
    return Evaluation(
        checkpoint=checkpoint,
        model=model,
        params=params,
        dataset=dataset.name,
        split="test",
        n=len(labels),
        loss=loss,
        accuracy=accuracy,
        accuracy_ci95=wilson_interval(int(matrix.trace()), len(labels)),
        baseline_accuracy=baseline,
        delta=None if baseline is None or doubt is not None else accuracy - baseline,
        selected_on=selected_on,
        per_class={
            name: float(matrix[index, index] / np.count_nonzero(labels == index))
            for index, name in enumerate(names)
        },
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
        notes=(*notes, *([f"no verdict: {doubt}"] if doubt is not None else [])),
        pixels=None if pixels is None else pixels.form,
        pixel_scale=None if pixels is None else str(pixels),
        doubt=doubt,
        params_stated=params_stated,
    )


def describe_images(dataset: Dataset) -> list[str]:
    """A note where ``dataset`` goes by the name of the published numbers' images, and is another."""
    is_other = baseline_for(dataset.name) is not None and dataset.fingerprint.unordered != CIFAR10_FINGERPRINT
    return [NOT_CIFAR10] if is_other else []
