"""Where a copy of a data set comes from: a folder named, the cache, another program's copy, a download."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from eip_cli.foundation.cache_folder import cache_dir
from eip_cli.foundation.errors import DataError
from eip_cli.foundation.keras_settings import keras_home

from .collection import Arrays, Collection
from .download import SILENT, DownloadProgress, download


def load_collection(
    collection: Collection, data_dir: Path | None, progress: DownloadProgress = SILENT
) -> tuple[Arrays, Path]:
    """Load a data set and say which folder or file it came from.

    ``data_dir``, else the folder that EIP_DATA_DIR names, has it or DataError is raised; without
    either it comes from the user's cache; where that is empty, from Keras's or torchvision's own copy;
    where there is none, or the cache is damaged, a download fills it.
    """
    folder = _given_folder(data_dir)
    if folder is None:
        return _load_cached(collection, progress)
    location = _find(collection, folder)
    return collection.read(location), location


def fetch_collection(
    collection: Collection, data_dir: Path | None, progress: DownloadProgress = SILENT
) -> Path:
    """See to it that a data set is where ``load_collection`` will look for it, and return where.

    What is there is checked; a folder without it (``data_dir``, else that of EIP_DATA_DIR, else
    the cache) gets a new sub-folder. A damaged copy is replaced in the cache only: in the user's
    own folder it raises DataError, as does a failed download.
    """
    folder = _given_folder(data_dir)
    if folder is None:
        return _load_cached(collection, progress)[1]
    if _first_copy(collection, folder) is None:
        _refuse_to_replace(collection, folder / collection.folder_name)
        return _fill(collection, folder, progress)[1]
    location = _find(collection, folder)
    collection.read(location)
    return location


def locate_collection(collection: Collection) -> Path | None:
    """Where ``load_collection`` would read a data set; None where it would download it. Nothing is read.

    Raises DataError where EIP_DATA_DIR names a folder that has it not.
    """
    folder = _given_folder(None)
    if folder is not None:
        return _find(collection, folder)
    kept = cache_dir() / collection.folder_name
    return kept if kept.is_dir() else next(_other_programs_copies(collection), None)


def _given_folder(data_dir: Path | None) -> Path | None:
    if data_dir is not None:
        return data_dir
    named = os.environ.get("EIP_DATA_DIR")
    return Path(named) if named else None


def _copies_near(collection: Collection, folder: Path, is_given: bool) -> Iterator[Path]:
    """The copies that ``folder`` is or holds, or that a folder in it is or holds."""
    yield from collection.copies_in(folder, is_given)
    if folder.is_dir():
        for inner in sorted(folder.iterdir()):
            with suppress(OSError):  # another's folder beside the data
                if inner.is_dir():
                    yield from collection.copies_in(inner, False)


def _other_programs_copies(collection: Collection) -> Iterator[Path]:
    """The copies that Keras and torchvision have made: in Keras's folder, and in ``data`` here."""
    for folder in (keras_home() / "datasets", Path("data")):
        with suppress(OSError):
            yield from _copies_near(collection, folder, False)


def _first_copy(collection: Collection, folder: Path) -> Path | None:
    try:
        return next(_copies_near(collection, folder, True), None)
    except OSError as error:
        raise DataError(f"cannot read {folder}: {error.strerror}") from None


def _find(collection: Collection, folder: Path) -> Path:
    """Return the place in or at ``folder`` where the data set is."""
    what = collection.usual_forms
    if (found := _first_copy(collection, folder)) is not None:
        return found
    if not folder.exists():
        raise DataError(f"the data folder {folder} does not exist: name one that holds {what}")
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: name the folder that holds {what}")
    raise DataError(
        f"no {collection.title} in {folder}: it would hold {what} (`{collection.fetching}` fetches it)"
    )


def _refuse_to_replace(collection: Collection, folder: Path) -> None:
    try:
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise DataError(
                f"{folder} is in the way and holds no {collection.title}: move it, or name another --data-dir"
            )
    except OSError as error:
        raise DataError(f"cannot read {folder}: {error.strerror}") from None


def _load_cached(collection: Collection, progress: DownloadProgress) -> tuple[Arrays, Path]:
    folder = cache_dir() / collection.folder_name
    if folder.is_dir():
        try:
            return collection.read(folder), folder
        except DataError as error:
            progress.notice(f"The cached copy is damaged and will be replaced: {error}")
            return _fill(collection, cache_dir(), progress)
    for copy in _other_programs_copies(collection):
        try:
            arrays = collection.read(copy)
        except DataError as error:
            progress.notice(f"Another program's copy of {collection.title} is passed over: {error}")
        else:
            progress.notice(f"Using the copy of {collection.title} in {copy}: nothing is downloaded.")
            return arrays, copy
    return _fill(collection, cache_dir(), progress)


def _fill(collection: Collection, directory: Path, progress: DownloadProgress) -> tuple[Arrays, Path]:
    """Download a data set into ``directory``, where its folder appears whole or not at all."""
    folder = directory / collection.folder_name
    # Beside its folder, not beside other data sets': their archives may be called the same.
    downloads = folder.parent
    try:
        downloads.mkdir(parents=True, exist_ok=True)
        with _only_one(downloads / f".{collection.archives[0].file_name}.lock", collection, progress):
            if folder.is_dir():
                try:
                    return collection.read(folder), folder  # by the process waited for
                except DataError:
                    pass
            for archive in collection.archives:
                download(archive, downloads / archive.file_name, progress)
            arrays = _unpack(collection, downloads, folder)
            for archive in collection.archives:
                (downloads / archive.file_name).unlink()
            return arrays, folder
    except OSError as error:
        raise DataError(
            f"cannot keep {collection.title} in {directory} ({error.strerror or error}): make room or get "
            "the right to write there, or name a folder that has it with --data-dir"
        ) from None


@contextmanager
def _only_one(lock_path: Path, collection: Collection, progress: DownloadProgress) -> Iterator[None]:
    """Hold a lock that other processes wait for; it goes with the process, however that ends."""
    lock = FileLock(lock_path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.notice(f"Another process is fetching {collection.title}: waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _unpack(collection: Collection, downloads: Path, folder: Path) -> Arrays:
    """Put the archives' files in the place of ``folder``, once they have been read and checked."""
    unpacked = folder.with_name(f".{folder.name}.eip-new")
    replaced = folder.with_name(f".{folder.name}.eip-damaged")
    for leftover in (unpacked, replaced):
        if leftover.exists():
            shutil.rmtree(leftover)
    unpacked.mkdir()
    collection.unpack(downloads, unpacked)
    arrays = collection.read(unpacked)
    if folder.exists():
        folder.rename(replaced)
    unpacked.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
    return arrays
