"""CIFAR-10 and CIFAR-100 as their makers pack them: batches of 32x32 colour images, which are pickles."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.collection import Arrays, Collection
from eip_cli.foundation.errors import DataError

from .pickled_batches import DAMAGES, RefusedError, read_dictionary
from .tar_archive import read_members

PIXELS_PER_IMAGE = 3 * 32 * 32
# Each of the two unpacks to 186 MB.
MAX_UNPACKED_BYTES = 512 * 2**20


@dataclass(frozen=True, kw_only=True)
class CifarFiles(Collection):
    """One of the two: the files of its folder, which are in its archive as well.

    ``meta_file`` holds the class names and is not read here; other programs ask for it. ``label_key``
    is where a batch has its labels. ``max_batch_bytes`` and ``max_opcodes`` bound what is read of a batch.
    """

    train_files: tuple[str, ...]
    test_file: str
    meta_file: str
    label_key: str
    max_batch_bytes: int
    max_opcodes: int

    @property
    def batch_files(self) -> tuple[str, ...]:
        """The files with images."""
        return (*self.train_files, self.test_file)

    @property
    def usual_forms(self) -> str:
        """What a folder with a copy holds, in words."""
        return f"{self.folder_name} or {self.archives[0].file_name}"

    def copies_in(self, folder: Path, is_given: bool) -> Iterator[Path]:
        """Folders of batches, and archives under their own name and Keras's."""
        for place in (folder, folder / self.folder_name):
            if self._has_batches(place):
                yield place
        # What Keras calls the archive: Keras 2, and Keras 3 beside the folder that it unpacks to.
        keras_names = (f"{self.folder_name}.tar.gz", f"{self.folder_name}-target_archive")
        for name in (self.archives[0].file_name, *keras_names):
            if (folder / name).exists() and not (folder / name).is_dir():
                yield folder / name

    def _has_batches(self, place: Path) -> bool:
        """By the folder's name one file is enough; elsewhere "test" may be anything, so most must be."""
        there = sum((place / name).exists() and not (place / name).is_dir() for name in self.batch_files)
        return there > (0 if place.name == self.folder_name else len(self.batch_files) // 2)

    def unpack(self, downloads: Path, target: Path) -> None:
        """Put the batches and the class names into ``target``."""
        wanted = [f"{self.folder_name}/{name}" for name in (*self.batch_files, self.meta_file)]
        archive = downloads / self.archives[0].file_name
        for path, content in read_members(archive, wanted, self, self.max_batch_bytes, MAX_UNPACKED_BYTES):
            (target / Path(path).name).write_bytes(content)

    def read(self, location: Path) -> Arrays:
        """Read and check a folder of batches, or the archive of one, straight into its final arrays."""
        n_train, n_test = sum(self.train_counts), sum(self.test_counts)
        per_file = n_train // len(self.train_files)
        arrays = Arrays(
            np.empty((n_train, *self.image_shape), np.uint8),
            np.empty(n_train, np.int64),
            np.empty((n_test, *self.image_shape), np.uint8),
            np.empty(n_test, np.int64),
        )
        for name, content in self._read_files(location):
            if name == self.test_file:
                all_images, all_labels = arrays.test_images, arrays.test_labels
                part = slice(0, n_test)
            else:
                all_images, all_labels = arrays.train_images, arrays.train_labels
                position = self.train_files.index(name)
                part = slice(position * per_file, (position + 1) * per_file)
            where, n = f"{name} of {location}", part.stop - part.start
            images, labels = read_batch(content, where, self)
            if len(images) != n:
                raise DataError(
                    f"{where} holds {len(images)} images where {self.title} has {n}: {self.fresh_copy}"
                )
            all_labels[part] = labels
            # One channel at a time is five times as fast as a transpose of all three.
            for channel in range(3):
                all_images[part, :, :, channel] = images.reshape(n, 3, 32, 32)[:, channel]
        self.check_counts(location, arrays)
        return arrays

    def _read_files(self, location: Path) -> Iterator[tuple[str, bytes]]:
        """Yield each batch file's name and content, from a folder or from an archive."""
        if location.is_dir():
            for name in self.batch_files:
                yield name, self._read_batch_file(location / name)
            return
        wanted = {f"{self.folder_name}/{name}": name for name in self.batch_files}
        for path, content in read_members(location, wanted, self, self.max_batch_bytes, MAX_UNPACKED_BYTES):
            yield wanted[path], content

    def _read_batch_file(self, path: Path) -> bytes:
        try:
            self.require_file(path)
            with path.open("rb") as file:
                return file.read(self.max_batch_bytes + 1)
        except FileNotFoundError:
            raise DataError(f"{path} is missing: {self.fresh_copy}") from None
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from None


def read_batch(content: bytes, where: str, files: CifarFiles) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read a batch's images and labels, as Python 2, Python 3 and any NumPy wrote them.

    ``where`` names the file in messages. Returns the images as uint8 (n, 3072), 32 x 32 red
    values, then green, then blue (the layout of https://www.cs.toronto.edu/~kriz/cifar.html),
    and the labels as int64 (n,). Raises DataError where the content is no such batch, or holds
    anything that a batch does not need.
    """
    if len(content) > files.max_batch_bytes:
        raise DataError(f"{where} is larger than any {files.title} batch: {files.fresh_copy}")
    try:
        fields = read_dictionary(content, files.max_opcodes, files.max_batch_bytes)
        return _check_batch(fields, files.label_key, len(files.class_names))
    except RefusedError as refused:
        raise DataError(
            f"{where} was refused, it holds {refused}, which no {files.title} batch has: {files.fresh_copy}"
        ) from None
    except DAMAGES as error:
        raise DataError(
            f"{where} is damaged or no {files.title} batch ({error!s:.80}): {files.fresh_copy}"
        ) from None


def _check_batch(
    fields: dict[str, Any], label_key: str, classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images, labels = fields.get("data"), fields.get(label_key)
    if not isinstance(images, np.ndarray) or images.ndim != 2 or images.shape[1] != PIXELS_PER_IMAGE:
        raise ValueError(f"no array of n x {PIXELS_PER_IMAGE} under 'data'")
    if images.dtype != np.uint8:
        raise ValueError(f"images of {images.dtype} where uint8 belongs")
    if not isinstance(labels, np.ndarray):
        if not isinstance(labels, list) or not all(
            type(label) is int and 0 <= label < classes for label in labels
        ):
            raise ValueError(f"no whole numbers 0-{classes - 1} under {label_key!r}")
        labels = np.array(labels, np.int64)
    if labels.shape != (len(images),) or (labels.size and (labels.min() < 0 or labels.max() >= classes)):
        raise ValueError(f"{labels.shape} labels 0-{classes - 1} for {len(images)} images do not fit")
    return images, labels.astype(np.int64)
