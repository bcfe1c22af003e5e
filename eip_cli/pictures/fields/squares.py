"""Receptive fields as squares, one in the other, on an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from eip_cli.networks.blocks.fields import SharedField
from eip_cli.pictures.diagram.captions import show_pair
from eip_cli.pictures.lettering import POINTS_PER_INCH, fit_text, measure_text
from eip_cli.pictures.panels import GREY, HEAD_HEIGHT, NOTE_POINTS, Area, add_paper, write_head

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE = 3.5  # inches, of the picture
LABEL_LINE = 0.155
LABELS_LEFT = 0.75  # from the picture: room for the lines to the labels
LABELS_WIDTH = 2.4
WIDTH = SIDE + LABELS_LEFT + LABELS_WIDTH
# A field of many times the image would leave it a speck: what is larger is named, and not drawn.
MOST_IMAGES = 2.5


@dataclass(frozen=True, eq=False)
class SampleImage:
    """An image to look at: uint8 (height, width, 1 or 3), and where it is from."""

    pixels: Any
    origin: str


def squares_height(fields: Sequence[SharedField]) -> float:
    """How high the panel is, for the labels grow in number."""
    return HEAD_HEIGHT + max(SIDE, LABEL_LINE * (len(fields) + 2)) + 0.1


def draw_squares(
    figure: "Figure", area: Area, fields: Sequence[SharedField], whole: Sequence[str], sample: SampleImage
) -> None:
    """Draw ``fields``, the smallest first, around the middle of an image, with a label each.

    What lies beyond the image, where padding is, is hatched. ``whole`` are the layers that see all of it.
    """
    paper = add_paper(figure, area)
    height, width = sample.pixels.shape[:2]
    drawn = [one for one in fields if max(one.size) <= MOST_IMAGES * max(height, width)]
    larger = fields[len(drawn) :]
    beyond = any(one.size[0] > height or one.size[1] > width for one in fields)
    hatched = "; hatched: beyond it, where padding is" if beyond else ""
    write_head(paper, area.width, "What a unit in the middle sees", f"{sample.origin}{hatched}")
    view = max([1.12 * max(height, width), *(1.04 * max(one.size) for one in drawn)])
    scale = SIDE / view
    x, y = SIDE / 2, HEAD_HEIGHT + (area.height - HEAD_HEIGHT - 0.1) / 2
    _draw_image(paper, sample, x, y, scale, drawn if beyond else [])
    colors = _choose_colors(len(drawn))
    pen = _choose_pen(drawn, scale)
    ends = [
        _draw_square(paper, one, x, y, scale, pen, color) for one, color in zip(drawn, colors, strict=True)
    ]
    labels = [
        (_name_layers(show_pair(one.size), one.layers), color)
        for one, color in zip(drawn, colors, strict=True)
    ]
    labels += [_describe_larger(larger)] if larger else []
    _write_labels(paper, labels, ends, whole, y)


def _draw_image(
    paper: "Axes", sample: SampleImage, x: float, y: float, scale: float, fields: Sequence[SharedField]
) -> None:
    from matplotlib.patches import Rectangle

    height, width = (size * scale for size in sample.pixels.shape[:2])
    if fields:
        tall, wide = (scale * max(one.size[axis] for one in fields) for axis in (0, 1))
        tall, wide = max(tall, height), max(wide, width)
        paper.add_patch(
            Rectangle(
                (x - wide / 2, y - tall / 2),
                wide,
                tall,
                facecolor="white",
                edgecolor="#cccccc",
                hatch="////",
                linewidth=0,
            )
        )
    extent = (x - width / 2, x + width / 2, y + height / 2, y - height / 2)
    pixels = sample.pixels if sample.pixels.shape[2] == 3 else sample.pixels[..., 0]
    paper.imshow(
        pixels, extent=extent, interpolation="nearest", cmap="gray", vmin=0, vmax=255, aspect="auto", zorder=1
    )
    paper.set_xlim(0, WIDTH)  # imshow has them follow the image
    paper.set_ylim(paper.bbox.height / paper.figure.dpi, 0)
    paper.add_patch(
        Rectangle((x - width / 2, y - height / 2), width, height, fill=False, linewidth=0.8, zorder=2)
    )


def _choose_colors(number: int) -> list[Any]:
    """From small to large: a scale that keeps its order in grey and for the colour-blind."""
    from matplotlib import colormaps

    scale = colormaps["plasma"]
    return [scale(0.85 * index / max(number - 1, 1)) for index in range(number)]


def _choose_pen(fields: Sequence[SharedField], scale: float) -> float:
    """The width of the squares' lines in points: thinner where they are close together."""
    sizes = sorted(max(one.size) for one in fields)
    gaps = [later - earlier for earlier, later in pairwise(sizes) if later > earlier]
    return min(1.1, 0.35 * min(gaps, default=10) / 2 * scale * POINTS_PER_INCH)


def _draw_square(
    paper: "Axes", field: SharedField, x: float, y: float, scale: float, pen: float, color: Any
) -> tuple[float, float]:
    """Draw a field; its upper right corner."""
    from matplotlib.patches import Rectangle

    height, width = (size * scale for size in field.size)
    # White around a line has it seen on any image; where lines are close there is no room for it.
    around = [("white", 2 * pen, 3.0)] if pen > 0.8 else []
    for edge, linewidth, zorder in (*around, (color, pen, 3.5)):
        corner = (x - width / 2, y - height / 2)
        style = {"edgecolor": edge, "linewidth": linewidth, "zorder": zorder}
        paper.add_patch(Rectangle(corner, width, height, fill=False, joinstyle="miter", **style))
    return x + width / 2, y - height / 2


def _name_layers(size: str, layers: Sequence[str]) -> str:
    """A field and its layers; of more than there is room for only the first by name."""
    text = f"{size}: {', '.join(layers)}"
    if measure_text(text, NOTE_POINTS) <= LABELS_WIDTH or len(layers) == 1:
        return text
    return f"{size}: {layers[0]} and {len(layers) - 1} more"


def _describe_larger(larger: Sequence[SharedField]) -> tuple[str, Any]:
    first, last = larger[0], larger[-1]
    sizes = f"{show_pair(first.size)} to {show_pair(last.size)}" if len(larger) > 1 else show_pair(first.size)
    names = [name for one in larger for name in one.layers]
    return f"{sizes}, not drawn: {names[0]} to {names[-1]}", "black"


def _write_labels(
    paper: "Axes",
    labels: Sequence[tuple[str, Any]],
    ends: Sequence[tuple[float, float]],
    whole: Sequence[str],
    middle: float,
) -> None:
    """A label for each square, the largest on top, as the corners are: so no line crosses another."""
    top = middle - LABEL_LINE * (len(labels) + bool(whole) - 1) / 2
    left = SIDE + LABELS_LEFT
    for index, (text, color) in enumerate(labels):
        y = top + LABEL_LINE * (len(labels) - 1 - index)
        shown = fit_text(text, LABELS_WIDTH, NOTE_POINTS)
        paper.text(left, y, shown, fontsize=NOTE_POINTS, va="center_baseline")
        if index < len(ends):
            end_x, end_y = ends[index]
            turn = SIDE + 0.12
            paper.plot(
                [end_x, turn, left - 0.16, left - 0.05],
                [end_y, end_y, y, y],
                color="white",
                linewidth=1.6,
                zorder=3.2,
            )
            paper.plot(
                [end_x, turn, left - 0.16, left - 0.05],
                [end_y, end_y, y, y],
                color=color,
                linewidth=0.7,
                zorder=3.6,
            )
    if whole:
        text = fit_text(_name_layers("the whole image", whole), LABELS_WIDTH, NOTE_POINTS)
        y = top + LABEL_LINE * len(labels)
        paper.text(left, y, text, fontsize=NOTE_POINTS, color=GREY, va="center_baseline")
