"""Parts of a figure at places in inches, from its upper left corner."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .lettering import fit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE_POINTS, NOTE_POINTS = 8.5, 7.0
GREY = "#666666"


@dataclass(frozen=True)
class Area:
    """A rectangle in inches from a figure's upper left corner."""

    left: float
    top: float
    width: float
    height: float

    def inside(self, left: float, top: float, width: float, height: float) -> "Area":
        """A part of this, from its own upper left corner."""
        return Area(self.left + left, self.top + top, width, height)


def add_axes(figure: "Figure", area: Area) -> "Axes":
    """Ordinary axes whose frame is ``area``."""
    width, height = figure.get_size_inches()
    bottom = height - area.top - area.height
    return figure.add_axes((area.left / width, bottom / height, area.width / width, area.height / height))


def add_paper(figure: "Figure", area: Area) -> "Axes":
    """Axes to draw on freely: without a frame, the unit an inch, from the upper left corner of ``area``."""
    axes = add_axes(figure, area)
    axes.set_xlim(0, area.width)
    axes.set_ylim(area.height, 0)
    axes.axis("off")
    return axes


def write_head(paper: "Axes", width: float, title: str, note: str) -> None:
    """A panel's title, and a note in grey below it, within ``width``."""
    for y, text, points, color, weight in (
        (0.1, title, TITLE_POINTS, "black", "bold"),
        (0.27, note, NOTE_POINTS, GREY, "normal"),
    ):
        shown = fit_text(text, width, points, weight == "bold")
        paper.text(0, y, shown, fontsize=points, fontweight=weight, color=color, va="center_baseline")


HEAD_HEIGHT = 0.45
