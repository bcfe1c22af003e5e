"""Data sets by name."""

from importlib.util import find_spec
from pathlib import Path

from eip_cli.foundation.errors import DataError
from eip_cli.foundation.problem import Problem
from eip_cli.recipes.configuration import DATASETS

from .cifar10 import CIFAR10
from .cifar100 import CIFAR100
from .dataset import Dataset
from .digits import DIGITS_CLASS_NAMES, DIGITS_PROBLEM, NO_DIGITS, load_digits_dataset
from .download import SILENT, DownloadProgress
from .fashion_mnist import FASHION_MNIST
from .mnist import MNIST
from .obtaining import fetch_collection, load_collection, locate_collection

COLLECTIONS = {collection.name: collection for collection in (CIFAR10, CIFAR100, MNIST, FASHION_MNIST)}


def load_dataset(
    name: str, data_dir: Path | str | None = None, progress: DownloadProgress | None = None
) -> Dataset:
    """Load one of DATASETS whole into memory.

    It is read from ``data_dir``, else from the folder that EIP_DATA_DIR names, else from the
    user's cache, or the copy that Keras or torchvision keeps, or a download. The digits come with
    scikit-learn: they need none of these. Raises DataError where the dataset is unknown, missing or
    damaged.
    """
    if name == "digits":
        return load_digits_dataset()
    if name not in COLLECTIONS:
        raise DataError(f"unknown dataset {name!r}: choose one of {', '.join(DATASETS)}")
    collection = COLLECTIONS[name]
    arrays, location = load_collection(collection, _as_path(data_dir), progress or SILENT)
    return Dataset(name, collection.class_names, *arrays, source=str(location))


def fetch_dataset(
    name: str, data_dir: Path | str | None = None, progress: DownloadProgress | None = None
) -> str:
    """See to it that ``load_dataset`` will find one of DATASETS, checked, and say in a sentence where.

    A folder without it gets a new sub-folder. Raises DataError where it cannot be had.
    """
    if name == "digits":
        return f"digits are complete in {load_digits_dataset().source}"
    collection = COLLECTIONS[name]
    folder = fetch_collection(collection, _as_path(data_dir), progress or SILENT)
    return f"{collection.title} is complete in {folder}"


def locate_dataset(name: str) -> str | None:
    """Where ``load_dataset`` would find one of DATASETS; None where it would be downloaded. Nothing is read.

    Raises DataError where it would find none.
    """
    if name == "digits":
        if find_spec("sklearn") is None:
            raise DataError(NO_DIGITS)
        return "comes with scikit-learn"
    location = locate_collection(COLLECTIONS[name])
    return None if location is None else str(location)


def problem_of(name: str) -> Problem:
    """The shape of a data set's images and the number of its classes, without loading it."""
    if name == "digits":
        return DIGITS_PROBLEM
    return Problem(COLLECTIONS[name].image_shape, len(COLLECTIONS[name].class_names))


def class_names_of(name: str) -> tuple[str, ...]:
    """The names of a data set's classes, without loading it."""
    return DIGITS_CLASS_NAMES if name == "digits" else COLLECTIONS[name].class_names


def _as_path(folder: Path | str | None) -> Path | None:
    return None if folder is None else Path(folder)
