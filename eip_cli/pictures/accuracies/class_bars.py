"""The accuracy of each class as a bar, with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eip_cli.pictures.figures import COLORS, new_figure
from eip_cli.pictures.lettering import fit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR_INCHES = 0.29
PANEL_WIDTH, MOST_IN_PANEL = 4.2, 25
NAME_INCHES, NAME_POINTS = 1.3, 9
ENDS_INCHES = 0.9  # axis and title


@dataclass(frozen=True)
class ClassAccuracy:
    """A class's accuracy on its ``n`` images, a fraction, with its 95% interval."""

    name: str
    accuracy: float
    interval: tuple[float, float]
    n: int


def make_class_bars(classes: Sequence[ClassAccuracy]) -> "Figure":
    """A bar a class in the classes' order, from 0 to 100%; of many classes in several columns."""
    n_panels = -(-len(classes) // MOST_IN_PANEL)
    in_panel = -(-len(classes) // n_panels)
    width = 7.5 if n_panels == 1 else PANEL_WIDTH * n_panels
    figure = new_figure(width, BAR_INCHES * in_panel + ENDS_INCHES)
    panels = figure.subplots(1, n_panels, squeeze=False)[0]
    for number, axes in enumerate(panels):
        _draw_panel(axes, classes[number * in_panel : (number + 1) * in_panel], in_panel)
    return figure


def _draw_panel(axes: "Axes", classes: Sequence[ClassAccuracy], in_panel: int) -> None:
    places = range(len(classes))
    shares = [100 * one.accuracy for one in classes]
    errors = [
        [max(0, share - 100 * one.interval[0]) for share, one in zip(shares, classes, strict=True)],
        [max(0, 100 * one.interval[1] - share) for share, one in zip(shares, classes, strict=True)],
    ]
    axes.barh(places, shares, height=0.66, color=COLORS[5], linewidth=0)
    axes.errorbar(shares, places, xerr=errors, fmt="none", ecolor="black", elinewidth=1, capsize=2.5)
    for place, share, one in zip(places, shares, classes, strict=True):
        axes.annotate(
            f"{share:.1f}%",
            (max(share, 100 * one.interval[1]), place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=NAME_POINTS - 1,
        )
    names = [fit_text(one.name, NAME_INCHES, NAME_POINTS) for one in classes]
    axes.set_yticks(places, names, fontsize=NAME_POINTS)
    axes.set_ylim(in_panel - 0.4, -0.6)
    axes.set_xlim(0, 112)  # room for the numbers behind the bars
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("accuracy (%)")
    axes.grid(alpha=0.3, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
