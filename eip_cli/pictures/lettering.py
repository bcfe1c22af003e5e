"""How wide words are, and words that are made to fit."""

from functools import lru_cache

from .figures import LONGEST_NAME, show_name

POINTS_PER_INCH = 72
ELLIPSIS = "…"


@lru_cache(maxsize=10_000)
def measure_text(text: str, points: float, bold: bool = False) -> float:
    """The width in inches of one line of ``text``, as matplotlib draws it in the figures' font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    properties = FontProperties(size=points, weight="bold" if bold else "normal")
    # A sign takes the same room whether it is read as mathematics or not, and show_name leaves none to read.
    width, _, _ = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return float(width) / POINTS_PER_INCH


def fit_text(text: str, inches: float, points: float, bold: bool = False) -> str:
    """``text`` as it is drawn; where it is wider than ``inches``, dots stand for its middle.

    Not for its end: that tells names such as ``separable_conv2d_12`` from each other.
    """
    if _measure_shown(text, points, bold) <= inches:
        return show_name(text)
    low, high = 0, min(len(text), LONGEST_NAME)
    while low < high:  # as many signs as fit
        middle = (low + high + 1) // 2
        fits = _measure_shown(_cut(text, middle), points, bold) <= inches
        low, high = (middle, high) if fits else (low, middle - 1)
    return show_name(_cut(text, low))


def _measure_shown(text: str, points: float, bold: bool) -> float:
    return measure_text(show_name(text).replace(r"\$", "$"), points, bold)


def _cut(text: str, n_signs: int) -> str:
    at_end = n_signs // 3
    return text[: n_signs - at_end] + ELLIPSIS + text[len(text) - at_end :]


def wrap_text(text: str, inches: float, points: float) -> list[str]:
    """``text`` in lines no wider than ``inches``, broken behind commas alone."""
    lines: list[str] = []
    for part in text.split(", "):
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and _measure_shown(f"{longer},", points, False) > inches:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1:] = [longer]
    return lines
