"""Where a long diagram goes on in a further line, as text does."""

from collections.abc import Sequence


def break_lines(crossing: Sequence[int], widths: Sequence[float], longest: float) -> list[range]:
    """The columns of each line of a diagram, none wider than ``longest`` and all about as wide.

    ``widths`` are the columns', ``crossing`` the number of ways that a break behind each column would cut.

    A line ends where few ways cross, if there is such a place in its second half.
    """
    lines = _fill_lines(crossing, widths, longest)
    narrower = longest
    while narrower > max(widths):
        narrower -= 0.25
        fewer = _fill_lines(crossing, widths, narrower)
        if len(fewer) > len(lines):
            break
        lines = fewer
    return lines


def _fill_lines(crossing: Sequence[int], widths: Sequence[float], longest: float) -> list[range]:
    lines: list[range] = []
    first = 0
    while first < len(widths):
        end, total = first, 0.0
        while end < len(widths) and (end == first or total + widths[end] <= longest):
            total += widths[end]
            end += 1
        if end < len(widths):
            later_half = range(max(first + 1, first + (end - first + 1) // 2), end + 1)
            end = min(later_half, key=lambda stop: (crossing[stop - 1], -stop))
        lines.append(range(first, end))
        first = end
    return lines
