"""Accuracy against the number of parameters, with intervals, and the front that nothing given beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eip_cli.pictures.figures import COLORS, new_figure
from eip_cli.pictures.lettering import fit_text
from eip_cli.pictures.panels import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_WIDTH, LEFT, LABELS_LEFT, LABELS_WIDTH = 5.6, 0.75, 0.3, 2.6  # inches
LEAST_HEIGHT, TOP, BOTTOM = 3.4, 0.25, 0.6
LABEL_LINE = 0.2  # from one label to the next
LABEL_POINTS = 9
LEAST_SPAN = 4.0  # points of accuracy
# From one point to the next of the same size, and of all of these, as shares of the axis.
STEP, MOST_ROOM = 0.02, 0.16


@dataclass(frozen=True)
class Measurement:
    """So many parameters with an accuracy (a fraction) and, where it has one, its 95% interval."""

    name: str
    params: int
    accuracy: float
    interval: tuple[float, float] | None = None
    is_published: bool = False


def find_front(points: Sequence[Measurement]) -> list[Measurement]:
    """The points that none of fewer or as many parameters matches or beats: the Pareto front, smallest first.

    By the accuracies as they are, whatever their intervals.
    """
    front: list[Measurement] = []
    for point in sorted(points, key=lambda one: (one.params, -one.accuracy)):
        if not front or point.accuracy > front[-1].accuracy:
            front.append(point)
    return front


def make_accuracy_against_parameters(points: Sequence[Measurement]) -> "Figure":
    """A point each with its interval, the front as steps, and the names in a column at the right.

    In a column, in the points' order, no label meets another however close the points are.
    """
    plot_height = max(LEAST_HEIGHT, LABEL_LINE * (len(points) + 1))
    width = LEFT + PLOT_WIDTH + LABELS_LEFT + LABELS_WIDTH
    height = TOP + plot_height + BOTTOM
    figure = new_figure(width, height)
    figure.set_layout_engine("none")  # all places are known
    axes = figure.add_axes((LEFT / width, BOTTOM / height, PLOT_WIDTH / width, plot_height / height))
    _set_scales(axes, points)
    _draw_front(axes, points)
    places = place_beside(points, axes.get_xlim()[1] / axes.get_xlim()[0])
    for number, (point, x) in enumerate(zip(points, places, strict=True)):
        _draw_point(axes, point, x, _choose_color(points, number))
    _write_labels(axes, points, places, plot_height)
    axes.set_xlabel("parameters")
    axes.set_ylabel("test accuracy (%)")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _set_scales(axes: "Axes", points: Sequence[Measurement]) -> None:
    """Parameters in powers of ten with few ticks, accuracies with room around what is to be seen."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    params = [max(point.params, 1) for point in points]
    axes.set_xscale("log")
    axes.set_xlim(min(params) / 1.8, max(params) * 1.8)
    is_wide = max(params) / min(params) > 30
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if is_wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _show_count(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    ends = [100 * end for point in points for end in point.interval or (point.accuracy, point.accuracy)]
    middle, half = (min(ends) + max(ends)) / 2, max(LEAST_SPAN, 1.16 * (max(ends) - min(ends))) / 2
    axes.set_ylim(max(0, middle - half), min(100.5, middle + half))


def _show_count(value: float) -> str:
    """Short, so that neighbours on the axis keep apart: ``500``, ``50k``, ``2M``."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def _draw_front(axes: "Axes", points: Sequence[Measurement]) -> None:
    front = find_front(points)
    params = [max(point.params, 1) for point in front]
    heights = [100 * point.accuracy for point in front]
    axes.step(
        [params[0], *params, axes.get_xlim()[1]],
        [axes.get_ylim()[0], *heights, heights[-1]],
        where="post",
        color="black",
        linewidth=1,
        linestyle=(0, (5, 2)),
        alpha=0.7,
        zorder=1.5,
    )


def place_beside(points: Sequence[Measurement], span: float) -> list[float]:
    """Parameters to draw each point at: those that are equal stand side by side, so that all are seen.

    ``span`` is the ratio of the axis's ends: the step from one to the next is a share of it.
    """
    together: dict[int, list[int]] = {}
    for index, point in enumerate(points):
        together.setdefault(point.params, []).append(index)
    places = [0.0] * len(points)
    for params, members in together.items():
        step = min(STEP, MOST_ROOM / len(members))
        for number, index in enumerate(members):
            places[index] = max(params, 1) * span ** (step * (number - (len(members) - 1) / 2))
    return places


def _choose_color(points: Sequence[Measurement], number: int) -> str:
    return GREY if points[number].is_published else COLORS[number % len(COLORS)]


def _draw_point(axes: "Axes", point: Measurement, x: float, color: str) -> None:
    height = 100 * point.accuracy
    low, high = point.interval or (point.accuracy, point.accuracy)
    axes.errorbar(
        [x],
        [height],
        yerr=[[max(0, height - 100 * low)], [max(0, 100 * high - height)]],
        fmt="s" if point.is_published else "o",
        markersize=6,
        color=color,
        capsize=3,
        linewidth=1.2,
        zorder=3,
    )


def _write_labels(
    axes: "Axes", points: Sequence[Measurement], places: Sequence[float], plot_height: float
) -> None:
    """Each name as near to its point's height as the others let it, with a line that leads there."""
    lowest, highest = axes.get_ylim()
    order = sorted(range(len(points)), key=lambda number: points[number].accuracy)
    wanted = [(100 * points[number].accuracy - lowest) / (highest - lowest) * plot_height for number in order]
    for number, y in zip(order, spread(wanted, LABEL_LINE, plot_height), strict=True):
        point = points[number]
        color = _choose_color(points, number)
        value = f"{100 * point.accuracy:.2f}%  "
        name = fit_text(point.name, LABELS_WIDTH - 0.65, LABEL_POINTS)
        axes.annotate(
            value + name,
            (places[number], 100 * point.accuracy),
            xytext=(1 + LABELS_LEFT / PLOT_WIDTH, y / plot_height),
            textcoords="axes fraction",
            va="center",
            fontsize=LABEL_POINTS,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "linewidth": 0.7,
                "alpha": 0.6,
                "shrinkB": 5,
                "relpos": (0, 0.5),
            },
            zorder=2,
        )


def spread(wanted: Sequence[float], gap: float, room: float) -> list[float]:
    """Places near ``wanted`` (ascending) and at least ``gap`` apart, from half a gap to ``room`` less that.

    ``room`` must hold them all.
    """
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + gap if places else gap / 2))
    limit = room - gap / 2
    for index in reversed(range(len(places))):
        places[index] = min(places[index], limit)
        limit = places[index] - gap
    return places
