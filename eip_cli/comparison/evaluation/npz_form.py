"""Predictions as NumPy's .npz: ``probabilities``, ``labels``, ``labels_sha256``, ``parameters``.

``labels`` are the predicted classes; ``labels_sha256`` is of the true ones, to show the order of the images.
"""

import hashlib
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.reading.npy_member import DAMAGES, read_member
from eip_cli.foundation.errors import CheckpointError
from eip_cli.foundation.plain_text import show_plainly

from .answers import Answers
from .stated_predictions import KEEP_ORDER, StatedPredictions

NAMES = ("probabilities", "labels", "labels_sha256", "parameters")
SPARE_BYTES = 2**22  # for headers, and for arrays that nobody asked for
MOST_NUMBER_BYTES = 8
MAX_TEXT_BYTES = 4 * 128  # 64 hexadecimal digits, with room to be wrong in
NAMES_SHOWN = 4


class _OtherArrayError(Exception):
    """An array is not what its name promises."""


def hash_labels(labels: NDArray[np.int64]) -> str:
    """SHA-256 of labels in their order, one byte each, in hexadecimal."""
    return hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest()


def read_npz_predictions(path: Path, dataset: Dataset) -> StatedPredictions:
    """What the file states of the test images of ``dataset``.

    Raises CheckpointError where it is damaged, is none of predictions, or is of other images; OSError where
    it cannot be read.
    """
    images, classes = len(dataset.test_labels), len(dataset.class_names)
    most_bytes = SPARE_BYTES + MOST_NUMBER_BYTES * images * (classes + 1)
    # In memory, so that an OSError is the disk's: a damaged archive names places that no file has.
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise CheckpointError(
            f"{path} is larger than predictions of {dataset.name}'s {images:,} test images are: of all that "
            "it holds, keep probabilities and labels_sha256"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
            if not names & set(NAMES[:2]):
                raise CheckpointError(
                    f"{path} holds {_list(names)}, but neither probabilities ({images:,} x {classes}) nor "
                    "labels (the predicted classes): it is no file of predictions"
                )
            read = _Reader(archive, dataset)
            found = {name: read(name) for name in NAMES if name in names}
    except _OtherArrayError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except DAMAGES as error:
        raise CheckpointError(
            f"{path} is damaged, or no .npz of predictions ({show_plainly(str(error)):.80}): write it again"
        ) from None
    if "labels_sha256" in found:
        _require_order(str(found["labels_sha256"]), dataset, path)
    probabilities, labels = found.get("probabilities"), found.get("labels")
    return StatedPredictions(
        None if probabilities is None else probabilities.astype(np.float64),
        None if labels is None else labels.astype(np.int64),
        shows_order="labels_sha256" in found,
        parameters=found.get("parameters"),
    )


def write_npz_predictions(path: Path, answers: Answers, dataset: Dataset) -> None:
    """Write what ``read_npz_predictions`` reads; probabilities only where they are known."""
    arrays: dict[str, Any] = {
        "labels": answers.predictions,
        "labels_sha256": np.array(hash_labels(dataset.test_labels)),
    }
    if answers.are_known:
        arrays["probabilities"] = answers.probabilities.astype(np.float32)
    np.savez_compressed(path, **arrays)


class _Reader:
    """Reads the arrays of an archive by their names, each only if it is what it should be."""

    def __init__(self, archive: zipfile.ZipFile, dataset: Dataset) -> None:
        self._archive, self._dataset = archive, dataset
        self._images, self._classes = len(dataset.test_labels), len(dataset.class_names)

    def __call__(self, name: str) -> Any:
        if name == "probabilities":
            what = f"a row for each of {self._dataset.name}'s test images, a column for each class"
            return self._read(name, "f", (self._images, self._classes), what)
        if name == "labels":
            what = f"the predicted class of each of {self._dataset.name}'s test images"
            return self._read(name, "iu", (self._images,), what)
        if name == "parameters":
            number = int(self._read(name, "iu", (), "the number of parameters").reshape(-1)[0])
            if number <= 0:
                raise _OtherArrayError(f"parameters is {number}, which no network has")
            return number
        # Text of NumPy's, or bytes as hexlify makes them.
        text = self._read(name, "US", (), "SHA-256 of the true labels, in hexadecimal").reshape(-1)[0]
        return text.decode("ascii", "replace") if isinstance(text, bytes) else text

    def _read(self, name: str, kinds: str, shape: tuple[int, ...], what: str) -> NDArray[Any]:
        def check(found: tuple[int, ...], dtype: np.dtype[Any]) -> None:
            most = MAX_TEXT_BYTES if "U" in kinds else MOST_NUMBER_BYTES
            is_single = shape == () and found == (1,)
            if (found == shape or is_single) and dtype.kind in kinds and dtype.itemsize <= most:
                return
            kind = {"f": "floating-point numbers", "iu": "whole numbers", "US": "text"}[kinds]
            raise _OtherArrayError(
                f"{name} is {dtype!s:.40} of shape {found}, where {kind} of shape {shape} belong: {what}"
            )

        most_bytes = MOST_NUMBER_BYTES * self._images * self._classes + MAX_TEXT_BYTES
        return read_member(self._archive, name, most_bytes, check)


def _require_order(stated: str, dataset: Dataset, path: Path) -> None:
    """Raise CheckpointError where ``stated`` is not the hash of the test labels in their order."""
    labels = dataset.test_labels
    if stated.lower() == hash_labels(labels):
        return
    how = "hashlib.sha256(bytes(test_set.targets)).hexdigest()"
    if not re.fullmatch("[0-9a-fA-F]{64}", stated):
        raise CheckpointError(
            f"{path}: labels_sha256 is {show_plainly(stated)!r:.80}, which is no SHA-256: write {how}"
        )
    wider = (labels.astype(kind).tobytes() for kind in (np.int64, np.int32, np.float32))
    if stated.lower() in {hashlib.sha256(one).hexdigest() for one in wider}:
        raise CheckpointError(
            f"{path}: labels_sha256 is of labels of several bytes each, where one byte belongs: write {how}"
        )
    raise CheckpointError(
        f"{path}: labels_sha256 is of other labels than {dataset.name}'s test labels: predictions for other "
        f"images, or for the same in another order ({KEEP_ORDER})"
    )


def _list(names: set[str]) -> str:
    listed = sorted(show_plainly(name)[:40] for name in names)
    shown = ", ".join(listed[:NAMES_SHOWN]) or "nothing"
    return f"{shown} and {len(listed) - NAMES_SHOWN} more" if len(listed) > NAMES_SHOWN else shown
