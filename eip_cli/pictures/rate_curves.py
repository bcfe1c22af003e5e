"""The loss against the learning rate, as a range test found it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .figures import COLORS, new_figure, save_figure, show_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

# How far the picture goes beyond the first loss and the smallest, as a share of what is between: what
# explodes would leave the fall no room.
HEADROOM = 0.2


def draw_rate_curves(
    curves: Sequence[tuple["NDArray[np.float64]", "NDArray[np.float64]"]],
    steepest: float | None,
    rises_from: float | None,
    title: str,
    path: Path,
) -> None:
    """Write what ``make_rate_curves`` draws, in the format that ``path`` ends in."""
    save_figure(make_rate_curves(curves, steepest, rises_from, title), path)


def make_rate_curves(
    curves: Sequence[tuple["NDArray[np.float64]", "NDArray[np.float64]"]],
    steepest: float | None,
    rises_from: float | None,
    title: str = "",
) -> "Figure":
    """Rates and smoothed losses of each seed, (n,) each, n by the seed: their mean, and a band around it.

    The band is from the lowest to the highest seed, as far as all of them go. ``steepest`` and
    ``rises_from`` are marked where there are such.
    """
    figure = new_figure(8, 4.5)
    axes = figure.subplots()
    shared = min(len(rates) for rates, _ in curves)
    rates = curves[0][0][:shared]
    losses = np.array([smoothed[:shared] for _, smoothed in curves])
    if len(curves) > 1:
        axes.fill_between(
            rates, losses.min(axis=0), losses.max(axis=0), color=COLORS[0], alpha=0.2, linewidth=0
        )
    label = f"mean of {len(curves)} seeds, band from lowest to highest" if len(curves) > 1 else "one seed"
    axes.plot(rates, losses.mean(axis=0), color=COLORS[0], label=label)
    for rate, color, meaning in (
        (steepest, COLORS[2], "falls fastest"),
        (rises_from, COLORS[1], "turns up"),
    ):
        if rate is not None:
            axes.axvline(rate, color=color, linestyle="--", label=f"{meaning}: {rate:.2g}")
    axes.set_xscale("log")
    lowest, first = float(losses.min()), float(losses[:, 0].max())
    room = HEADROOM * max(first - lowest, 0.05 * abs(first))
    axes.set_ylim(lowest - room, first + room)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("training loss, smoothed")
    axes.set_title(show_name(title))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
