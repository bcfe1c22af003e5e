"""A sheet of tiles as one picture, PNG or SVG: every text measured, so that none runs into another."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eip_cli.foundation.plain_text import show_plainly
from eip_cli.pictures.figures import DOTS_PER_INCH, new_figure, save_figure

from .content import Line, Sheet, Tile, Tone
from .drawing import DOTS_PER_POINT, FAINT, INK, LINE, MARGIN, SMALL, SUBTITLE, TITLE, Drawing, leading
from .fitted_text import measure_width, shorten, wrap
from .pixels import as_rgb, color_scale, enlarge, lay_heat_over

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TONES: dict[Tone, str] = {"right": "#1b6e42", "wrong": "#b3311d", "plain": "#4a4a4a"}

# In dots, of which an inch has 120: pixels of the images are whole numbers of them, so all squares are alike.
GAP, ROW_GAP, PAIR_GAP = 26, 26, 8
IMAGE_SIDE = 176
MOST_LETTERS = 60  # of a name of thousands no more are measured
MOST_WORDS_WIDTH = 280  # of a tile whose words are wider than its images
LEAST_WIDTH = 620
USUAL_COLUMNS = 5
LEGEND_WIDTH, LEGEND_HEIGHT = 240, 16


@dataclass(frozen=True)
class Layout:
    """Where the tiles stand, in dots: ``factor`` to a pixel of an image, ``columns`` beside each other."""

    factor: int
    columns: int
    tile_width: int
    image_width: int
    image_height: int
    lines: int

    @property
    def tile_height(self) -> float:
        """Heading, image, and the lines under it."""
        return leading(SMALL) + self.image_height + 8 + self.lines * leading(LINE)

    def place(self, number: int, top: float) -> tuple[float, float]:
        """The left upper corner of a tile by its number from 0, where the first row begins at ``top``."""
        row, column = divmod(number, self.columns)
        return MARGIN + column * (self.tile_width + GAP), top + row * (self.tile_height + ROW_GAP)


def plan_layout(sheet: Sheet) -> Layout:
    """Whole dots to a pixel, and where there are many tiles a sheet about as wide as high."""
    first = sheet.tiles[0]
    height, width = first.image.shape[:2]
    factor = max(1, round(IMAGE_SIDE / max(height, width)))
    count = len(sheet.tiles)
    most = max(USUAL_COLUMNS, round(math.sqrt(1.15 * count)))
    columns = math.ceil(count / math.ceil(count / most))  # as few as the same rows need: none nearly empty
    image_width = width * factor
    has_heat = any(tile.heat is not None for tile in sheet.tiles)
    images_width = 2 * image_width + PAIR_GAP if has_heat else image_width
    words_width = max(_natural_width(line) for tile in sheet.tiles for line in tile.lines)
    tile_width = max(images_width, min(math.ceil(words_width), MOST_WORDS_WIDTH))
    return Layout(
        factor,
        columns,
        tile_width,
        image_width,
        height * factor,
        max(len(tile.lines) for tile in sheet.tiles),
    )


def draw_sheet(sheet: Sheet, path: Path) -> None:
    """Write the sheet as the picture that ``path`` ends in."""
    save_figure(make_sheet(sheet), path)


def make_sheet(sheet: Sheet) -> "Figure":
    """The sheet as a figure; of one without tiles, its words."""
    layout = plan_layout(sheet) if sheet.tiles else Layout(1, 1, 0, 0, 0, 0)
    tiles_width = layout.columns * (layout.tile_width + GAP) - GAP
    width = max(LEAST_WIDTH, tiles_width + 2 * MARGIN)
    inner = (width - 2 * MARGIN) / DOTS_PER_POINT
    title, subtitle = wrap(sheet.title, inner, TITLE, "bold"), wrap(sheet.subtitle, inner, SUBTITLE)
    notes = [line for note in sheet.notes for line in wrap(note, inner, SMALL)]
    top = MARGIN + len(title) * leading(TITLE) + len(subtitle) * leading(SUBTITLE) + 18
    rows = math.ceil(len(sheet.tiles) / layout.columns)
    bottom = top + rows * (layout.tile_height + ROW_GAP)
    legend = 2.6 * LEGEND_HEIGHT + 14 if sheet.heat_legend else 0
    height = bottom + legend + len(notes) * leading(SMALL) + MARGIN

    figure = new_figure(width / DOTS_PER_INCH, height / DOTS_PER_INCH)
    drawing = _SheetDrawing.over(figure)
    y = drawing.write_lines(title, MARGIN, MARGIN, TITLE, INK, weight="bold")
    drawing.write_lines(subtitle, MARGIN, y, SUBTITLE, FAINT)
    for number, tile in enumerate(sheet.tiles):
        drawing.draw_tile(tile, layout, *layout.place(number, top))
    if sheet.heat_legend:
        drawing.draw_legend(sheet.heat_legend, MARGIN, bottom, inner)
    drawing.write_lines(notes, MARGIN, bottom + legend, SMALL, FAINT)
    drawing.close(width, height)
    return figure


@dataclass(frozen=True)
class _SheetDrawing(Drawing):
    """What a sheet has: tiles and a legend."""

    def draw_tile(self, tile: Tile, layout: Layout, x: float, y: float) -> None:
        """Heading, image, heat and lines."""
        heading = shorten(tile.heading, layout.tile_width / DOTS_PER_POINT, SMALL)
        self.write(heading, x, y, SMALL, FAINT)
        y += leading(SMALL)
        self.put_image(enlarge(as_rgb(tile.image), layout.factor), x, y)
        if tile.heat is not None:
            beside = x + layout.image_width + PAIR_GAP
            self.put_image(lay_heat_over(tile.image, tile.heat, layout.factor), beside, y)
            if tile.is_heat_empty:
                self._mark_empty(beside, y, layout)
        y += layout.image_height + 8
        for line in tile.lines:
            self._draw_line(line, x, y, layout.tile_width)
            y += leading(LINE)

    def _mark_empty(self, x: float, y: float, layout: Layout) -> None:
        words = shorten("all zero", (layout.image_width - 8) / DOTS_PER_POINT, SMALL)
        self.write(
            words, x + layout.image_width / 2, y + layout.image_height / 2 - 6, SMALL, "white", "center"
        )

    def _draw_line(self, line: Line, x: float, y: float, width: float) -> None:
        color, weight = TONES[line.tone], _weight(line)
        space = width / DOTS_PER_POINT - _value_space(line)
        self.write(shorten(line.words, space, LINE, weight), x, y, LINE, color, weight=weight)
        self.write(line.value, x + width, y, LINE, color, "right")

    def draw_legend(self, words: str, x: float, y: float, width: float) -> None:
        """The colours with what their ends mean."""
        self.put_image(color_scale(LEGEND_WIDTH, LEGEND_HEIGHT), x, y)
        under = y + LEGEND_HEIGHT + 5
        self.write("0", x, under, SMALL, FAINT)
        self.write("largest", x + LEGEND_WIDTH, under, SMALL, FAINT, "right")
        left = LEGEND_WIDTH + 18
        space = width - left / DOTS_PER_POINT
        first, *rest = wrap(words, space, LINE)
        lines = [first, shorten(" ".join(rest), space, LINE)] if rest else [first]
        self.write_lines(lines, x + left, y - 1, LINE, INK)


def _weight(line: Line) -> str:
    return "normal" if line.tone == "plain" else "bold"


def _value_space(line: Line) -> float:
    """Points that a line's number takes, with what keeps it from the words."""
    return measure_width(line.value, LINE) + 5 if line.value else 0.0


def _natural_width(line: Line) -> float:
    """Dots that a line takes if nothing of it is left out."""
    words = show_plainly(line.words)[:MOST_LETTERS]
    return (measure_width(words, LINE, _weight(line)) + _value_space(line)) * DOTS_PER_POINT + 1
