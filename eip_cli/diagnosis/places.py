"""Where things are: data sets that are here, caches and their sizes, folders that can be written to."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from eip_cli.datasets.loading import locate_dataset
from eip_cli.foundation.cache_folder import cache_dir
from eip_cli.foundation.compiled_programs.keeping import programs_dir
from eip_cli.foundation.errors import DataError
from eip_cli.recipes.configuration import DATASETS
from eip_cli.runs.run_directory import RUNS_FOLDER

from .finding import Finding

USUAL_DATASET = "cifar10"


def find_data() -> Iterator[Finding]:
    """Where each data set would be read from; nothing is downloaded, and no image is read.

    That CIFAR-10 cannot be had is a fault: it is what a training trains on unless told otherwise.
    """
    for name in DATASETS:
        try:
            place = locate_dataset(name)
        except DataError as error:
            yield Finding("data", name, None, "not here", str(error) if name == USUAL_DATASET else None)
            continue
        fault = None
        if place is None and name == USUAL_DATASET and _why_unwritable(cache_dir()):
            fault = "CIFAR-10 is not here, and its cache cannot be filled: set EIP_CACHE_DIR or EIP_DATA_DIR"
        yield Finding("data", name, place, place or "not here: fetched on first use", fault)


def find_caches() -> Iterator[Finding]:
    """What is kept for the next time, in bytes."""
    programs = list(programs_dir().glob("*/*.pb"))
    whole = _size_of(path for path in cache_dir().rglob("*") if programs_dir() not in path.parents)
    yield _describe_cache("data", cache_dir(), whole)
    yield _describe_cache("compiled_programs", programs_dir(), _size_of(programs))


def _describe_cache(name: str, folder: Path, size: int) -> Finding:
    value = {"path": str(folder), "bytes": size}
    return Finding("caches", name, value, f"{size / 1e6:,.1f} MB in {folder}")


def find_folders() -> Iterator[Finding]:
    """Whether there is room, and the right, to write where a training does."""
    runs = Path(RUNS_FOLDER) if Path(RUNS_FOLDER).exists() else Path()
    yield _describe_folder("runs", runs, "change to a folder of your own, or give --run-dir")
    yield _describe_folder("temporary_files", Path(tempfile.gettempdir()), "set TMPDIR to one that can be")
    yield _describe_folder("cache", cache_dir(), None)


def _describe_folder(name: str, folder: Path, remedy: str | None) -> Finding:
    reason = _why_unwritable(folder)
    if reason is not None:
        words = f"{folder} cannot be written to ({reason})"
        value = {"path": str(folder), "free_bytes": None}
        return Finding("folders", name, value, words, f"{words}: {remedy}" if remedy else None)
    path, free = str(folder.absolute()), shutil.disk_usage(_nearest(folder)).free
    return Finding("folders", name, {"path": path, "free_bytes": free}, f"{path} ({free / 1e9:,.1f} GB free)")


def _why_unwritable(folder: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _nearest(folder: Path) -> Path:
    """The folder, or the one in which it would be made."""
    return next((path for path in (folder, *folder.parents) if path.exists()), folder)


def _size_of(paths: Iterator[Path] | list[Path]) -> int:
    total = 0
    for path in paths:
        with suppress(OSError):
            total += path.lstat().st_size if path.is_file() else 0
    return total
