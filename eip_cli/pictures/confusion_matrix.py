"""A confusion matrix as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

from .figures import new_figure, save_figure, show_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES_IN_NUMBERS = 20


def draw_confusion_matrix(
    matrix: tuple[tuple[int, ...], ...], class_names: tuple[str, ...], title: str, path: Path
) -> None:
    """Write what ``make_confusion_matrix`` draws, in the format that ``path`` ends in."""
    save_figure(make_confusion_matrix(matrix, class_names, title), path)


def make_confusion_matrix(
    matrix: tuple[tuple[int, ...], ...], class_names: tuple[str, ...], title: str = ""
) -> "Figure":
    """Counts of predicted class (columns) for each true class (rows); of many classes as colours alone."""
    is_large = len(class_names) > MOST_CLASSES_IN_NUMBERS
    figure = new_figure(14, 13) if is_large else new_figure(7, 6.2)
    axes = figure.subplots()
    image = axes.imshow(matrix, cmap="Blues")
    half = max(map(max, matrix)) / 2
    for true, row in enumerate(() if is_large else matrix):
        for predicted, count in enumerate(row):
            color = "white" if count > half else "black"
            axes.text(predicted, true, str(count), ha="center", va="center", color=color, fontsize=8)
    ticks, names = range(len(class_names)), [show_name(name) for name in class_names]
    size = 6 if is_large else 10
    rotation, side = (90, "center") if is_large else (45, "right")
    axes.set_xticks(ticks, names, rotation=rotation, ha=side, fontsize=size)
    axes.set_yticks(ticks, names, fontsize=size)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(show_name(title))
    figure.colorbar(image, label="images")
    return figure
