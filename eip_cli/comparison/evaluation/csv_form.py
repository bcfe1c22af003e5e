"""Predictions as CSV: columns ``true``, ``predicted``, and one a class with its probability, all optional.

A row is a test image, in the dataset's order; classes are written by their names or numbers.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.dataset import Dataset
from eip_cli.foundation.errors import CheckpointError
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.foundation.problem import NO_CLASS

from .answers import Answers
from .stated_predictions import KEEP_ORDER, StatedPredictions

TRUE, PREDICTED = "true", "predicted"
MOST_CELL_BYTES = 40  # of a cell, on average
SPARE_COLUMNS = 8


def read_csv_predictions(path: Path, dataset: Dataset) -> StatedPredictions:
    """What the file states of the test images of ``dataset``.

    Raises CheckpointError where it is damaged, is none of predictions, or is of other images; OSError where
    it cannot be read.
    """
    header, rows = _read_rows(path, dataset)
    known = _known_names(dataset)
    columns = _find_columns(header, known, dataset, path)
    if len(rows) != len(dataset.test_labels):
        raise CheckpointError(
            f"{path} has {len(rows):,} rows, where {dataset.name} has {len(dataset.test_labels):,} test "
            "images: a row for each, in their order"
        )
    cells = {name: [row[at] for row in rows] for name, at in columns.items()}
    if TRUE in cells:
        _require_order(_read_classes(cells[TRUE], TRUE, known, dataset, path), dataset, path)
    classes = range(len(dataset.class_names))
    return StatedPredictions(
        probabilities=np.stack([_read_numbers(cells[str(one)], path) for one in classes], axis=1)
        if str(0) in cells
        else None,
        labels=_read_classes(cells[PREDICTED], PREDICTED, known, dataset, path)
        if PREDICTED in cells
        else None,
        shows_order=TRUE in cells,
    )


def write_csv_predictions(path: Path, answers: Answers, dataset: Dataset) -> None:
    """Write what ``read_csv_predictions`` reads; probabilities, as float32, only where they are known."""
    names = dataset.class_names
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow([TRUE, PREDICTED, *(names if answers.are_known else ())])
    for label, prediction, row in zip(
        dataset.test_labels, answers.predictions, answers.probabilities.astype(np.float32), strict=True
    ):
        predicted = "" if prediction == NO_CLASS else names[prediction]
        writer.writerow([names[label], predicted, *(map(str, row) if answers.are_known else ())])
    path.write_text(content.getvalue(), encoding="utf-8", newline="")


def _read_rows(path: Path, dataset: Dataset) -> tuple[list[str], list[list[str]]]:
    columns = len(dataset.class_names) + SPARE_COLUMNS
    most_bytes = MOST_CELL_BYTES * columns * (len(dataset.test_labels) + 1)
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise CheckpointError(
            f"{path} is larger than predictions of {dataset.name}'s {len(dataset.test_labels):,} test images "
            "are: keep the columns true, predicted and one a class, and a row a test image"
        )
    try:
        text = content.decode("utf-8-sig")  # which Excel begins with a mark
        header, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(row)]
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        reason = "nothing stands in it" if not content.strip() else show_plainly(str(error))
        raise CheckpointError(f"{path} is no CSV of predictions ({reason:.80})") from None
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise CheckpointError(
                f"{path}: the row of image {number} has {len(row)} cells, where the header has {len(header)}"
            )
    return [name.strip().casefold() for name in header], rows


def _known_names(dataset: Dataset) -> dict[str, int]:
    """Classes by their numbers and, before these, by their names in lower case."""
    names = dataset.class_names
    return {str(one): one for one in range(len(names))} | {
        name.casefold(): one for one, name in enumerate(names)
    }


def _name_classes(dataset: Dataset) -> str:
    names = dataset.class_names
    return f"{names[0]} to {names[-1]}, or 0 to {len(names) - 1}"


def _find_columns(
    header: Sequence[str], known: Mapping[str, int], dataset: Dataset, path: Path
) -> dict[str, int]:
    """Where ``true``, ``predicted`` and each class, by its number, stand. Others are nobody's business."""
    columns: dict[str, int] = {}
    for at, name in enumerate(header):
        column = name if name in (TRUE, PREDICTED) else str(known[name]) if name in known else None
        if column in columns:
            raise CheckpointError(f"{path} has two columns for {name}: keep one")
        if column is not None:
            columns[column] = at
    names = dataset.class_names
    of_classes = [one for one in range(len(names)) if str(one) in columns]
    beyond = [name for name in header if name.isascii() and name.isdecimal() and name not in known]
    if of_classes and (beyond or len(of_classes) < len(names)):
        found = f"a column {beyond[0]:.9}" if beyond else f"columns for {len(of_classes)} classes"
        raise CheckpointError(
            f"{path} has {found}, where {dataset.name} has {len(names)} classes, {_name_classes(dataset)}: "
            "a column for each, or none"
        )
    if not of_classes and PREDICTED not in columns:
        shown = show_plainly(", ".join(header))
        hint = "; separate columns by commas" if any(";" in name for name in header) else ""
        raise CheckpointError(
            f"{path} has neither a column {PREDICTED} nor one for each class ({names[0]} to {names[-1]}), "
            f"but {shown:.80}: it is no file of predictions{hint}"
        )
    return columns


def _read_classes(
    cells: Sequence[str], column: str, known: Mapping[str, int], dataset: Dataset, path: Path
) -> NDArray[np.int64]:
    classes = np.empty(len(cells), np.int64)
    for image, cell in enumerate(cells):
        name = cell.strip().casefold()
        if name in ("", str(NO_CLASS)) and column == PREDICTED:
            classes[image] = NO_CLASS
        elif name in known:
            classes[image] = known[name]
        else:
            raise CheckpointError(
                f"{path}: the {column} class of image {image} is {show_plainly(cell)!r:.40}, where "
                f"{dataset.name} has {_name_classes(dataset)}"
            )
    return classes


def _require_order(true: NDArray[np.int64], dataset: Dataset, path: Path) -> None:
    differs = true != dataset.test_labels
    if differs.any():
        first, names = int(differs.argmax()), dataset.class_names
        raise CheckpointError(
            f"{path}: image {first} is of {names[true[first]]} in its column true, and of "
            f"{names[dataset.test_labels[first]]} in {dataset.name}: predictions for other images, or for "
            f"the same in another order ({KEEP_ORDER})"
        )


def _read_numbers(cells: Sequence[str], path: Path) -> NDArray[np.float64]:
    numbers = np.empty(len(cells))
    for image, cell in enumerate(cells):
        try:
            numbers[image] = float(cell) if cell.strip() else np.nan
        except ValueError:
            raise CheckpointError(
                f"{path}: the row of image {image} has {show_plainly(cell)!r:.40} for a probability"
            ) from None
    return numbers
