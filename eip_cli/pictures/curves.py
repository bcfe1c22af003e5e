"""Accuracy against epochs: of one run, and of several beside the published ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eip_cli.published.baseline import BASELINE_ACCURACY, baseline_for
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.history import EpochRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

from .figures import COLORS, new_figure, save_figure, show_name

VALIDATION_LABELS = {"test": "test images", "validation": "held-out training images"}


def draw_curves(history: tuple[EpochRow, ...], config: TrainConfig, path: Path) -> None:
    """Accuracy and loss against epochs, with the line to beat where the dataset has one, as a PNG."""
    figure = new_figure(10, 4)
    accuracy, loss = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    marker = "o" if len(history) < 10 else None  # a short line needs its points seen
    for axes, train, val in (
        (accuracy, [100 * row.accuracy for row in history], [100 * row.val_accuracy for row in history]),
        (loss, [row.loss for row in history], [row.val_loss for row in history]),
    ):
        axes.plot(epochs, train, label="training images, with dropout", marker=marker)
        axes.plot(epochs, val, label=VALIDATION_LABELS[config.selected_on], marker=marker)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    baseline = baseline_for(config.dataset)
    if baseline is not None:
        accuracy.axhline(
            100 * baseline, color="grey", linestyle="--", label=f"baseline {100 * baseline:.2f}%"
        )
    accuracy.set_ylabel("accuracy (%)")
    loss.set_ylabel("loss")
    accuracy.legend()
    loss.legend()
    save_figure(figure, path)


@dataclass(frozen=True)
class Curve:
    """Validation accuracies (fractions) of epochs 1, 2, ... for each run of something with a name."""

    name: str
    runs: tuple[tuple[float, ...], ...]
    is_published: bool = False

    @property
    def epochs(self) -> range:
        """The epochs, from 1, that all of the runs have."""
        return range(1, 1 + min(map(len, self.runs), default=0))


# Curves beyond the colours take another line style.
_LINE_STYLES = ("-", "--", "-.")
_PUBLISHED_COLORS = ("#666666", "#999999")
# From this many epochs on, a second panel shows the later half: the first epochs, far below, would
# leave the differences no room.
LONG_TRAINING = 20


def draw_comparison(curves: Sequence[Curve], path: Path) -> None:
    """Write what ``make_comparison`` draws, in the format that ``path`` ends in."""
    save_figure(make_comparison(curves), path)


def make_comparison(curves: Sequence[Curve]) -> "Figure":
    """Validation accuracy against epochs: a line a run, mean and band where a curve has several runs.

    The band is from the lowest to the highest run. Published curves are dotted, and drawn as far as the
    others go; the line to beat stands beside them.
    """
    epochs = max((len(curve.epochs) for curve in curves if not curve.is_published), default=0)
    epochs = epochs or max((len(curve.epochs) for curve in curves), default=1)
    first_epochs = [1, epochs // 2] if epochs >= LONG_TRAINING else [1]
    figure = new_figure(5 + 4 * len(first_epochs), 6)
    panels = figure.subplots(1, len(first_epochs), squeeze=False)[0]
    for axes, first in zip(panels, first_epochs, strict=True):
        _draw_panel(axes, curves, first, epochs)
    panels[0].set_ylabel("validation accuracy (%)")
    # Below the panels: nothing that is drawn can lie under it.
    handles = panels[0].lines
    # Given apart from the lines: of these, one whose label begins with _ would have no entry.
    figure.legend(handles, [str(line.get_label()) for line in handles], loc="outside lower center", ncols=2)
    return figure


def _draw_panel(axes: "Axes", curves: Sequence[Curve], first: int, last: int) -> None:
    """The epochs from ``first`` to ``last``."""
    marker = "o" if last - first < 10 else None  # a short line needs its points seen
    for number, curve in enumerate(curve for curve in curves if curve.is_published):
        _draw_curve(axes, curve, first, last, color=_PUBLISHED_COLORS[number % 2], linestyle=":", zorder=1.5)
    for number, curve in enumerate(curve for curve in curves if not curve.is_published):
        color = COLORS[number % len(COLORS)]
        style = _LINE_STYLES[number // len(COLORS) % len(_LINE_STYLES)]
        _draw_curve(axes, curve, first, last, color=color, linestyle=style, marker=marker, zorder=2.5)
    if any(curve.is_published for curve in curves):
        label = f"baseline {BASELINE_ACCURACY:.2%}"
        axes.axhline(100 * BASELINE_ACCURACY, color="black", linewidth=0.8, linestyle="--", label=label)
    axes.set_xlabel("epoch")
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)


def _draw_curve(axes: "Axes", curve: Curve, first: int, last: int, **style: Any) -> None:
    epochs = [epoch for epoch in curve.epochs if first <= epoch <= last]
    columns = [[100 * run[epoch - 1] for run in curve.runs] for epoch in epochs]
    label = show_name(curve.name)
    if len(curve.runs) > 1:
        label += f" (n = {len(curve.runs)}: mean, band from lowest to highest)"
        lowest, highest = [min(column) for column in columns], [max(column) for column in columns]
        axes.fill_between(epochs, lowest, highest, color=style["color"], alpha=0.2, linewidth=0)
    axes.plot(epochs, [sum(column) / len(column) for column in columns], label=label, **style)
