"""Where a copy of CIFAR-10 may lie: in a folder that the user names, and where other programs keep theirs."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from eip_cli.foundation.keras_settings import keras_home

FOLDER_NAME = "cifar-10-batches-py"
TRAIN_FILES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
TEST_FILE = "test_batch"
BATCH_FILES = (*TRAIN_FILES, TEST_FILE)
# What Keras calls the archive: Keras 2, and Keras 3 beside the folder that it unpacks to.
_KERAS_ARCHIVES = ("cifar-10-batches-py.tar.gz", "cifar-10-batches-py-target_archive")


def find_copies(folder: Path, archive_name: str) -> Iterator[Path]:
    """The folders of batches and archives that ``folder`` is or holds, or that a folder in it is or holds.

    Whether they are complete is not looked at. Raises OSError where ``folder`` cannot be read.
    """
    yield from _copies_in(folder, archive_name)
    if folder.is_dir():
        for inner in sorted(folder.iterdir()):
            with suppress(OSError):  # another's folder beside the data
                if inner.is_dir():
                    yield from _copies_in(inner, archive_name)


def other_programs_copies(archive_name: str) -> Iterator[Path]:
    """The copies that Keras and torchvision have made: in Keras's folder, and in ``data`` here."""
    for folder in (keras_home() / "datasets", Path("data")):
        with suppress(OSError):
            yield from find_copies(folder, archive_name)


def _copies_in(folder: Path, archive_name: str) -> Iterator[Path]:
    for place in (folder, folder / FOLDER_NAME):
        if any((place / name).exists() for name in BATCH_FILES):
            yield place
    for name in (archive_name, *_KERAS_ARCHIVES):
        if (folder / name).exists() and not (folder / name).is_dir():
            yield folder / name
