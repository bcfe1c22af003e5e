"""Text that keeps to its place in a picture: shortened or wrapped by its measured width."""

from bisect import bisect_right
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from eip_cli.foundation.plain_text import show_plainly
from eip_cli.pictures.figures import DOTS_PER_INCH, missing_signs_passed_over, show_text

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@lru_cache(maxsize=4096)
def measure_width(text: str, size: float, weight: str = "normal") -> float:
    """The width of ``text`` in points, drawn at ``size`` points: the greater of a PNG's and an SVG's.

    In a PNG letters are moved to whole dots, which at small sizes makes words some percent wider.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text:
        return 0.0
    font = FontProperties(size=size, weight=weight)
    with missing_signs_passed_over():
        outline = TextPath((0, 0), show_text(text), prop=font)
        dots, _, _ = _png_renderer().get_text_width_height_descent(text, font, ismath=False)
    drawn = float(outline.vertices[:, 0].max()) if len(outline.vertices) else 0.0
    return max(drawn, dots * 72 / DOTS_PER_INCH)


@cache
def _png_renderer() -> "RendererAgg":
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(1, 1, DOTS_PER_INCH)


def shorten(text: str, width: float, size: float, weight: str = "normal") -> str:
    """As much of ``text``, in one line, as ``width`` points hold, with an ellipsis for the rest."""
    text = show_plainly(text)
    if measure_width(text, size, weight) <= width:
        return text
    fitting = bisect_right(
        range(1, len(text)),
        width,
        key=lambda kept: measure_width(text[:kept].rstrip() + ELLIPSIS, size, weight),
    )
    return text[:fitting].rstrip() + ELLIPSIS


def wrap(text: str, width: float, size: float, weight: str = "normal") -> list[str]:
    """``text`` in lines of at most ``width`` points, broken between words; a longer word is shortened."""
    lines: list[str] = []
    for word in show_plainly(text).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and measure_width(joined, size, weight) <= width:
            lines[-1] = joined
        else:
            lines.append(shorten(word, width, size, weight))
    return lines
