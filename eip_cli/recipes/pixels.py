"""The numbers that a network takes for its pixels: their forms by name, and bytes made into them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eip_cli.foundation.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STANDARDISED = "standardised"
PIXEL_FORMS = ("0-1", "0-255", "-1-1", STANDARDISED)

_NUMBER = r"\d*\.?\d+"
_NUMBERS = rf"{_NUMBER}(?:,{_NUMBER},{_NUMBER})?"
_OWN_STATISTICS = re.compile(rf"{STANDARDISED}=({_NUMBERS})/({_NUMBERS})")


@dataclass(frozen=True)
class PixelScale:
    """``(byte / 255 - mean) / deviation``, one of each for all channels or for each of them.

    ``form`` is the name that a user gives it, and a run records.
    """

    form: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def apply(self, images: "NDArray") -> "NDArray":
        """uint8 (n, height, width, channels) -> float32 of the same shape."""
        import numpy as np

        if self.form == "0-255":
            return images.astype("float32")
        unit = images.astype("float32") / np.float32(255)
        if self.form == "0-1":  # (x - 0) / 1, without two passes over a batch
            return unit
        return (unit - np.array(self.mean, "float32")) / np.array(self.deviation, "float32")

    def require_channels(self, channels: int) -> None:
        """Raise TrainingError where the numbers are of other channels than images of so many have."""
        if len(self.mean) not in (1, channels):
            raise TrainingError(
                f"pixels {self.form} have {len(self.mean)} means, and these images {channels} channel"
                f"{'s' if channels > 1 else ''}: give as many, or one for all"
            )

    def __str__(self) -> str:
        if not self.form.startswith(STANDARDISED):
            return self.form
        mean, deviation = (
            " ".join(f"{value:.4f}" for value in values) for values in (self.mean, self.deviation)
        )
        return f"{STANDARDISED} (mean {mean}, deviation {deviation}, of 0-1)"


UNIT_PIXELS = PixelScale("0-1", (0.0,), (1.0,))
BYTE_PIXELS = PixelScale("0-255", (0.0,), (1 / 255,))
SIGNED_PIXELS = PixelScale("-1-1", (0.5,), (0.5,))


def is_pixel_form(text: str) -> bool:
    """Whether ``text`` names a form: one of PIXEL_FORMS, or ``standardised=MEAN/DEVIATION``.

    Of the last each side is a number, or three with commas between them, in units of 255.
    """
    if text in PIXEL_FORMS:
        return True
    match = _OWN_STATISTICS.fullmatch(text)
    return match is not None and min(_numbers(match[2])) > 0


def make_pixel_scale(
    form: str, statistics: Callable[[], tuple[Sequence[float], Sequence[float]]]
) -> PixelScale:
    """The scale of ``form``; ``statistics`` gives mean and deviation of the training images, by channel.

    Raises ValueError where ``form`` is none.
    """
    for scale in (UNIT_PIXELS, BYTE_PIXELS, SIGNED_PIXELS):
        if form == scale.form:
            return scale
    if form == STANDARDISED:
        mean, deviation = statistics()
        # A channel that is the same everywhere has nothing to be divided by.
        return PixelScale(form, tuple(mean), tuple(value or 1.0 for value in deviation))
    match = _OWN_STATISTICS.fullmatch(form)
    if match is None:
        raise ValueError(f"{form!r} is no form of pixels: use one of {', '.join(PIXEL_FORMS)}")
    return PixelScale(form, _numbers(match[1]), _numbers(match[2]))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split(",")))
