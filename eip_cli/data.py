"""Datasets in memory: loading by name, fingerprints, and the ways to take a part of one.

Images stay uint8; whoever uses them converts a batch at a time.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .cifar10 import fetch_cifar10, load_cifar10
from .download import SILENT, DownloadProgress
from .errors import DataError
from .protocol import DATASETS

__all__ = [
    "Dataset",
    "DownloadProgress",
    "Fingerprint",
    "Holdout",
    "fetch_cifar10",
    "limit_training_images",
    "load_dataset",
    "split_validation",
]

# In the order of the labels: batches.meta of the archive.
CIFAR10_CLASS_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


@dataclass(frozen=True)
class Fingerprint:
    """SHA-256 digests (hex) of a dataset's images and labels, training and test images apart.

    ``ordered`` changes with the order of the images, ``unordered`` does not.
    """

    ordered: str
    unordered: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images as uint8 (n, 32, 32, 3), red, green and blue; labels as int64 (n,) from 0.

    ``source`` says where the images came from, for the record of a run.
    """

    name: str
    class_names: tuple[str, ...]
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    source: str

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Made of one digest an image, its label included; computed when first asked for."""
        train = _digest_images(self.train_images, self.train_labels)
        test = _digest_images(self.test_images, self.test_labels)
        return Fingerprint(_join_digests(train, test), _join_digests(sorted(train), sorted(test)))


def _digest_images(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> list[bytes]:
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    digests = []
    for row, label in zip(rows, labels.astype("<i8"), strict=True):
        digest = hashlib.sha256(row.data)
        digest.update(label.tobytes())
        digests.append(digest.digest())
    return digests


def _join_digests(train: Iterable[bytes], test: Iterable[bytes]) -> str:
    splits = (hashlib.sha256(b"".join(split)).digest() for split in (train, test))
    return hashlib.sha256(b"".join(splits)).hexdigest()


class Holdout(NamedTuple):
    """Indices into a dataset's training images, int64, ascending, without a common one."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def load_dataset(
    name: str, data_dir: Path | None = None, progress: DownloadProgress | None = None
) -> Dataset:
    """Load ``cifar10`` or ``digits`` whole into memory.

    CIFAR-10 is read from ``data_dir``, else from the folder that EIP_DATA_DIR names, else from
    the user's cache, which a download fills when it is empty or damaged. The digits come with
    scikit-learn: they need neither. Raises DataError where the dataset is unknown, missing or
    damaged.
    """
    if name == "digits":
        return _load_digits()
    if name != "cifar10":
        raise DataError(f"unknown dataset {name!r}: choose one of {', '.join(DATASETS)}")
    arrays, location = load_cifar10(data_dir, progress or SILENT)
    return Dataset("cifar10", CIFAR10_CLASS_NAMES, *arrays, source=str(location))


def split_validation(dataset: Dataset, fraction: float, seed: int) -> Holdout:
    """Hold out ``fraction`` of the training images of every class, chosen by ``seed`` alone.

    A class's share is rounded to the nearest whole image. Raises DataError where nothing is
    left on either side.
    """
    if not 0 < fraction < 1:
        raise DataError(f"a validation split of {fraction} is no part of the images: choose between 0 and 1")
    # RandomState's stream is frozen for good (NEP 19), that of numpy's Generator is not.
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    held_out = np.zeros(len(dataset.train_labels), bool)
    for label in range(len(dataset.class_names)):
        members = np.flatnonzero(dataset.train_labels == label)
        held_out[random.permutation(members)[: int(fraction * len(members) + 0.5)]] = True
    if held_out.all() or not held_out.any():
        raise DataError(
            f"a validation split of {fraction} leaves no image on one side of {len(held_out)}: "
            "choose one nearer to 0.5, or more training images"
        )
    return Holdout(np.flatnonzero(~held_out), np.flatnonzero(held_out))


def limit_training_images(dataset: Dataset, number: int) -> Dataset:
    """Keep the first ``number`` training images in the order of the files, and every test image.

    Classes are therefore only about balanced. Raises DataError where there are not so many.
    """
    available = len(dataset.train_images)
    if not 1 <= number <= available:
        raise DataError(
            f"cannot take {number} training images of {dataset.name}: choose from 1 to {available}"
        )
    return replace(
        dataset,
        train_images=dataset.train_images[:number],
        train_labels=dataset.train_labels[:number],
    )


def _load_digits() -> Dataset:
    """Load scikit-learn's 1,797 handwritten digits of 8x8 pixels, each pixel as 4x4 of 32x32x3.

    scikit-learn has no split of them: every fifth image of each class is a test image here.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            "the digits come with scikit-learn, which is missing: pip install scikit-learn"
        ) from None
    digits = load_digits()
    values = (digits.images * 255 / 16).round().astype(np.uint8)  # they are whole numbers 0-16
    images = np.repeat(values.repeat(4, axis=1).repeat(4, axis=2)[..., np.newaxis], 3, axis=3)
    labels = digits.target.astype(np.int64)
    is_test = np.zeros(len(labels), bool)
    for label in range(10):
        is_test[np.flatnonzero(labels == label)[4::5]] = True
    return Dataset(
        name="digits",
        class_names=tuple("0123456789"),
        train_images=images[~is_test],
        train_labels=labels[~is_test],
        test_images=images[is_test],
        test_labels=labels[is_test],
        source="scikit-learn's load_digits",
    )
