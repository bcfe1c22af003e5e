"""A gallery -> a table, records for CSV, JSON, and the CSV file beside a picture."""

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eip_cli.comparison.evaluation.results import Evaluation
from eip_cli.display.formatting import format_percent
from eip_cli.display.printing import Grid, Report
from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.inspection.gallery import Answer, Gallery, ShownImage


def report_gallery(gallery: Gallery) -> Report:
    """A row an image, the network's accuracy above, what to know of it below."""
    notes = (describe_shown(gallery), *describe_sides(gallery), *gallery.notes)
    grid = _grid_of_one(gallery) if gallery.other is None else _grid_of_two(gallery)
    return Report([grid], [_records(gallery)], _payload(gallery), list(map(sentence_of, notes)))


def _grid_of_one(gallery: Gallery) -> Grid:
    is_mixed = any(one.answer.is_right for one in gallery.shown)
    rows = [
        [
            str(one.index),
            one.true,
            f"{one.answer.predicted} ({_verdict(one.answer)})" if is_mixed else one.answer.predicted,
            format_share(one.answer.confidence),
            format_share(one.answer.probability_of_true),
            "-" if one.answer.loss is None else f"{one.answer.loss:.2f}",
        ]
        for one in gallery.shown
    ]
    headers = ["Image", "True class", "Predicted", "Confidence", "P(true)", "Loss"]
    return Grid(headers, rows, describe_title(gallery), left=3)


def _grid_of_two(gallery: Gallery) -> Grid:
    rows = [
        [
            str(one.index),
            one.true,
            *(
                f"{answer.predicted} {format_share(answer.confidence)}, {_verdict(answer)}"
                for answer in sides
            ),
        ]
        for one in gallery.shown
        for sides in [_answers(one)]
    ]
    return Grid(["Image", "True class", "A says", "B says"], rows, describe_title(gallery), left=4)


def _verdict(answer: Answer) -> str:
    return "right" if answer.is_right else "wrong"


def describe_title(gallery: Gallery) -> str:
    """How many images the network gets wrong, of how many."""
    evaluation = gallery.evaluation
    images = f"{evaluation.n:,} {evaluation.split} images of {evaluation.dataset}"
    if gallery.other is not None:
        ours, theirs = (format_percent(one.accuracy) for one in (evaluation, gallery.other))
        return f"Two networks on {images}: accuracy A {ours}, B {theirs}"
    return (
        f"{show_plainly(evaluation.model)} misclassifies {gallery.misclassified:,} of {images} "
        f"(accuracy {format_percent(evaluation.accuracy)})"
    )


def describe_shown(gallery: Gallery) -> str:
    """Which of them are shown."""
    return f"{len(gallery.shown):,} of {gallery.found:,} {gallery.asked}"


def describe_sides(gallery: Gallery) -> list[str]:
    """Which network is A and which is B, where there are two."""
    if gallery.other is None:
        return []
    return [f"A is {_name(gallery.evaluation)}, B is {_name(gallery.other)}"]


def sentence_of(note: str) -> str:
    """A note with a capital letter and a full stop."""
    words = show_plainly(note if note.endswith((".", ")")) else f"{note}.")
    return words[0].upper() + words[1:]


def write_csv(gallery: Gallery, path: Path) -> None:
    """Write the images that are shown, a line each, with numbers in full."""
    content = io.StringIO()
    writer = csv.DictWriter(content, _columns(gallery), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_records(gallery))
    with write_atomically(path) as aside:
        aside.write_text(content.getvalue(), encoding="utf-8", newline="")


def _answers(shown: ShownImage) -> list[Answer]:
    return [shown.answer] if shown.other is None else [shown.answer, shown.other]


def format_share(probability: float | None) -> str:
    """A probability with one decimal of a percent, never as none or all of it; ``-`` where there is none."""
    if probability is None:
        return "-"
    if probability < 0.0005:
        return "<0.1%"
    return f"{100 * probability:.1f}%" if probability < 0.9995 else ">99.9%"


_ANSWER = ("predicted", "confidence", "probability_of_true", "loss")


def _columns(gallery: Gallery) -> list[str]:
    other = [f"other_{name}" for name in _ANSWER] if gallery.other is not None else []
    return ["index", "true", *_ANSWER, *other]


def _records(gallery: Gallery) -> list[dict[str, Any]]:
    def values(one: ShownImage) -> list[Any]:
        numbers = [getattr(answer, name) for answer in _answers(one) for name in _ANSWER]
        return [one.index, one.true, *numbers]

    return [dict(zip(_columns(gallery), values(one), strict=True)) for one in gallery.shown]


def _payload(gallery: Gallery) -> dict[str, Any]:
    evaluation, heat = gallery.evaluation, gallery.heat
    return {
        **_identity(evaluation),
        "dataset": evaluation.dataset,
        "split": evaluation.split,
        "n": evaluation.n,
        "misclassified": gallery.misclassified,
        "asked": gallery.asked,
        "found": gallery.found,
        "against": None if gallery.other is None else _identity(gallery.other),
        "mcnemar": None if gallery.mcnemar is None else asdict(gallery.mcnemar),
        "grad_cam": None
        if heat is None
        else {
            "layer": heat.grad_cam.layer.call.name,
            "map": [heat.grad_cam.layer.height, heat.grad_cam.layer.width],
            "class": heat.of,
            "all_zero": [
                one.index for one, zero in zip(gallery.shown, heat.grad_cam.is_zero, strict=True) if zero
            ],
            "sanity_correlation": heat.sanity.correlation,
            "sanity_correlation_absolute": heat.sanity.absolute,
            "sanity_correlation_chance": heat.sanity.chance,
            "sanity_n": heat.sanity.n,
        },
        "notes": list(gallery.notes),
        "images": _records(gallery),
    }


def _identity(evaluation: Evaluation) -> dict[str, Any]:
    names = ("checkpoint", "model", "accuracy", "selected_on", "pixels")
    return {name: getattr(evaluation, name) for name in names}


def _name(evaluation: Evaluation) -> str:
    if evaluation.is_of_predictions:
        return evaluation.checkpoint  # whose name is all that is known of the model
    return f"{evaluation.model} ({evaluation.checkpoint})"
