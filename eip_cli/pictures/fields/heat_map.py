"""How much each pixel counts for a unit, as a heat map."""

from typing import TYPE_CHECKING, Any

from eip_cli.networks.receptive_field.arithmetic import Span
from eip_cli.networks.receptive_field.effective import MeasuredField
from eip_cli.pictures.lettering import fit_text
from eip_cli.pictures.panels import GREY, HEAD_HEIGHT, NOTE_POINTS, Area, add_axes, add_paper, write_head

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

WIDTH, HEIGHT = 4.3, 4.0
SIDE = 3.0
FIELD_COLOR = "#D55E00"


def draw_heat_map(figure: "Figure", area: Area, effective: MeasuredField) -> None:
    """The effective field, with the frame of the theoretical one."""
    field, paper = effective.field, add_paper(figure, area)
    write_head(
        paper, area.width, f"Effective receptive field of {field.layer}", f"mean over {effective.place}"
    )
    height, width = field.weights.shape
    axes = add_axes(figure, area.inside(0.1, HEAD_HEIGHT, SIDE, SIDE))
    heat = axes.imshow(
        field.weights / field.weights.max(), cmap="Blues", interpolation="nearest", vmin=0, vmax=1, zorder=1
    )
    axes.set_xticks([])
    axes.set_yticks([])
    rows, columns = field.spans or ((0, height - 1), (0, width - 1))
    # Of what lies beyond the image, no more than half an image to each side.
    axes.set_xlim(min(0, max(columns[0], -width / 2)) - 1, max(width - 1, min(columns[1], 1.5 * width)) + 1)
    axes.set_ylim(max(height - 1, min(rows[1], 1.5 * height)) + 1, min(0, max(rows[0], -height / 2)) - 1)
    axes.spines[:].set_visible(False)
    seen = _frame(
        rows, columns, facecolor="white", edgecolor="#cccccc", hatch="////", linewidth=0, zorder=0.5
    )
    axes.add_patch(seen)
    axes.add_patch(_frame((0, height - 1), (0, width - 1), fill=False, linewidth=0.8, zorder=2))
    axes.add_patch(_frame(rows, columns, fill=False, edgecolor=FIELD_COLOR, linewidth=1.3, zorder=2))
    bar = figure.colorbar(heat, cax=add_axes(figure, area.inside(SIDE + 0.25, HEAD_HEIGHT, 0.12, SIDE)))
    bar.ax.tick_params(labelsize=NOTE_POINTS)
    bar.set_label("of the largest", fontsize=NOTE_POINTS)
    lines = (
        f"95% of it lies in {field.pixels_95:,} of {field.pixels:,} pixels ({field.share:.0%}).",
        "Orange: all that the unit can see; hatched: beyond the image."
        if field.spans
        else "It sees the whole image.",
    )
    for number, line in enumerate(lines):
        shown = fit_text(line, area.width, NOTE_POINTS + (1 - number))
        y = HEAD_HEIGHT + SIDE + 0.15 + 0.17 * number
        paper.text(
            0.1,
            y,
            shown,
            fontsize=NOTE_POINTS + (1 - number),
            color=GREY if number else "black",
            va="center_baseline",
        )


def _frame(rows: Span, columns: Span, **style: Any) -> "Rectangle":
    """A rectangle around pixels, from the first to the last row and column."""
    from matplotlib.patches import Rectangle

    corner = (columns[0] - 0.5, rows[0] - 0.5)
    return Rectangle(corner, columns[1] - columns[0] + 1, rows[1] - rows[0] + 1, **style)
