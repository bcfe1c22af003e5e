"""What a data set that lies in files has to tell: what it is called, holds and consists of."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.errors import DataError

from .download import Archive


class Arrays(NamedTuple):
    """Images as uint8 (n, height, width, channels) and labels as int64 (n,)."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Collection(ABC):
    """A data set of labelled images: its facts, and how a copy of it is recognised, unpacked and read.

    ``name`` is the one that users give, ``title`` the one that its makers gave. A download fetches
    ``archives`` and leaves ``folder_name``, with slashes, in the folder that it is asked to fill.
    ``train_counts`` and ``test_counts`` are the images of each class.
    """

    name: str
    title: str
    folder_name: str
    archives: tuple[Archive, ...]
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train_counts: tuple[int, ...]
    test_counts: tuple[int, ...]

    @property
    def fetching(self) -> str:
        """The command that fetches it."""
        return "eip data" if self.name == "cifar10" else f"eip data {self.name}"

    @property
    def fresh_copy(self) -> str:
        """What to do about a damaged copy, for the end of a message."""
        return f"get a fresh copy of {self.title} (`{self.fetching}`)"

    @property
    @abstractmethod
    def usual_forms(self) -> str:
        """What a folder with a copy holds, in words."""

    @abstractmethod
    def copies_in(self, folder: Path, is_given: bool) -> Iterator[Path]:
        """The places that ``folder`` is or holds that look like copies; whether they are whole is not asked.

        ``is_given``: the user says that this folder has it, so that what could be another data set's is taken
        for this one's. Raises OSError where ``folder`` cannot be read.
        """

    @abstractmethod
    def unpack(self, downloads: Path, target: Path) -> None:
        """Put what the archives in the folder ``downloads`` hold into the empty folder ``target``."""

    @abstractmethod
    def read(self, location: Path) -> Arrays:
        """Read and check one of the places of ``copies_in``.

        Raises DataError where something is missing, damaged or refused, or where the images of each class
        are not as many as they should be.
        """

    def check_counts(self, location: Path, arrays: Arrays) -> None:
        """Raise DataError where a class has not its number of images; the labels are known to be in range."""
        for split, labels, expected in (
            ("training", arrays.train_labels, self.train_counts),
            ("test", arrays.test_labels, self.test_counts),
        ):
            counts = np.bincount(labels, minlength=len(expected))
            if (counts != expected).any():
                wanted = (
                    str(expected[0]) if len(set(expected)) == 1 else f"{min(expected)} to {max(expected)}"
                )
                raise DataError(
                    f"{location} has {counts.min()} to {counts.max()} {split} images a class "
                    f"where {self.title} has {wanted}: {self.fresh_copy}"
                )

    def require_file(self, path: Path) -> None:
        """Raise DataError for a pipe, a device or a folder in a file's place: it would be read forever."""
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is not a file: {self.fresh_copy}")
