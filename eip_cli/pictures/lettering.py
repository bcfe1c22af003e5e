"""How wide words are, and words that are made to fit."""

import warnings
from functools import lru_cache

from .figures import LONGEST_NAME, show_name

POINTS_PER_INCH = 72
ELLIPSIS = "…"


@lru_cache(maxsize=10_000)
def measure_text(text: str, points: float, bold: bool = False) -> float:
    """The width in inches of ``text`` on one line, as ``show_name`` has it drawn in the figures' font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    properties = FontProperties(size=points, weight="bold" if bold else "normal")
    drawn = show_name(text).replace(r"\$", "$")  # the stroke is not drawn
    with warnings.catch_warnings():
        # Signs that no font here has are drawn as boxes, and measured as such.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        width, _, _ = text_to_path.get_text_width_height_descent(drawn, properties, ismath=False)
    return float(width) / POINTS_PER_INCH


def fit_text(text: str, inches: float, points: float, bold: bool = False) -> str:
    """``text`` as it is drawn; where it is wider than ``inches``, dots stand for its middle.

    Not for its end: that tells names such as ``separable_conv2d_12`` from each other.
    """
    if len(text) <= LONGEST_NAME and measure_text(text, points, bold) <= inches:
        return show_name(text)
    low, high = 0, min(len(text), LONGEST_NAME - 1)
    while low < high:  # as many signs as fit
        middle = (low + high + 1) // 2
        fits = measure_text(_cut(text, middle), points, bold) <= inches
        low, high = (middle, high) if fits else (low, middle - 1)
    return show_name(_cut(text, low))


def _cut(text: str, n_signs: int) -> str:
    at_end = n_signs // 3
    return text[: n_signs - at_end] + ELLIPSIS + text[len(text) - at_end :]


def wrap_text(text: str, inches: float, points: float) -> list[str]:
    """``text`` in lines no wider than ``inches``, broken behind commas alone."""
    lines: list[str] = []
    for part in text.split(", "):
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and measure_text(f"{longer},", points) > inches:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1:] = [longer]
    return lines


def shorten(text: str, most_signs: int) -> str:
    """``text`` with dots for its middle where it has more than ``most_signs``, whatever its width."""
    return text if len(text) <= most_signs else _cut(text, most_signs - 1)
