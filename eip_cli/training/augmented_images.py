"""Random changes of training images: each draw is a function of (seed, epoch, image) alone.

So a training repeats to the bit and continues exactly, whatever its batch size and number of threads: no
draw depends on what was drawn before it, or on which images stand together in a batch.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.dataset import Dataset
from eip_cli.recipes.augmentation import Augmentation

# The streams of draws: two changes of one image must not be drawn from one number.
FLIP, SHIFT_ROWS, SHIFT_COLUMNS, ANGLE, CUT_ROW, CUT_COLUMN, SHARE = range(1, 8)
PARTNERS = 8
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def draw_uniform(seed: int, epoch: int, images: NDArray[np.int64], stream: int) -> NDArray[np.float64]:
    """A number in [0, 1) for each of ``images``, indices into the training images; (n,) as they are.

    By SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), whose n-th number needs none before it.
    """
    key = np.random.SeedSequence([seed, epoch, stream]).generate_state(1, np.uint64)[0]
    with np.errstate(over="ignore"):
        mixed = key + (images.astype(np.uint64) + np.uint64(1)) * _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)) * 2.0**-53


def draw_permutation(*stream: int, count: int) -> NDArray[np.int64]:
    """A permutation of ``count`` images, (count,), that follows from the numbers of ``stream`` alone."""
    # RandomState's stream is frozen for good (NEP 19), that of NumPy's Generator is not.
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence(stream))).permutation(count)


@lru_cache(maxsize=1)  # drawn once an epoch, not once a step
def _epoch_partners(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return draw_permutation(seed, epoch, PARTNERS, count=count)


class AugmentedImages:
    """The training images as an epoch sees them.

    ``images`` are uint8 (n, height, width, channels); ``mean`` is theirs by channel, in units of 255.
    """

    def __init__(
        self, images: NDArray[np.uint8], augmentation: Augmentation, mean: tuple[float, ...], seed: int
    ):
        self._images = images
        self._asked = augmentation
        self._fill = np.array([round(255 * value) for value in mean], np.uint8)
        self._seed = seed

    @property
    def mixes(self) -> bool:
        """Whether images are mixed with each other."""
        return self._asked.mixup is not None

    def take(self, epoch: int, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images ``chosen``, by indices, changed as in ``epoch`` (from 0), all but mixed."""
        asked, images = self._asked, self._images[chosen]
        if asked.flip:
            is_flipped = self._draw_flips(epoch, chosen)
            images[is_flipped] = images[is_flipped, :, ::-1]
        if asked.crop:
            images = self._shift(images, epoch, chosen, asked.crop)
        if asked.rotate:
            images = self._rotate(images, epoch, chosen, asked.rotate)
        if asked.cutout:
            self._cut_out(images, epoch, chosen, asked.cutout)
        return images

    def partners(
        self, epoch: int, chosen: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """For mixup: the image that each of ``chosen`` is mixed with, and its own share, (n,) each.

        Every image is another's partner once an epoch; the share comes of Beta(strength, strength).
        """
        from scipy.special import betaincinv

        assert self._asked.mixup is not None
        drawn = self._draw(epoch, chosen, SHARE)
        share = betaincinv(self._asked.mixup, self._asked.mixup, drawn)
        return _epoch_partners(self._seed, epoch, len(self._images))[chosen], share.astype(np.float32)

    def _draw(self, epoch: int, chosen: NDArray[np.int64], stream: int) -> NDArray[np.float64]:
        return draw_uniform(self._seed, epoch, chosen, stream)

    def _draw_flips(self, epoch: int, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        """By chance; or every second epoch, half of the images begun with the other half (Jordan 2024)."""
        if not self._asked.alternating:
            return self._draw(epoch, chosen, FLIP) < 0.5
        return (self._draw(0, chosen, FLIP) < 0.5) ^ bool(epoch % 2)

    def _shift(
        self, images: NDArray[np.uint8], epoch: int, chosen: NDArray[np.int64], most: int
    ) -> NDArray[np.uint8]:
        def sources(stream: int, size: int) -> NDArray[np.int64]:
            shifts = (self._draw(epoch, chosen, stream) * (2 * most + 1)).astype(np.int64) - most
            return _reflect(np.arange(size) + shifts[:, None], size)

        rows, columns = sources(SHIFT_ROWS, images.shape[1]), sources(SHIFT_COLUMNS, images.shape[2])
        each = np.arange(len(images))[:, None, None]
        return images[each, rows[:, :, None], columns[:, None, :]]

    def _rotate(
        self, images: NDArray[np.uint8], epoch: int, chosen: NDArray[np.int64], most_degrees: float
    ) -> NDArray[np.uint8]:
        """Bilinear, around the centre, the border reflected."""
        angles = np.deg2rad((2 * self._draw(epoch, chosen, ANGLE) - 1) * most_degrees).astype(np.float32)
        height, width = images.shape[1:3]
        down = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[None, :, None]
        right = (np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, None, :]
        cosine, sine = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
        rows = cosine * down - sine * right + (height - 1) / 2
        columns = sine * down + cosine * right + (width - 1) / 2
        top, left = np.floor(rows).astype(np.int32), np.floor(columns).astype(np.int32)
        lower, further = (rows - top)[..., None], (columns - left)[..., None]
        upper_rows, lower_rows = (_reflect(row, height) * width for row in (top, top + 1))
        left_columns, right_columns = (_reflect(column, width) for column in (left, left + 1))
        # One index a pixel is gathered several times faster than three.
        first = (np.arange(len(images), dtype=np.int32) * (height * width))[:, None, None]
        pixels = images.reshape(-1, images.shape[3]).astype(np.float32)

        def at(row: NDArray[np.int32], column: NDArray[np.int32]) -> NDArray[np.float32]:
            return pixels.take(first + row + column, axis=0)

        above = at(upper_rows, left_columns)
        above += (at(upper_rows, right_columns) - above) * further
        below = at(lower_rows, left_columns)
        below += (at(lower_rows, right_columns) - below) * further
        above += (below - above) * lower
        return np.rint(above).astype(np.uint8)

    def _cut_out(self, images: NDArray[np.uint8], epoch: int, chosen: NDArray[np.int64], side: int) -> None:
        """A square whose centre may be any pixel, so that a part of it may lie outside, as in the paper."""

        def inside(stream: int, size: int) -> NDArray[np.bool_]:
            first = (self._draw(epoch, chosen, stream) * size).astype(np.int64) - side // 2
            places = np.arange(size)
            return (places >= first[:, None]) & (places < first[:, None] + side)

        rows, columns = inside(CUT_ROW, images.shape[1]), inside(CUT_COLUMN, images.shape[2])
        images[rows[:, :, None] & columns[:, None, :]] = self._fill


def mix(
    one: NDArray[np.float32], other: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """``share`` (n,) of each row of ``one``, the rest of that of ``other``."""
    weights = share.reshape(-1, *(1,) * (one.ndim - 1))
    return weights * one + (1 - weights) * other


@dataclass(frozen=True, eq=False)
class Samples:
    """Training images of different classes, by name, and what augmentation makes of each.

    ``images`` are uint8 (n, 1 + draws, height, width, channels): first the image as it is.
    """

    class_names: tuple[str, ...]
    images: NDArray[np.uint8]


def draw_samples(
    dataset: Dataset, augmentation: Augmentation, seed: int, count: int = 10, draws: int = 8
) -> Samples:
    """``count`` training images that ``seed`` picks, in the order of their classes, and ``draws`` of each.

    The draws are those of the first epochs of a training on all images with this seed.
    """
    labels = dataset.train_labels
    shuffled = draw_permutation(seed, count=len(labels))
    _, firsts = np.unique(labels[shuffled], return_index=True)  # of each class that there is
    chosen = shuffled[np.sort(firsts)[:count]]
    chosen = chosen[np.argsort(labels[chosen])]
    augmented = AugmentedImages(dataset.train_images, augmentation, dataset.channel_statistics[0], seed)
    drawn = [dataset.train_images[chosen]]
    for epoch in range(draws):
        images = augmented.take(epoch, chosen)
        if augmented.mixes:
            partners, share = augmented.partners(epoch, chosen)
            others = augmented.take(epoch, partners)
            images = np.rint(mix(images.astype("f4"), others.astype("f4"), share)).astype(np.uint8)
        drawn.append(images)
    names = tuple(dataset.class_names[label] for label in labels[chosen])
    return Samples(names, np.stack(drawn, axis=1))


def _reflect(places: NDArray[Any], size: int) -> NDArray[Any]:
    """Places beyond an axis's ends, mirrored at its outermost pixels, which are not repeated."""
    period = 2 * (size - 1)
    places = places % period
    return np.minimum(places, period - places)
