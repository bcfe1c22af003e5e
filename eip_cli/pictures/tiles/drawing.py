"""Words and images put on a figure at places in dots, from its left upper corner."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from eip_cli.pictures.figures import DOTS_PER_INCH, show_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT, TRACK = "#1c1c1c", "#6a6a6a", "#e4e4e4"
MARGIN = 40
# In points, of which an inch has 72.
TITLE, SUBTITLE, LINE, SMALL = 13.0, 9.5, 9.0, 7.5
DOTS_PER_POINT = DOTS_PER_INCH / 72
LEADING = 1.45


def leading(size: float) -> float:
    """Dots from one line of ``size`` points to the next."""
    return LEADING * size * DOTS_PER_POINT


@dataclass(frozen=True)
class Drawing:
    """One pair of axes over a whole figure, in dots: a pair for each image would take seconds."""

    axes: "Axes"

    @classmethod
    def over(cls, figure: "Figure") -> Self:
        """A drawing all over ``figure``, which lays out nothing by itself."""
        figure.set_layout_engine("none")
        figure.suppressComposite = True  # else an SVG has one image of all of them, as coarse as the page
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        return cls(axes)

    def close(self, width: float, height: float) -> None:
        """Have a dot be a dot, whatever was drawn."""
        self.axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")

    def write(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        color: str,
        align: str = "left",
        weight: str = "normal",
    ) -> None:
        """One line whose letters stand below ``y``."""
        place = x, y + 0.75 * size * DOTS_PER_POINT
        self.axes.text(
            *place, show_text(text), size=size, color=color, ha=align, va="baseline", weight=weight
        )

    def write_lines(
        self, lines: list[str], x: float, y: float, size: float, color: str, weight: str = "normal"
    ) -> float:
        """Lines under each other; returns where the next thing may begin."""
        for line in lines:
            self.write(line, x, y, size, color, weight=weight)
            y += leading(size)
        return y

    def put_image(self, image: NDArray[np.uint8], x: float, y: float) -> None:
        """An image at one dot a pixel."""
        height, width = image.shape[:2]
        self.axes.imshow(image, extent=(x, x + width, y + height, y), interpolation="none")

    def fit_image(self, image: NDArray[np.uint8], x: float, y: float, side: float) -> None:
        """An image as large as a square of ``side`` dots holds, in its left upper corner, with an edge."""
        from matplotlib.patches import Rectangle

        scale = side / max(image.shape[:2])
        height, width = (size * scale for size in image.shape[:2])
        self.axes.imshow(image, extent=(x, x + width, y + height, y), interpolation="antialiased")
        # Else nobody sees where a white picture ends.
        self.axes.add_patch(Rectangle((x, y), width, height, fill=False, color=TRACK, linewidth=0.6))

    def fill(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """A rectangle of one colour."""
        from matplotlib.patches import Rectangle

        self.axes.add_patch(Rectangle((x, y), width, height, color=color, linewidth=0))
