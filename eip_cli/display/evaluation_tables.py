"""An evaluation -> tables in words and percentages, records for CSV, JSON."""

from dataclasses import asdict

from eip_cli.comparison.evaluation.results import Evaluation
from eip_cli.published.baseline import BASELINE_ACCURACY

from .formatting import format_percent, format_points
from .printing import Grid, Report


def report_evaluation(evaluation: Evaluation, per_class: bool, confusion_matrix: bool) -> Report:
    """The measures, then on request a row a class and the confusion matrix."""
    low, high = evaluation.accuracy_ci95
    interval = f"{format_percent(low)} to {format_percent(high)}"
    rows = [
        ["Predictions" if evaluation.is_of_predictions else "Checkpoint", evaluation.checkpoint],
        ["Model", f"{evaluation.model} ({_describe_parameters(evaluation)})"],
        ["Images", f"{evaluation.n:,} {evaluation.split} images of {evaluation.dataset}"],
        *([] if evaluation.pixel_scale is None else [["Pixels", evaluation.pixel_scale]]),
        ["Cross-entropy", _describe_loss(evaluation)],
        ["Accuracy", f"{format_percent(evaluation.accuracy)} (95% interval {interval})"],
    ]
    if evaluation.delta is not None:
        rows.append(
            [f"Against {format_percent(BASELINE_ACCURACY)}", f"{format_points(evaluation.delta)} points"]
        )
    rows.append(["Selected on", evaluation.selected_on])
    grids = [Grid(["Evaluation", ""], rows, left=2)]
    payload = asdict(evaluation) | {"accuracy_ci95": [low, high], "notes": list(evaluation.notes)}
    record = {name: value for name, value in payload.items() if name not in _NESTED}
    record |= {"accuracy_ci95_low": low, "accuracy_ci95_high": high}
    records = [[record]]
    names = list(evaluation.per_class)
    if per_class:
        shown = [[name, format_percent(accuracy)] for name, accuracy in evaluation.per_class.items()]
        grids.append(Grid(["Class", "Accuracy"], shown, "Accuracy by class"))
        records.append([{"class": name, "accuracy": value} for name, value in evaluation.per_class.items()])
    if confusion_matrix:
        matrix = evaluation.confusion_matrix
        cells = [[name, *map(str, row)] for name, row in zip(names, matrix, strict=True)]
        headers = ["True class", *(name[:5] for name in names)]
        grids.append(Grid(headers, cells, "Images by true class (rows) and predicted class (columns)"))
        records.append([{"class": name, **dict(zip(names, row, strict=True))} for name, *row in cells])
    else:
        del payload["confusion_matrix"]
    return Report(grids, records, payload, [f"Note: {note}" for note in evaluation.notes])


def _describe_parameters(evaluation: Evaluation) -> str:
    if evaluation.params is None:
        return "parameters unknown"
    return f"{evaluation.params:,} parameters{', as stated' if evaluation.params_stated else ''}"


def _describe_loss(evaluation: Evaluation) -> str:
    if evaluation.loss is None:
        return "unknown" if evaluation.is_of_predictions else "not finite"
    return f"{evaluation.loss:.4f}"


_NESTED = ("accuracy_ci95", "per_class", "confusion_matrix", "notes")
