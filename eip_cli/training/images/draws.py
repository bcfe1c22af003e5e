"""What is drawn for a training image: each draw is a function of (seed, epoch, image) alone.

So a training repeats to the bit and continues exactly, whatever its batch size and number of threads: no
draw depends on what was drawn before it, or on which images stand together in a batch.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, eq=False)
class Changes:
    """What is to be done with n images of some height and width, in this order; None for what is not.

    ``flips`` (n,) says whose left and right are exchanged; ``rows`` (n, height) and ``columns`` (n, width)
    are the places that each row and column then comes from; ``angles`` (n,) turn it around its centre, in
    radians, float32; ``hole`` says which rows and which columns, (n, height) and (n, width), meet in the
    square that is filled with ``fill`` (channels,).
    """

    fill: NDArray[np.uint8]
    flips: NDArray[np.bool_] | None = None
    rows: NDArray[np.int64] | None = None
    columns: NDArray[np.int64] | None = None
    angles: NDArray[np.float32] | None = None
    hole: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None


class Draws:
    """The draws of a training for images of ``shape`` (count, height, width, channels).

    ``mean`` is that of the training images by channel, in units of 255.
    """

    def __init__(
        self, asked: Augmentation, shape: tuple[int, ...], mean: tuple[float, ...], seed: int
    ) -> None:
        self._asked = asked
        self._count, self._height, self._width, _ = shape
        self.fill = np.array([round(255 * value) for value in mean], np.uint8)  # of a hole, by channel
        self._seed = seed

    @property
    def mixes(self) -> bool:
        """Whether images are mixed with each other."""
        return self._asked.mixup is not None

    def changes(self, epoch: int, chosen: NDArray[np.int64]) -> Changes:
        """The changes of the images ``chosen``, by indices, in ``epoch`` (from 0)."""
        asked = self._asked
        flips = rows = columns = angles = hole = None
        if asked.flip:
            flips = self._flips(epoch, chosen)
        if asked.crop:
            rows = self._shift(epoch, chosen, SHIFT_ROWS, self._height, asked.crop)
            columns = self._shift(epoch, chosen, SHIFT_COLUMNS, self._width, asked.crop)
        if asked.rotate:
            turns = 2 * self._draw(epoch, chosen, ANGLE) - 1
            angles = np.deg2rad(turns * asked.rotate).astype(np.float32)
        if asked.cutout:
            hole = (
                self._side(epoch, chosen, CUT_ROW, self._height, asked.cutout),
                self._side(epoch, chosen, CUT_COLUMN, self._width, asked.cutout),
            )
        return Changes(self.fill, flips, rows, columns, angles, hole)

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
        return _epoch_partners(self._seed, epoch, self._count)[chosen], share.astype(np.float32)

    def _draw(self, epoch: int, chosen: NDArray[np.int64], stream: int) -> NDArray[np.float64]:
        return draw_uniform(self._seed, epoch, chosen, stream)

    def _flips(self, epoch: int, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        """By chance; or every second epoch, half of the images begun with the other half (Jordan 2024)."""
        if not self._asked.alternating:
            return self._draw(epoch, chosen, FLIP) < 0.5
        return (self._draw(0, chosen, FLIP) < 0.5) ^ bool(epoch % 2)

    def _shift(
        self, epoch: int, chosen: NDArray[np.int64], stream: int, size: int, most: int
    ) -> NDArray[np.int64]:
        places = reflect(np.arange(size) + np.arange(-most, most + 1)[:, None], size)  # of each shift
        return places[(self._draw(epoch, chosen, stream) * (2 * most + 1)).astype(np.int64)]

    def _side(
        self, epoch: int, chosen: NDArray[np.int64], stream: int, size: int, side: int
    ) -> NDArray[np.bool_]:
        """Of a square whose centre may be any pixel, so that a part may lie outside, as in the paper."""
        first = (self._draw(epoch, chosen, stream) * size).astype(np.int64) - side // 2
        places = np.arange(size)
        return (places >= first[:, None]) & (places < first[:, None] + side)


def reflect(places: NDArray[Any], size: int) -> NDArray[Any]:
    """Places beyond an axis's ends, mirrored at its outermost pixels, which are not repeated."""
    period = 2 * (size - 1)
    places = places % period
    return np.minimum(places, period - places)
