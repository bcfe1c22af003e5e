"""Comparisons -> tables in words and percentages, records for CSV, JSON."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from eip_cli.comparison.row import Comparison, McNemar

from .formatting import format_percent, format_points, format_receptive_field, pair_value
from .printing import Grid, Report


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
                _format_parameters(row),
                ""  # of predictions there is no network to ask
                if row.source == "predictions"
                else format_receptive_field(row.receptive_field, row.whole_image_seen, "all"),
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


def _format_parameters(row: Comparison) -> str:
    if row.params is None:
        return "unknown" if row.source == "predictions" else ""
    return f"{row.params:,}"


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
    if any(row.whole_image_seen for row in rows):
        notes.append("RF all: units of its feature maps see the whole image, as squeeze and excitation does.")
    if has_star:
        notes.append("* picked on the test images: too high, and not compared.")
    for row in rows:
        notes.extend([row.statement] if row.statement else [])
        notes.extend(f"{row.name}: {note}" for note in row.notes)
    return notes


def _comparison_record(row: Comparison) -> dict[str, Any]:
    record = asdict(row) | {"receptive_field": pair_value(row.receptive_field)}
    if not row.whole_image_seen:
        del record["whole_image_seen"]  # said only where a null receptive field means that
    if not row.params_stated:
        del record["params_stated"]
    return record


_INTERVALS = ("delta_ci95", "accuracy_ci95", "trained_delta_ci95", "test_accuracy_ci95")


def _flatten_comparison(record: dict[str, Any]) -> dict[str, Any]:
    """A row for CSV: intervals as two columns each, the test as one for each of its numbers."""
    flat = {name: value for name, value in record.items() if name not in (*_INTERVALS, "mcnemar")}
    flat |= {"notes": "; ".join(record["notes"]), "seeds": " ".join(map(str, record["seeds"] or ()))}
    for name in _INTERVALS:
        low, high = record[name] or (None, None)
        flat |= {f"{name}_low": low, f"{name}_high": high}
    test = record["mcnemar"] or {}
    for name in ("whole_image_seen", "params_stated"):
        flat[name] = record.get(name, False)
    return flat | {f"mcnemar_{item.name}": test.get(item.name) for item in fields(McNemar)}


def _format_difference(difference: float | None, interval: tuple[float, float] | None) -> str:
    if difference is None:
        return ""
    if interval is None:
        return format_points(difference)
    return f"{format_points(difference)} \N{PLUS-MINUS SIGN}{100 * (interval[1] - difference):.2f}"
