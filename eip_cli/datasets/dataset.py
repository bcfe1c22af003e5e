"""A data set in memory: its fingerprint, and the ways to take a part of it.

Images stay uint8; whoever uses them converts a batch at a time.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.errors import DataError
from eip_cli.foundation.problem import Problem


@dataclass(frozen=True)
class Fingerprint:
    """SHA-256 digests (hex) of a dataset's images and labels, training and test images apart.

    ``ordered`` changes with the order of the images, ``unordered`` does not.
    """

    ordered: str
    unordered: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images as uint8 (n, height, width, channels), grey or red, green and blue; labels as int64 (n,) from 0.

    ``source`` says where the images came from, for the record of a run.
    """

    name: str
    class_names: tuple[str, ...]
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    source: str

    @property
    def problem(self) -> Problem:
        """The shape of the images and the number of classes."""
        height, width, channels = self.train_images.shape[1:]
        return Problem((height, width, channels), len(self.class_names))

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Made of one digest an image, its label included; computed when first asked for."""
        train = _digest_images(self.train_images, self.train_labels)
        test = _digest_images(self.test_images, self.test_labels)
        return Fingerprint(_join_digests(train, test), _join_digests(sorted(train), sorted(test)))

    @cached_property
    def channel_statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of each channel over all training images, in units of 255."""
        pixels = self.train_images.reshape(-1, self.train_images.shape[-1])
        # By counts of the 256 values: exact, and without eight bytes a pixel.
        counts = np.stack([np.bincount(channel, minlength=256) for channel in pixels.T]) / len(pixels)
        values = np.arange(256) / 255
        mean = counts @ values
        deviation = np.sqrt(counts @ values**2 - mean**2)
        return tuple(map(float, mean)), tuple(map(float, deviation))


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
