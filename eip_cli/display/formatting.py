"""Numbers in words: percentages, points, sizes."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any


def format_shape(shape: Sequence[int | None]) -> str:
    """Sizes as they stand in tables: ``32x32x64``, with ``?`` for one that the network leaves open."""
    return "x".join("?" if size is None else str(size) for size in shape)


def format_pair(pair: tuple[Any, Any] | None) -> str:
    """Height and width: one number where they are equal, ``-`` where there is none."""
    if pair is None:
        return "-"
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def format_receptive_field(pair: tuple[Any, Any] | None, whole_image_seen: bool, whole: str) -> str:
    """A receptive field in pixels, or ``whole`` where units see the whole image; ``-`` where it has none."""
    return whole if whole_image_seen else format_pair(pair)


def pair_value(pair: tuple[Any, Any] | None) -> Any:
    """A number, or [height, width] where they differ; whole numbers as integers."""
    if pair is None:
        return None
    height, width = (int(side) if Fraction(side).denominator == 1 else float(side) for side in pair)
    return height if height == width else [height, width]


def format_percent(fraction: float) -> str:
    """A fraction as a percentage with two decimals: ``84.41%``."""
    return f"{100 * fraction:.2f}%"


def format_points(difference: float) -> str:
    """A difference of fractions in percentage points, with its sign: ``+1.97``."""
    return f"{100 * difference:+.2f}"
