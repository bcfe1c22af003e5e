"""Predictions of a user's own pictures -> a table, records for CSV, JSON, and a picture."""

from pathlib import Path

from eip_cli.display.printing import Grid, Report
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.inspection.predictions import TOP, Prediction, Predictions
from eip_cli.pictures.tiles.predictions import PictureRow, draw_predictions

from .gallery_report import format_share, sentence_of


def report_predictions(predictions: Predictions) -> Report:
    """A row a picture with its most probable classes; in CSV a row a picture and class."""
    top = min(TOP, len(predictions.class_names))
    headers = ["File", *("First", "Second", "Third")[:top]]
    rows = [[show_plainly(one.picture.path), *_cells(one, top)] for one in predictions.predictions]
    records = [
        {"file": one.picture.path, "rank": rank, "class": guess.name, "probability": guess.probability}
        for one in predictions.predictions
        for rank, guess in enumerate(one.top, start=1)
    ]
    payload = [
        {
            "file": one.picture.path,
            "top": [{"class": guess.name, "probability": guess.probability} for guess in one.top],
        }
        for one in predictions.predictions
    ]
    return Report(
        [Grid(headers, rows, left=1 + top)], [records], payload, list(map(sentence_of, predictions.notes))
    )


def draw(predictions: Predictions, path: Path) -> None:
    """Each picture beside what the network sees of it and its most probable classes."""
    rows = [
        PictureRow(
            name=Path(one.picture.path).name,
            size=f"{one.picture.size[0]:,} x {one.picture.size[1]:,} pixels",
            shown=one.picture.shown,
            seen=one.picture.seen,
            bars=tuple((guess.name, guess.probability, format_share(guess.probability)) for guess in one.top),
        )
        for one in predictions.predictions
    ]
    draw_predictions(rows, f"What {predictions.model} says", tuple(map(sentence_of, predictions.notes)), path)


def _cells(prediction: Prediction, top: int) -> list[str]:
    if not prediction.top:
        return ["not finite", *[""] * (top - 1)]
    return [f"{guess.name} {format_share(guess.probability)}" for guess in prediction.top]
