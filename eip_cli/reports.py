"""Results -> what is shown of them: tables in words and percentages, records for CSV, JSON."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from .baseline import BASELINE_ACCURACY
from .protocol import TrainConfig
from .render import Grid, Report
from .results import Comparison, Evaluation, McNemar
from .runs import RunRecord, flatten_record


def report_evaluation(evaluation: Evaluation, per_class: bool, confusion_matrix: bool) -> Report:
    """The measures, then on request a row a class and the confusion matrix."""
    low, high = evaluation.accuracy_ci95
    interval = f"{format_percent(low)} to {format_percent(high)}"
    rows = [
        ["Checkpoint", evaluation.checkpoint],
        ["Model", f"{evaluation.model} ({evaluation.params:,} parameters)"],
        ["Images", f"{evaluation.n:,} {evaluation.split} images of {evaluation.dataset}"],
        ["Cross-entropy", f"{evaluation.loss:.4f}"],
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


_NESTED = ("accuracy_ci95", "per_class", "confusion_matrix", "notes")


def report_comparison(rows: Sequence[Comparison]) -> Report:
    """A row a model; footnotes explain the marks, what each interval is of, and say each row in words."""
    has_sweep = any(row.source == "sweep" for row in rows)
    has_test = any(row.test_accuracy is not None for row in rows)
    headers = ["Model", "Params", "RF", "Ep."]
    headers += ["n", "Final\n\N{PLUS-MINUS SIGN} sd"] if has_sweep else ["Final"]
    headers += ["Test"] if has_test else []
    headers += ["Best\n(epoch)", "Against\n82.44", "Verdict"]
    cells = []
    for row in rows:
        best = "" if row.best_accuracy is None else f"{format_percent(row.best_accuracy)}"
        if best:
            best += ("*" if row.selected_on == "test" else "") + f"\n({row.best_epoch})"
        final = _format_mean(row.final_accuracy, None)
        if final and row.source == "checkpoint" and row.selected_on == "test":
            final += "*"
        final += _format_spread(row.accuracy_sd)
        cells.append(
            [
                row.name,
                "" if row.params is None else f"{row.params:,}",
                format_pair(row.receptive_field),
                "" if row.epochs is None else str(row.epochs),
                *([_count_runs(row)] if has_sweep else []),
                final,
                *([_format_mean(row.test_accuracy, row.test_accuracy_sd)] if has_test else []),
                best,
                _format_difference(row.delta, row.delta_ci95),
                row.verdict,
            ]
        )
    payload = [_comparison_record(row) for row in rows]
    notes = _footnotes(rows, has_star=any("*" in cell for row in cells for cell in row[1:]))
    grids = [Grid(headers, cells), *_trained_grids(rows)]
    return Report(grids, [[_flatten_comparison(record) for record in payload]], payload, notes)


def _format_mean(accuracy: float | None, deviation: float | None) -> str:
    return "" if accuracy is None else format_percent(accuracy) + _format_spread(deviation)


def _format_spread(deviation: float | None) -> str:
    return "" if deviation is None else f"\n\N{PLUS-MINUS SIGN}{100 * deviation:.2f}"


def _count_runs(row: Comparison) -> str:
    """The finished runs of a sweep's row, and of how many planned ones where some are missing."""
    if row.n is None:
        return ""
    return str(row.n) if row.n == row.n_planned else f"{row.n} of {row.n_planned}"


def _trained_grids(rows: Sequence[Comparison]) -> list[Grid]:
    """A table of the rows that have a trained baseline, where there are any."""
    counts = {row.name: _count_runs(row) for row in rows if row.source == "sweep"}
    cells = [
        [
            row.name,
            row.trained_baseline,
            f"{_count_runs(row)} and {counts[row.trained_baseline]}",
            _format_difference(row.trained_delta, row.trained_delta_ci95),
            row.trained_verdict or "",
        ]
        for row in rows
        if row.trained_baseline is not None
    ]
    headers = ["Model", "Base", "Runs", "Difference", "Verdict"]
    return [Grid(headers, cells, "Against the base network as trained here", left=2)] if cells else []


def _footnotes(rows: Sequence[Comparison], has_star: bool) -> list[str]:
    notes = [
        "Against 82.44: final accuracy minus the baseline's, in points, and the 95% interval of that "
        "difference for one training on each side."
    ]
    if any(row.source == "sweep" for row in rows):
        notes.append(
            "Of n > 1 runs: the mean, the standard deviation (sd) over seeds, and the one-sample t interval "
            "of the mean minus 82.44. The latter is one training's accuracy, taken as exact: the base "
            "network itself may come out above or below it, so one trained alike is the better measure."
        )
    if any(row.trained_baseline for row in rows):
        notes.append("Against the base network as trained here: Welch's 95% interval, two samples of runs.")
    if sum(row.source != "published" for row in rows) > 1:
        notes.append(
            "Each interval holds by itself. Whichever of several rows came out best is favoured by that "
            "choice, which no interval here covers: train it again with other seeds."
        )
    if has_star:
        notes.append("* picked on the test images: too high, and not compared.")
    for row in rows:
        notes.extend([row.statement] if row.statement else [])
        notes.extend(f"{row.name}: {note}" for note in row.notes)
    return notes


def report_run(path: str, record: RunRecord) -> Report:
    """What a training came to."""
    images = "test images" if record.config.selected_on == "test" else "held-out training images"
    rows = [
        ["Run", path],
        ["Status", f"{record.status}, {record.epochs_done} of {record.config.epochs} epochs"],
        ["Model", f"{record.config.model} ({record.params:,} parameters)"],
        [
            "Final accuracy",
            "" if record.final_accuracy is None else f"{format_percent(record.final_accuracy)} ({images})",
        ],
    ]
    if record.best_accuracy is not None:
        rows.append(
            ["Best accuracy", f"{format_percent(record.best_accuracy)}, epoch {record.best_epoch} ({images})"]
        )
    if record.test_accuracy is not None:
        rows.append(
            ["Test accuracy", f"{format_percent(record.test_accuracy)} (best checkpoint, measured once)"]
        )
    rows.append(["Training time", f"{record.train_seconds:,.1f} s"])
    if record.images_per_second is not None:
        rows.append(["Speed", f"{record.images_per_second:,.0f} images/s"])
    payload = record.to_dict()
    flat = {name: value for name, value in payload.items() if not isinstance(value, dict | list | tuple)}
    return Report([Grid(["Training", ""], rows, left=2)], [[flat]], payload)


def report_runs(records: Sequence[RunRecord], show_all: bool) -> Report:
    """A row a run; of their configurations what differs between them, or all of it."""
    facts = [flatten_record(record) for record in records]
    settings = [name for name in TrainConfig().to_dict() if name not in _RUN_COLUMNS]
    shown = [name for name in settings if show_all or len({str(fact[name]) for fact in facts}) > 1]
    headers = ["Run", "Model", "Status", "Seed", "Epochs", "Best", "Final"]
    headers += [name.replace("_", "\n") for name in shown]
    rows = [
        [
            record.id,
            PurePath(record.config.model).name,
            record.status,
            str(record.config.seed),
            f"{record.epochs_done}/{record.config.epochs}",
            "" if record.best_accuracy is None else format_percent(record.best_accuracy),
            "" if record.final_accuracy is None else format_percent(record.final_accuracy),
            *("" if fact[name] is None else str(fact[name]) for name in shown),
        ]
        for record, fact in zip(records, facts, strict=True)
    ]
    notes = (
        ["Best and final are of the images that each run validated on."] if rows else ["No runs here yet."]
    )
    return Report([Grid(headers, rows, left=3)], [facts], [record.to_dict() for record in records], notes)


_RUN_COLUMNS = ("model", "seed", "epochs")


def format_shape(shape: Sequence[int]) -> str:
    """Sizes as they stand in tables: ``32x32x64``."""
    return "x".join(map(str, shape))


def format_pair(pair: tuple[Any, Any] | None) -> str:
    """Height and width: one number where they are equal, ``-`` where there is none."""
    if pair is None:
        return "-"
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def pair_value(pair: tuple[Any, Any] | None) -> Any:
    """A number, or [height, width] where they differ; whole numbers as integers."""
    if pair is None:
        return None
    height, width = (int(side) if Fraction(side).denominator == 1 else float(side) for side in pair)
    return height if height == width else [height, width]


def _comparison_record(row: Comparison) -> dict[str, Any]:
    return asdict(row) | {"receptive_field": pair_value(row.receptive_field)}


_INTERVALS = ("delta_ci95", "accuracy_ci95", "trained_delta_ci95", "test_accuracy_ci95")


def _flatten_comparison(record: dict[str, Any]) -> dict[str, Any]:
    """A row for CSV: intervals as two columns each, the test as one for each of its numbers."""
    flat = {name: value for name, value in record.items() if name not in (*_INTERVALS, "mcnemar")}
    flat |= {"notes": "; ".join(record["notes"]), "seeds": " ".join(map(str, record["seeds"] or ()))}
    for name in _INTERVALS:
        low, high = record[name] or (None, None)
        flat |= {f"{name}_low": low, f"{name}_high": high}
    test = record["mcnemar"] or {}
    return flat | {f"mcnemar_{item.name}": test.get(item.name) for item in fields(McNemar)}


def _format_difference(difference: float | None, interval: tuple[float, float] | None) -> str:
    if difference is None:
        return ""
    if interval is None:
        return format_points(difference)
    return f"{format_points(difference)} \N{PLUS-MINUS SIGN}{100 * (interval[1] - difference):.2f}"


def format_percent(fraction: float) -> str:
    """A fraction as a percentage with two decimals: ``84.41%``."""
    return f"{100 * fraction:.2f}%"


def format_points(difference: float) -> str:
    """A difference of fractions in percentage points, with its sign: ``+1.97``."""
    return f"{100 * difference:+.2f}"
