"""Small images in rows and columns, every pixel of theirs a square."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .figures import DOTS_PER_INCH, new_figure, save_figure, show_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

DOTS_PER_PIXEL = 4
GAP_PIXELS = 2
LEFT_INCHES, TOP_INCHES, OTHER_INCHES = 1.3, 0.7, 0.15
WHITE = 255


def draw_image_grid(
    images: "NDArray[np.uint8]", row_names: Sequence[str], column_names: Sequence[str], title: str, path: Path
) -> None:
    """``images`` (rows, columns, height, width, channels), of one channel or three, and their names."""
    canvas, row_places, column_places = _lay_out(images)
    height, width = (size * DOTS_PER_PIXEL / DOTS_PER_INCH for size in canvas.shape[:2])
    total_width, total_height = LEFT_INCHES + width + OTHER_INCHES, OTHER_INCHES + height + TOP_INCHES
    figure = new_figure(total_width, total_height)
    # At a place of its own, so that a pixel is a whole number of dots wide and all are equal.
    figure.set_layout_engine("none")
    axes = figure.add_axes(
        (
            LEFT_INCHES / total_width,
            OTHER_INCHES / total_height,
            width / total_width,
            height / total_height,
        )
    )
    axes.imshow(canvas.squeeze(), cmap="gray", vmin=0, vmax=WHITE, interpolation="nearest", aspect="auto")
    axes.set_yticks(row_places, [show_name(name) for name in row_names])
    axes.set_xticks(column_places, column_names)
    axes.tick_params(length=0, labelbottom=False, labeltop=True)
    axes.spines[:].set_visible(False)
    axes.set_title(show_name(title), fontsize="medium")
    save_figure(figure, path)


def _lay_out(images: "NDArray[np.uint8]") -> "tuple[NDArray[np.uint8], list[float], list[float]]":
    """All images on one white sheet, and the middle of each row and of each column on it."""
    rows, columns, height, width, channels = images.shape
    sheet = np.full((rows, height + GAP_PIXELS, columns, width + GAP_PIXELS, channels), WHITE, images.dtype)
    sheet[:, :height, :, :width] = images.swapaxes(1, 2)

    def middles(count: int, size: int) -> list[float]:
        return [number * (size + GAP_PIXELS) + (size - 1) / 2 for number in range(count)]

    canvas = sheet.reshape(rows * (height + GAP_PIXELS), columns * (width + GAP_PIXELS), channels)
    return canvas[:-GAP_PIXELS, :-GAP_PIXELS], middles(rows, height), middles(columns, width)
