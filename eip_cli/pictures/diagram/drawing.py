"""Draws a diagram that is laid out, with the words that explain it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eip_cli.pictures.lettering import measure_text

from .layout import MARGIN, Layout, Shape
from .ways import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours (2008), told apart by the colour-blind too.
COLORS = {
    "separable": "#0072B2",
    "convolution": "#D55E00",
    "depthwise": "#56B4E9",
    "pooling": "#009E73",
    "dense": "#CC79A7",
    "merge": "#444444",
    "other": "#999999",
    "image": "#999999",
}
KIND_NAMES = {
    "separable": "separable convolution",
    "convolution": "convolution",
    "depthwise": "depthwise convolution",
    "pooling": "pooling",
    "dense": "dense",
    "other": "other",
}
WAY_COLOR = "#777777"
GREY = "#666666"
CORNER = 0.06
HEAD = 0.07
LEGEND_POINTS = 7.0
LEGEND_LINE = 0.17
SWATCH = 0.12
EXPLANATION = "Width: channels, on a square-root scale. Height: the map's. Bar: parameters, and their share."


def draw_diagram(axes: "Axes", layout: Layout) -> None:
    """Draw ``layout`` into ``axes``, whose unit is an inch and whose y axis goes down."""
    for points in layout.ways:
        _draw_way(axes, points)
    for shape in layout.shapes:
        _draw_shape(axes, shape)
    for bar in layout.bars:
        from matplotlib.patches import Rectangle

        axes.add_patch(
            Rectangle(
                (bar.x, bar.y - 0.03), bar.width, 0.06, facecolor=COLORS[bar.kind], linewidth=0, zorder=3
            )
        )
    for words in layout.words:
        axes.text(
            words.x,
            words.y,
            words.text,
            fontsize=words.points,
            fontweight="bold" if words.is_bold else "normal",
            color=GREY if words.is_grey else "black",
            ha="center" if words.is_centred else "left",
            va="center_baseline",
            zorder=4,
        )


def _draw_shape(axes: "Axes", shape: Shape) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Circle, FancyBboxPatch

    color = COLORS[shape.kind]
    if shape.sign:
        axes.add_patch(
            Circle(
                (shape.x, shape.y),
                shape.width / 2,
                facecolor="white",
                edgecolor=color,
                linewidth=0.9,
                zorder=3,
            )
        )
        axes.text(
            shape.x,
            shape.y,
            shape.sign,
            fontsize=9 if len(shape.sign) == 1 else 5,
            ha="center",
            va="center",
            color=color,
            zorder=4,
        )
        return
    tint = tuple(0.35 * part + 0.65 for part in to_rgb(color))
    rounding = min(0.03, shape.width / 4, shape.height / 4)
    axes.add_patch(
        FancyBboxPatch(
            (shape.x - shape.width / 2 + rounding, shape.y - shape.height / 2 + rounding),
            shape.width - 2 * rounding,
            shape.height - 2 * rounding,
            boxstyle=f"round,pad={rounding}",
            facecolor=tint if shape.kind != "image" else "white",
            edgecolor=color,
            linewidth=0.9,
            zorder=3,
        )
    )


def _draw_way(axes: "Axes", points: Sequence[Point]) -> None:
    """A line with rounded corners and a head at its end."""
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    vertices, codes = [points[0]], [int(Path.MOVETO)]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        vertices += [_towards(corner, before), corner, _towards(corner, after)]
        codes += [int(Path.LINETO), int(Path.CURVE3), int(Path.CURVE3)]
    vertices.append(points[-1])
    codes.append(int(Path.LINETO))
    axes.add_patch(
        PathPatch(
            Path(vertices, codes), fill=False, edgecolor=WAY_COLOR, linewidth=0.8, capstyle="butt", zorder=2
        )
    )
    (x0, y0), (x1, y1) = points[-2:]
    length = abs(x1 - x0) + abs(y1 - y0)  # along one axis
    dx, dy = (x1 - x0) / length * HEAD, (y1 - y0) / length * HEAD
    head = [(x1, y1), (x1 - dx - 0.4 * dy, y1 - dy - 0.4 * dx), (x1 - dx + 0.4 * dy, y1 - dy + 0.4 * dx)]
    axes.add_patch(Polygon(head, closed=True, facecolor=WAY_COLOR, linewidth=0, zorder=2.5))


def _towards(corner: Point, other: Point) -> Point:
    """The point a little from ``corner`` towards ``other``, at most half of the way."""
    length = max(abs(other[0] - corner[0]) + abs(other[1] - corner[1]), 1e-9)
    part = min(CORNER / length, 0.5)
    return corner[0] + part * (other[0] - corner[0]), corner[1] + part * (other[1] - corner[1])


def legend_height(layout: Layout, width: float) -> float:
    """How high the words are that ``draw_legend`` writes within ``width``."""
    return LEGEND_LINE * len(_legend_lines(layout, width)) + 0.15


def draw_legend(axes: "Axes", layout: Layout, width: float) -> None:
    """The colours of the kinds of layers that there are, and what width, height and bar mean."""
    from matplotlib.patches import Rectangle

    for number, line in enumerate(_legend_lines(layout, width)):
        x, y = MARGIN, (number + 0.5) * LEGEND_LINE
        for kind, text in line:
            if kind:
                axes.add_patch(
                    Rectangle(
                        (x, y - SWATCH / 2), SWATCH, SWATCH, facecolor=COLORS[kind], linewidth=0, alpha=0.8
                    )
                )
                x += SWATCH + 0.05
            axes.text(x, y, text, fontsize=LEGEND_POINTS, color=GREY, ha="left", va="center_baseline")
            x += measure_text(text, LEGEND_POINTS) + 0.2


def _legend_lines(layout: Layout, room: float) -> list[list[tuple[str, str]]]:
    """Kind and words of each entry, as many on a line as fit; the explanation has no kind."""
    kinds = {shape.kind for shape in layout.shapes}
    entries = [(kind, name) for kind, name in KIND_NAMES.items() if kind in kinds]
    entries += [("", sentence) for sentence in _sentences(EXPLANATION)]
    lines: list[list[tuple[str, str]]] = [[]]
    used = 0.0
    for kind, text in entries:
        width = measure_text(text, LEGEND_POINTS) + 0.2 + (SWATCH + 0.05 if kind else 0)
        if lines[-1] and used + width > room - 2 * MARGIN:
            lines.append([])
            used = 0.0
        lines[-1].append((kind, text))
        used += width
    return lines


def _sentences(text: str) -> list[str]:
    return [f"{sentence.rstrip('.')}." for sentence in text.split(". ")]
