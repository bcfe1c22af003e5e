"""Receptive field against depth, with the line of the image's size."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eip_cli.networks.receptive_field.arithmetic import Pair
from eip_cli.pictures.panels import HEAD_HEIGHT, NOTE_POINTS, Area, add_axes, add_paper, write_head

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 3.9, 4.0
LINE_COLORS = ("#0072B2", "#D55E00")  # of curves: Okabe and Ito's
IMAGE_COLOR = "#666666"


def draw_growth(figure: "Figure", area: Area, growth: Sequence[tuple[int, Pair]], image_size: Pair) -> None:
    """The largest field so far against how many convolutions and poolings lead to it; a dot a block."""
    paper = add_paper(figure, area)
    write_head(paper, area.width, "Receptive field by depth", "in the input's pixels; a dot a block")
    axes = add_axes(figure, area.inside(0.5, HEAD_HEIGHT, area.width - 0.6, HEIGHT - HEAD_HEIGHT - 0.55))
    is_square = all(height == width for _, (height, width) in growth)
    for axis, name in enumerate(("height", "width")[: 1 if is_square else 2]):
        color = LINE_COLORS[axis]
        depths = sorted({depth for depth, _ in growth})
        largest = [max(size[axis] for other, size in growth if other <= depth) for depth in depths]
        axes.step(depths, largest, where="post", color=color, linewidth=1.3, label=name)
        axes.plot(
            [depth for depth, _ in growth],
            [size[axis] for _, size in growth],
            "o",
            color=color,
            markersize=3.2,
        )
    for axis in range(1 if image_size[0] == image_size[1] else 2):
        axes.axhline(image_size[axis], color=IMAGE_COLOR, linewidth=0.9, linestyle="--")
        words = "the image" if image_size[0] == image_size[1] else ("its height", "its width")[axis]
        axes.annotate(
            f"{words}: {image_size[axis]}",
            (0.015, image_size[axis]),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=NOTE_POINTS,
            color=IMAGE_COLOR,
        )
    axes.set_ylim(0, 1.12 * max(*image_size, *(max(size) for _, size in growth)))
    axes.set_xlabel("convolutions and poolings up to here", fontsize=NOTE_POINTS)
    axes.locator_params(axis="x", integer=True)
    axes.tick_params(labelsize=NOTE_POINTS)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if not is_square:
        axes.legend(fontsize=NOTE_POINTS, loc="upper left", frameon=False)
