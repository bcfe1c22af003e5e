"""A few test images for looking at a network: of data that is on this machine, never downloaded for it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.cache_folder import cache_dir
from eip_cli.foundation.errors import DataError
from eip_cli.foundation.keras_settings import keras_home
from eip_cli.networks.receptive_field.tracing import find_image_axes
from eip_cli.recipes.configuration import DATASETS
from eip_cli.recipes.pixels import make_pixel_scale

from .opening import OpenedModel, find_pixels

GREY_LEVELS = (96, 160)
SQUARE = 4  # pixels, of the grey image
# Of noise, where there are no images to take them of.
NOISE_STATISTICS = ((0.5,), (0.29,))


@dataclass(frozen=True, eq=False)
class SampleImages:
    """Images uint8 (n, height, width, channels), the same as the network takes them, and what they are.

    ``is_real`` unless they are noise.
    """

    images: NDArray[np.uint8]
    inputs: NDArray[np.float32]
    words: str
    words_of_first: str = ""
    is_real: bool = True

    @property
    def first(self) -> tuple[NDArray[np.uint8], str]:
        """An image to look at, and what it is: the first one, or grey squares in the place of noise."""
        if self.is_real:
            return self.images[0], self.words_of_first
        height, width, _ = self.images.shape[1:]
        rows, columns = np.indices((height, width)) // SQUARE
        grey = np.where((rows + columns) % 2, *GREY_LEVELS).astype(np.uint8)
        return np.repeat(grey[..., np.newaxis], 3, axis=2), "a grey image: no test images of this size here"


def find_sample_images(
    opened: OpenedModel,
    number: int,
    dataset: str | None = None,
    data_dir: Path | None = None,
    pixels: str | None = None,
) -> SampleImages:
    """The first ``number`` test images of ``dataset``, else of the run's, else of one that fits the network.

    ``pixels`` is the form of pixels that the network takes, else what is known of it. Where no data is
    here, or none of the network's size, they are noise. Raises DataError where ``data_dir`` has none.
    """
    shape = tuple(opened.model.input_shape[1:])
    rows, columns = find_image_axes(opened.model, opened.name)
    order = (rows, columns, 3 - rows - columns)  # where height, width and channels are
    wanted = tuple(shape[axis] for axis in order)
    form = pixels or find_pixels(opened)[0]
    recorded = opened.record.config.dataset if opened.record is not None else None
    names = [name for name in (dataset, recorded) if name is not None][:1] or list(DATASETS)
    found = find_local_dataset(names, wanted, data_dir)
    if found is None:
        images = np.random.default_rng(0).integers(0, 256, (number, *wanted), dtype=np.uint8)
        scale = make_pixel_scale(form, lambda: NOISE_STATISTICS)
        words = f"{number} images of noise"
        return SampleImages(images, _arrange(scale.apply(images), order), words, is_real=False)
    images = found.test_images[:number]
    scale = make_pixel_scale(form, lambda: found.channel_statistics)
    words = f"{len(images)} test images of {found.name}"
    first = f"the first test image of {found.name}"
    return SampleImages(images, _arrange(scale.apply(images), order), words, first)


def _arrange(images: NDArray[np.float32], order: tuple[int, int, int]) -> NDArray[np.float32]:
    """Images with height, width and channels along the axes that ``order`` gives, after the first one."""
    return np.moveaxis(images, (1, 2, 3), tuple(1 + axis for axis in order))


def find_local_dataset(names: Sequence[str], shape: tuple[int, ...], data_dir: Path | None) -> Dataset | None:
    """The first of the data sets called ``names`` that is here and has images of ``shape``.

    Raises DataError where ``data_dir`` has none.
    """
    failure = None
    for name in names:
        for folder in _list_places(name, data_dir):
            try:
                dataset = load_dataset(name, folder)
            except DataError as error:
                failure = error
                continue
            if dataset.test_images.shape[1:] == shape:
                return dataset
            break
    if data_dir is not None and failure is not None:
        raise failure
    return None


def _list_places(name: str, data_dir: Path | None) -> list[Path | None]:
    """The folders where a data set may be: where one is named, nothing is downloaded."""
    if name == "digits":  # they come with a package
        return [None]
    if data_dir is not None:
        return [data_dir]
    named = os.environ.get("EIP_DATA_DIR")
    return [Path(named)] if named else [cache_dir(), keras_home() / "datasets", Path("data")]
