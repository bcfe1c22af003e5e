"""MNIST and what is packed like it: four IDX files of 28x28 grey images and their labels, or Keras's .npz."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.collection import Arrays, Collection
from eip_cli.foundation.errors import DataError

from .idx_files import read_idx
from .npz_file import read_npz

# In the order of Arrays; they also go about with .idx for -idx, and with .gz.
IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, kw_only=True)
class MnistFiles(Collection):
    """One of them. Their files have the same names, so that the folder says which data set they are.

    ``folders`` are the names that such a folder usually has, beside ``folder_name``; ``npz_name`` is the file
    that Keras keeps instead.
    """

    folders: tuple[str, ...]
    npz_name: str | None = None

    @property
    def usual_forms(self) -> str:
        """What a folder with a copy holds, in words."""
        npz = f", {self.npz_name}" if self.npz_name else ""
        return f"{self.folder_name}{npz} or {IDX_FILES[0]}.gz and the three files beside it"

    def copies_in(self, folder: Path, is_given: bool) -> Iterator[Path]:
        """Folders of IDX files and Keras's file; if given, ``folder`` itself and ``raw`` in it too."""
        if _count_idx_files(folder / self.folder_name):
            yield folder / self.folder_name
        for name in self.folders:
            if _count_idx_files(folder / name) == len(IDX_FILES):
                yield folder / name
        if self.npz_name and (folder / self.npz_name).exists() and not (folder / self.npz_name).is_dir():
            yield folder / self.npz_name
        for place in (folder / "raw", folder) if is_given else ():
            if _count_idx_files(place):
                yield place

    def unpack(self, downloads: Path, target: Path) -> None:
        """Put the files into ``target`` as they are."""
        for archive in self.archives:
            shutil.copyfile(downloads / archive.file_name, target / archive.file_name)

    def read(self, location: Path) -> Arrays:
        """Read and check a folder of IDX files, or Keras's file."""
        n_train, n_test = sum(self.train_counts), sum(self.test_counts)
        height, width, _ = self.image_shape
        shapes: tuple[tuple[int, ...], ...] = (
            *((n_train, height, width), (n_train,)),
            *((n_test, height, width), (n_test,)),
        )
        if location.is_dir():
            found = [
                read_idx(_find_file(location, name), shape, self)
                for name, shape in zip(IDX_FILES, shapes, strict=True)
            ]
        else:
            arrays = read_npz(location, dict(zip(NPZ_ARRAYS, shapes, strict=True)), self)
            found = [self._as_bytes(location, name, arrays[name]) for name in NPZ_ARRAYS]
        train_images, train_labels, test_images, test_labels = found
        for labels in (train_labels, test_labels):
            if labels.max(initial=0) >= len(self.class_names):
                raise DataError(
                    f"{location} has a label {labels.max()} where {self.title}'s are "
                    f"0-{len(self.class_names) - 1}: {self.fresh_copy}"
                )
        # Images of one channel have an axis for it, as those of three have.
        loaded = Arrays(
            train_images[..., np.newaxis],
            train_labels.astype(np.int64),
            test_images[..., np.newaxis],
            test_labels.astype(np.int64),
        )
        self.check_counts(location, loaded)
        return loaded

    def _as_bytes(self, location: Path, name: str, values: NDArray[np.integer]) -> NDArray[np.uint8]:
        if values.size and not 0 <= values.min() <= values.max() <= 255:
            raise DataError(f"{location} has numbers outside 0-255 in {name}: {self.fresh_copy}")
        return values.astype(np.uint8)


def _names_of(name: str) -> tuple[str, ...]:
    dotted = name.replace("-idx", ".idx")
    return (name, dotted, f"{name}.gz", f"{dotted}.gz")


def _count_idx_files(place: Path) -> int:
    """How many of the four files a folder has, under one name or another."""
    return sum(any((place / one).exists() for one in _names_of(name)) for name in IDX_FILES)


def _find_file(place: Path, name: str) -> Path:
    """The file under the name that it has in ``place``; where it has none, under its usual one."""
    paths = [place / one for one in _names_of(name)]
    return next((path for path in paths if path.exists()), paths[2])
