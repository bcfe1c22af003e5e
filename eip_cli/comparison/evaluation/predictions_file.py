"""Files of predictions, of whatever framework: they stand in a checkpoint's place, and are written of one."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.dataset import Dataset
from eip_cli.foundation.errors import CheckpointError
from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.problem import NO_CLASS

from .answers import Answers, read_answers
from .csv_form import read_csv_predictions, write_csv_predictions
from .npz_form import read_npz_predictions, write_npz_predictions
from .results import Assessment, describe_images, make_evaluation
from .stated_predictions import StatedPredictions, find_predictions

_READERS: dict[str, Callable[[Path, Dataset], StatedPredictions]] = {
    ".npz": read_npz_predictions,
    ".csv": read_csv_predictions,
}
_WRITERS: dict[str, Callable[[Path, Answers, Dataset], None]] = {
    ".npz": write_npz_predictions,
    ".csv": write_csv_predictions,
}
PREDICTIONS_ENDINGS = tuple(_READERS)
# Of so many images no network gets every one; who saves the true classes for the predicted ones does.
TOO_MANY_TO_BE_ALL_RIGHT = 1_000


def is_predictions_name(name: str) -> bool:
    """Whether ``name`` means a file of predictions, by its ending, be it there or not."""
    return Path(name).suffix.lower() in PREDICTIONS_ENDINGS and not Path(name).is_dir()


def assess_predictions(path: Path | str, dataset: Dataset, stated_params: int | None = None) -> Assessment:
    """Measure the predictions in ``path`` on the test images of ``dataset``.

    ``stated_params`` is how many parameters the user says that the network has; None takes what the file
    says, if it does. Nothing in it is run. Raises CheckpointError where the file is missing, damaged, or
    states no predictions for these images in their order.
    """
    path = Path(path)
    stated = _read(path, dataset)
    predictions = find_predictions(stated, dataset, str(path))
    labels = dataset.test_labels
    probabilities = stated.probabilities
    loss = math.nan
    if probabilities is not None:
        loss = float(read_answers(probabilities, are_logits=False).losses(labels).mean())
    is_correct = predictions == labels
    doubt = None
    if is_correct.all() and len(labels) >= TOO_MANY_TO_BE_ALL_RIGHT:
        doubt = f"all {len(labels):,} are right: these seem to be the true classes, not predicted ones"
    params = stated.parameters if stated_params is None else stated_params
    evaluation = make_evaluation(
        dataset,
        predictions,
        checkpoint=str(path),
        model=path.name,
        params=params,
        loss=loss if math.isfinite(loss) else None,
        selected_on="unknown",
        notes=(*_describe(stated, stated_params, predictions), *describe_images(dataset)),
        doubt=doubt,
        params_stated=params is not None,
    )
    return Assessment(
        evaluation, dataset.fingerprint.ordered, is_correct, probabilities, predictions=predictions
    )


def write_predictions(assessment: Assessment, dataset: Dataset, path: Path) -> None:
    """Write what was answered to the test images of ``dataset``, as what ``path`` ends in: .npz or .csv.

    ``assess_predictions`` reads it: the same accuracy and, up to rounding to float32, the same loss; of
    logits the loss is that of their softmax, clipped at 1e-7 as Keras does. An OSError is the caller's.
    """
    with write_atomically(path) as aside:
        _WRITERS[path.suffix.lower()](aside, assessment.read_answers(), dataset)


def _read(path: Path, dataset: Dataset) -> StatedPredictions:
    if path.exists() and not path.is_file():
        raise CheckpointError(f"{path} is not a file")  # a pipe would be read for ever
    try:
        return _READERS[path.suffix.lower()](path, dataset)
    except FileNotFoundError:
        raise CheckpointError(f"no file {path}") from None
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from None


def _describe(
    stated: StatedPredictions, stated_params: int | None, predictions: NDArray[np.int64]
) -> list[str]:
    """What is to be known of the file beside its numbers."""
    without_class = np.count_nonzero(predictions == NO_CLASS)
    notes = []
    if not stated.shows_order:
        notes.append("the file does not say of which images it is (labels_sha256, or a column true)")
    if without_class:
        notes.append(f"it has no class for {without_class:,} images, which count as wrong")
    if None not in (stated.parameters, stated_params) and stated.parameters != stated_params:
        notes.append(f"the file itself states {stated.parameters:,} parameters")
    return notes
