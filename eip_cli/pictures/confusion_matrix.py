"""A confusion matrix as a picture."""

from pathlib import Path

from .figures import new_figure, save_figure, show_name


def draw_confusion_matrix(
    matrix: tuple[tuple[int, ...], ...], class_names: tuple[str, ...], title: str, path: Path
) -> None:
    """Counts of predicted class (columns) for each true class (rows), as a PNG."""
    figure = new_figure(7, 6.2)
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
    axes.set_title(show_name(title))
    figure.colorbar(image, label="images")
    save_figure(figure, path)
