"""A network as a picture: its diagram, and below it where its units look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eip_cli.networks.blocks.fields import list_fields, list_growth, list_layers_of_whole_image
from eip_cli.networks.blocks.grouping import Block
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.receptive_field.effective import MeasuredField

from .diagram.captions import show_pair
from .diagram.drawing import draw_diagram, draw_legend, legend_height
from .diagram.layout import MARGIN, lay_out
from .fields import growth, heat_map, squares
from .fields.squares import SampleImage
from .figures import new_figure, save_figure
from .lettering import fit_text
from .panels import Area, add_paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE_HEIGHT = 0.62
LEAST_WIDTH = 5.5
TITLE_POINTS, SUBTITLE_POINTS = 11, 8
PANEL_GAP = 0.35


@dataclass(frozen=True)
class _Panel:
    width: float
    height: float
    draw: Callable[["Figure", Area], None]


def draw_network(
    summary: ModelSummary,
    blocks: Sequence[Block],
    path: Path,
    sample: SampleImage | None = None,
    effective: MeasuredField | None = None,
) -> None:
    """Write what ``make_network`` draws, in the format that ``path`` ends in."""
    save_figure(make_network(summary, blocks, sample, effective), path)


def make_network(
    summary: ModelSummary,
    blocks: Sequence[Block],
    sample: SampleImage | None = None,
    effective: MeasuredField | None = None,
) -> "Figure":
    """Draw the network of ``blocks``, whose summary is ``summary``.

    With a ``sample`` image each block says its receptive field, and all of them are drawn on it, and against
    depth. With an ``effective`` field its heat map is drawn too.
    """
    layout = lay_out(blocks, summary.total_params, show_fields=sample is not None)
    panels = _list_field_panels(summary, blocks, sample) if sample is not None else []
    if effective is not None:
        panels.append(_list_heat_panel(effective))
    fields_width = sum(panel.width + PANEL_GAP for panel in panels[:2]) - PANEL_GAP + 2 * MARGIN
    width = max(LEAST_WIDTH, layout.width, fields_width)
    legend = legend_height(layout, width)
    top = TITLE_HEIGHT + layout.height + legend
    areas, height = _place(panels, width, top)
    figure = new_figure(width, height)
    figure.set_layout_engine("none")  # all places are known
    _write_title(figure, summary, width)
    draw_diagram(add_paper(figure, Area(0, TITLE_HEIGHT, width, layout.height)), layout)
    draw_legend(add_paper(figure, Area(0, TITLE_HEIGHT + layout.height, width, legend)), layout, width)
    for panel, area in zip(panels, areas, strict=True):
        panel.draw(figure, area)
    return figure


def make_fields(
    summary: ModelSummary,
    blocks: Sequence[Block],
    sample: SampleImage,
    effective: MeasuredField | None = None,
) -> "Figure":
    """The fields alone: on a ``sample`` image, against depth, and an ``effective`` one's heat map."""
    panels = _list_field_panels(summary, blocks, sample)
    if effective is not None:
        panels.append(_list_heat_panel(effective))
    width = sum(panel.width + PANEL_GAP for panel in panels[:2]) - PANEL_GAP + 2 * MARGIN
    areas, height = _place(panels, width, 0)
    figure = new_figure(width, height)
    figure.set_layout_engine("none")  # all places are known
    for panel, area in zip(panels, areas, strict=True):
        panel.draw(figure, area)
    return figure


def _list_field_panels(summary: ModelSummary, blocks: Sequence[Block], sample: SampleImage) -> list[_Panel]:
    fields, whole = list_fields(summary), list_layers_of_whole_image(summary)
    size = (sample.pixels.shape[0], sample.pixels.shape[1])
    return [
        _Panel(
            squares.WIDTH,
            squares.squares_height(fields),
            lambda figure, area: squares.draw_squares(figure, area, fields, whole, sample),
        ),
        _Panel(
            growth.WIDTH,
            growth.HEIGHT,
            lambda figure, area: growth.draw_growth(figure, area, list_growth(blocks), size),
        ),
    ]


def _list_heat_panel(effective: MeasuredField) -> _Panel:
    return _Panel(
        heat_map.WIDTH,
        heat_map.HEIGHT,
        lambda figure, area: heat_map.draw_heat_map(figure, area, effective),
    )


def _place(panels: Sequence[_Panel], width: float, top: float) -> tuple[list[Area], float]:
    """The areas of panels side by side, in as many rows as they need, and where the last row ends."""
    areas: list[Area] = []
    left, row_height = MARGIN, 0.0
    for panel in panels:
        if left > MARGIN and left + panel.width > width - MARGIN + 1e-6:
            top, left, row_height = top + row_height + PANEL_GAP, MARGIN, 0.0
        areas.append(Area(left, top + PANEL_GAP, panel.width, panel.height))
        left, row_height = left + panel.width + PANEL_GAP, max(row_height, panel.height)
    return areas, top + (row_height + PANEL_GAP if panels else 0)


def _write_title(figure: "Figure", summary: ModelSummary, width: float) -> None:
    room = width - 2 * MARGIN
    paper = add_paper(figure, Area(0, 0, width, TITLE_HEIGHT))
    for y, text, points, is_bold in (
        (0.2, summary.model, TITLE_POINTS, True),
        (0.4, _describe(summary), SUBTITLE_POINTS, False),
    ):
        weight = "bold" if is_bold else "normal"
        shown = fit_text(text, room, points, is_bold)
        paper.text(MARGIN, y, shown, fontsize=points, fontweight=weight, va="center_baseline")


def _describe(summary: ModelSummary) -> str:
    macs = f"{summary.macs / 1e6:,.1f} million" if summary.macs >= 1e6 else f"{summary.macs:,}"
    parts = [f"{summary.total_params:,} parameters", f"{macs} multiply-accumulates"]
    if summary.whole_image_seen:
        parts.append("units see the whole image")
    elif summary.receptive_field:
        parts.append(f"receptive field {show_pair(summary.receptive_field)}")
    return ", ".join(parts)
