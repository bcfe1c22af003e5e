"""Data sets by name."""

from pathlib import Path

from eip_cli.foundation.errors import DataError
from eip_cli.recipes.configuration import DATASETS

from .cifar10 import CIFAR10_CLASS_NAMES, load_cifar10
from .dataset import Dataset
from .digits import DIGITS_CLASS_NAMES, load_digits_dataset
from .download import SILENT, DownloadProgress


def load_dataset(
    name: str, data_dir: Path | str | None = None, progress: DownloadProgress | None = None
) -> Dataset:
    """Load ``cifar10`` or ``digits`` whole into memory.

    CIFAR-10 is read from ``data_dir``, else from the folder that EIP_DATA_DIR names, else from the
    user's cache, or the copy that Keras or torchvision keeps, or a download. The digits come with
    scikit-learn: they need neither. Raises DataError where the dataset is unknown, missing or
    damaged.
    """
    if name == "digits":
        return load_digits_dataset()
    if name != "cifar10":
        raise DataError(f"unknown dataset {name!r}: choose one of {', '.join(DATASETS)}")
    arrays, location = load_cifar10(None if data_dir is None else Path(data_dir), progress or SILENT)
    return Dataset("cifar10", CIFAR10_CLASS_NAMES, *arrays, source=str(location))


def class_names_of(name: str) -> tuple[str, ...]:
    """The names of a data set's classes, without loading it."""
    return DIGITS_CLASS_NAMES if name == "digits" else CIFAR10_CLASS_NAMES
