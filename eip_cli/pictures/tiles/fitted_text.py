"""Text that keeps to its place in a picture: shortened or wrapped by its measured width."""

from bisect import bisect_right
from functools import lru_cache

from eip_cli.foundation.plain_text import show_plainly
from eip_cli.pictures.figures import show_name

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@lru_cache(maxsize=4096)
def measure_width(text: str, size: float, weight: str = "normal") -> float:
    """The width of ``text`` in points, drawn at ``size`` points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.3 * size * len(text)
    outline = TextPath((0, 0), show_name(text), prop=FontProperties(size=size, weight=weight))
    return float(outline.get_extents().x1)


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


def wrap(text: str, width: float, size: float) -> list[str]:
    """``text`` in lines of at most ``width`` points, broken between words; a longer word is shortened."""
    lines: list[str] = []
    for word in show_plainly(text).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and measure_width(joined, size) <= width:
            lines[-1] = joined
        else:
            lines.append(shorten(word, width, size))
    return lines
