"""A user's own pictures beside what a network sees of them, with its answers as bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eip_cli.pictures.figures import DOTS_PER_INCH, new_figure, save_figure

from .drawing import DOTS_PER_POINT, FAINT, INK, LINE, MARGIN, SMALL, TITLE, TRACK, Drawing, leading
from .fitted_text import shorten, wrap
from .pixels import as_rgb, enlarge

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# In dots, of which an inch has 120.
SIDE, BETWEEN, ROW_GAP = 224, 28, 34
BARS_WIDTH, BAR_HEIGHT = 300, 10
BAR = "#31688e"
WIDTH = 2 * MARGIN + 2 * (SIDE + BETWEEN) + BARS_WIDTH


@dataclass(frozen=True, eq=False)
class PictureRow:
    """One picture: as it is, uint8 (height, width, 3), and as it is seen, uint8 (height, width, channels).

    ``bars`` are classes with their probability from 0 to 1 and the same in words, the most probable first.
    """

    name: str
    size: str
    shown: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    bars: tuple[tuple[str, float, str], ...]


def draw_predictions(rows: Sequence[PictureRow], title: str, notes: Sequence[str], path: Path) -> None:
    """Write a row a picture as the file that ``path`` ends in."""
    save_figure(make_predictions(rows, title, notes), path)


def make_predictions(rows: Sequence[PictureRow], title: str, notes: Sequence[str]) -> "Figure":
    """The same as a figure."""
    inner = (WIDTH - 2 * MARGIN) / DOTS_PER_POINT
    titles = wrap(title, inner, TITLE, "bold")
    lines = [line for note in notes for line in wrap(note, inner, SMALL)]
    head = MARGIN + len(titles) * leading(TITLE) + 10
    row_height = leading(SMALL) + SIDE + ROW_GAP
    bottom = head + len(rows) * row_height
    height = bottom + len(lines) * leading(SMALL) + MARGIN
    figure = new_figure(WIDTH / DOTS_PER_INCH, height / DOTS_PER_INCH)
    drawing = Drawing.over(figure)
    drawing.write_lines(titles, MARGIN, MARGIN, TITLE, INK, weight="bold")
    for number, row in enumerate(rows):
        _draw_row(drawing, row, head + number * row_height)
    drawing.write_lines(lines, MARGIN, bottom, SMALL, FAINT)
    drawing.close(WIDTH, height)
    return figure


def _draw_row(drawing: Drawing, row: PictureRow, top: float) -> None:
    space = SIDE / DOTS_PER_POINT
    seen_left, bars_left = MARGIN + SIDE + BETWEEN, MARGIN + 2 * (SIDE + BETWEEN)
    height, width = row.seen.shape[:2]
    drawing.write(shorten(row.size, space, SMALL), MARGIN, top, SMALL, FAINT)
    drawing.write(f"as the network sees it: {width} x {height}", seen_left, top, SMALL, FAINT)
    name = shorten(row.name, BARS_WIDTH / DOTS_PER_POINT, LINE, "bold")
    y = top + leading(SMALL)
    drawing.fit_image(row.shown, MARGIN, y, SIDE)
    factor = max(1, SIDE // max(height, width))
    drawing.fit_image(enlarge(as_rgb(row.seen), factor), seen_left, y, SIDE)
    drawing.write(name, bars_left, y, LINE, INK, weight="bold")
    y += 1.5 * leading(LINE)
    for class_name, probability, words in row.bars:
        drawing.write(shorten(class_name, 0.7 * BARS_WIDTH / DOTS_PER_POINT, LINE), bars_left, y, LINE, INK)
        drawing.write(words, bars_left + BARS_WIDTH, y, LINE, INK, "right")
        y += leading(LINE)
        drawing.fill(bars_left, y, BARS_WIDTH, BAR_HEIGHT, TRACK)
        drawing.fill(bars_left, y, BARS_WIDTH * probability, BAR_HEIGHT, BAR)
        y += BAR_HEIGHT + 14
    if not row.bars:
        drawing.write("its outputs are not finite numbers", bars_left, y, LINE, FAINT)
