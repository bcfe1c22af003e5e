"""What a sheet of images shows, in words and pixels; how it is laid out is the sheet's and the page's."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Tone = Literal["right", "wrong", "plain"]
SIGNS: dict[Tone, str] = {"right": "\N{CHECK MARK}", "wrong": "\N{BALLOT X}", "plain": ""}


@dataclass(frozen=True)
class Line:
    """Words under an image and a number at their right; ``tone`` says whether they are right."""

    text: str
    value: str = ""
    tone: Tone = "plain"

    @property
    def words(self) -> str:
        """The text after a sign that says what the colour says, for who cannot tell colours apart."""
        return f"{SIGNS[self.tone]} {self.text}".strip()


@dataclass(frozen=True, eq=False)
class Tile:
    """One image, uint8 (height, width, channels), under a small heading and over its lines.

    ``heat`` float (height, width) from 0 to 1 stands beside it. ``description`` is said where the image
    cannot be seen.
    """

    heading: str
    image: NDArray[np.uint8]
    lines: tuple[Line, ...]
    description: str
    heat: NDArray[np.float64] | None = None

    @property
    def is_heat_empty(self) -> bool:
        """Whether its map is zero all over, which the tile says."""
        return self.heat is not None and not self.heat.any()


@dataclass(frozen=True, eq=False)
class Sheet:
    """Tiles under a title; ``heat_legend`` explains the colours of their maps."""

    title: str
    subtitle: str
    tiles: tuple[Tile, ...]
    notes: tuple[str, ...] = ()
    heat_legend: str | None = None
