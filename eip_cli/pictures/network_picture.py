"""A network as a picture: its diagram, and below it where its units look."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eip_cli.networks.blocks.grouping import Block
from eip_cli.networks.summary import ModelSummary

from .diagram.captions import show_pair
from .diagram.drawing import draw_diagram, draw_legend, legend_height
from .diagram.layout import MARGIN, lay_out
from .figures import new_figure, save_figure
from .lettering import fit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE_HEIGHT = 0.62
LEAST_WIDTH = 5.5
TITLE_POINTS, SUBTITLE_POINTS = 11, 8


def draw_network(summary: ModelSummary, blocks: Sequence[Block], path: Path, show_fields: bool) -> None:
    """Draw the network of ``blocks``, whose summary is ``summary``, in the format that ``path`` ends in.

    ``show_fields`` has each block say its receptive field.
    """
    layout = lay_out(blocks, summary.total_params, show_fields)
    width = max(LEAST_WIDTH, layout.width)
    legend = legend_height(layout, width)
    figure = new_figure(width, TITLE_HEIGHT + layout.height + legend)
    figure.set_layout_engine("none")  # all places are known
    _write_title(figure, summary, width)
    draw_diagram(_add_inches(figure, TITLE_HEIGHT, layout.height), layout)
    draw_legend(_add_inches(figure, TITLE_HEIGHT + layout.height, legend), layout, width)
    save_figure(figure, path)


def _write_title(figure: "Figure", summary: ModelSummary, width: float) -> None:
    room = width - 2 * MARGIN
    axes = _add_inches(figure, 0, TITLE_HEIGHT)
    for y, text, points, is_bold in (
        (0.2, summary.model, TITLE_POINTS, True),
        (0.4, _describe(summary), SUBTITLE_POINTS, False),
    ):
        weight = "bold" if is_bold else "normal"
        shown = fit_text(text, room, points, is_bold)
        axes.text(MARGIN, y, shown, fontsize=points, fontweight=weight, va="center_baseline")


def _add_inches(figure: "Figure", top: float, height: float) -> "Axes":
    """A part of ``figure``, as wide as it, in which the unit is an inch, from its upper left corner."""
    width, whole = figure.get_size_inches()
    axes = figure.add_axes((0, 1 - (top + height) / whole, 1, height / whole))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return axes


def _describe(summary: ModelSummary) -> str:
    macs = f"{summary.macs / 1e6:,.1f} million" if summary.macs >= 1e6 else f"{summary.macs:,}"
    parts = [f"{summary.total_params:,} parameters", f"{macs} multiply-accumulates"]
    if summary.whole_image_seen:
        parts.append("units see the whole image")
    elif summary.receptive_field:
        parts.append(f"receptive field {show_pair(summary.receptive_field)}")
    return ", ".join(parts)
