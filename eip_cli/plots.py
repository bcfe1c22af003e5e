"""Pictures: a run's curves, and a confusion matrix."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .baseline import BASELINE_ACCURACY, baseline_for
from .files import write_atomically
from .protocol import TrainConfig
from .results import EpochRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 120
VALIDATION_LABELS = {"test": "test images", "validation": "held-out training images"}


def draw_curves(history: tuple[EpochRow, ...], config: TrainConfig, path: Path) -> None:
    """Accuracy and loss against epochs, with the line to beat where the dataset has one, as a PNG."""
    figure = _new_figure(10, 4)
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
    _save(figure, path)


@dataclass(frozen=True)
class Curve:
    """Validation accuracy (a fraction) of epochs 1, 2, ..., under a name."""

    name: str
    val_accuracy: tuple[float, ...]
    is_published: bool = False


def draw_comparison(curves: Sequence[Curve], path: Path) -> None:
    """Validation accuracy against epochs, a line a run, with the line to beat."""
    figure = _new_figure(8, 5)
    axes = figure.subplots()
    for curve in curves:
        epochs = range(1, len(curve.val_accuracy) + 1)
        axes.plot(
            epochs,
            [100 * accuracy for accuracy in curve.val_accuracy],
            label=curve.name,
            linestyle=":" if curve.is_published else "-",
            marker="o" if len(epochs) < 10 else None,
        )
    axes.axhline(
        100 * BASELINE_ACCURACY, color="grey", linestyle="--", label=f"baseline {BASELINE_ACCURACY:.2%}"
    )
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation accuracy (%)")
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def draw_confusion_matrix(
    matrix: tuple[tuple[int, ...], ...], class_names: tuple[str, ...], title: str, path: Path
) -> None:
    """Counts of predicted class (columns) for each true class (rows), as a PNG."""
    figure = _new_figure(7, 6.2)
    axes = figure.subplots()
    image = axes.imshow(matrix, cmap="Blues")
    half = max(map(max, matrix)) / 2
    for true, row in enumerate(matrix):
        for predicted, count in enumerate(row):
            color = "white" if count > half else "black"
            axes.text(predicted, true, str(count), ha="center", va="center", color=color, fontsize=8)
    ticks = range(len(class_names))
    axes.set_xticks(ticks, class_names, rotation=45, ha="right")
    axes.set_yticks(ticks, class_names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title)
    figure.colorbar(image, label="images")
    _save(figure, path)


def _new_figure(width_inches: float, height_inches: float) -> "Figure":
    # The figure class draws without pyplot, so no window system is ever looked for.
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def _save(figure: "Figure", path: Path) -> None:
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix.removeprefix(".").lower(), dpi=DOTS_PER_INCH)
    with write_atomically(path) as aside:
        aside.write_bytes(content.getvalue())
