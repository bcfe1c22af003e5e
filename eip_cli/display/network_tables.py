"""A network's layers and totals -> tables in words, records for CSV, JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eip_cli.networks.facts import LayerInfo, ModelSummary

from .formatting import format_pair, format_shape, pair_value
from .printing import Grid, Report

if TYPE_CHECKING:
    from eip_cli.networks.receptive_field.effective import MeasuredField
    from eip_cli.networks.source_text.stated_fields import StatedField


def report_summary(
    summary: ModelSummary, show_rf: bool, show_macs: bool, effective: "MeasuredField | None" = None
) -> Report:
    """A row a layer; footnotes hold the totals and any warning."""
    headers = ["Layer", "Type", "Output", "Params"]
    headers += ["MACs"] if show_macs else []
    headers += ["RF", "Stride", "Padding"] if show_rf else []
    rows = []
    for layer in summary.layers:
        row = [layer.name, layer.type, format_shape(layer.output_shape), f"{layer.params:,}"]
        row += [f"{layer.macs:,}"] if show_macs else []
        row += [format_pair(pair) for pair in _geometry(layer)] if show_rf else []
        rows.append(row)
    totals = _format_totals(summary)
    if show_macs:
        totals.append(f"{summary.macs:,} multiply-accumulates for one image")
    if show_rf and summary.whole_image_seen:
        totals.append("receptive field: the whole image")
    elif show_rf and summary.receptive_field:
        totals.append(f"receptive field {format_pair(summary.receptive_field)} of the input's pixels")
    layers = [_layer_record(layer) for layer in summary.layers]
    payload = _summary_record(summary) | {"layers": layers, "warnings": list(summary.warnings)}
    payload |= _receptive_field_words(summary)
    payload |= _effective_record(effective) if effective else {}
    records = [layer | {"output_shape": format_shape(layer["output_shape"])} for layer in layers]
    unknown = [summary.receptive_field_unknown] if summary.receptive_field_unknown else []
    measured = [_describe_effective(effective)] if effective else []
    notes = [", ".join(totals), *measured, *(f"Warning: {text}" for text in (*summary.warnings, *unknown))]
    return Report([Grid(headers, rows, f"Network {summary.model}", left=3)], [records], payload, notes)


def _describe_effective(effective: "MeasuredField") -> str:
    field = effective.field
    row, column = field.unit
    return (
        f"effective receptive field of {field.layer}'s unit ({row}, {column}): 95% of it lies in "
        f"{field.pixels_95:,} of {field.pixels:,} pixels ({field.share:.0%}); mean over {effective.place}"
    )


def _effective_record(effective: "MeasuredField") -> dict[str, Any]:
    field = effective.field
    return {
        "erf_layer": field.layer,
        "erf_unit": list(field.unit),
        "erf_images": field.n_images,
        "erf_measured_on": effective.place,
        "erf_pixels": field.pixels,
        "erf_pixels_95": field.pixels_95,
        "erf_share": field.share,
    }


def report_code(text: str, stated: "Sequence[StatedField]", payload: dict[str, Any]) -> Report:
    """A network's ``payload`` with its code, and what comments on receptive fields state."""
    comments = [
        {
            "line": one.line,
            "says": pair_value(one.says),
            "is": [pair_value(field) for field in one.fields],
            "layers": list(one.layers),
            "agrees": one.agrees,
        }
        for one in stated
    ]
    return Report([], [], payload | {"code": text, "comments": comments})


def describe_comments(file: Path, stated: "Sequence[StatedField]", summary: ModelSummary) -> list[str]:
    """A line for each comment that states another receptive field, and how many there are in all."""
    if summary.receptive_field_unknown:
        return [f"{file}: comments on receptive fields are not checked: {summary.receptive_field_unknown}"]
    if not stated:
        return []
    lines = [f"{file}:{one.line}: {_describe_comment(one)}" for one in stated if not one.agrees]
    wrong = sum(one.agrees is False for one in stated)
    unmatched = sum(one.agrees is None for one in stated)
    words = f"{len(stated)} comment{'s' * (len(stated) > 1)} on receptive fields: {wrong} wrong"
    return [*lines, words + (f", {unmatched} at no layer" if unmatched else "")]


def _describe_comment(one: "StatedField") -> str:
    said = format_pair(one.says)
    if one.agrees is None:
        return f"says RF {said}; no layer of the network is made here"
    fields = list(
        dict.fromkeys("the whole image" if field is None else format_pair(field) for field in one.fields)
    )
    if len(fields) == 1:
        return f"says RF {said}, it is {fields[0]} ({one.layers[0]})"
    return f"says RF {said}, it is {', '.join(fields[:-1])} or {fields[-1]} ({', '.join(one.layers)})"


def report_totals(summary: ModelSummary, written: str | None) -> Report:
    """The totals of a network, and the file that it was written to."""
    payload = {name: getattr(summary, name) for name in _TOTALS} | {"file": written}
    rows = [
        ["Total parameters", f"{summary.total_params:,}"],
        ["Trainable", f"{summary.trainable_params:,}"],
        ["Not trainable", f"{summary.non_trainable_params:,}"],
        ["Multiply-accumulates", f"{summary.macs:,}"],
    ]
    notes = [f"Warning: {warning}" for warning in summary.warnings]
    notes += [f"Wrote the untrained network to {written}"] if written else []
    return Report([Grid([f"Network {summary.model}", ""], rows)], [[payload]], payload, notes)


_TOTALS = ("model", "total_params", "trainable_params", "non_trainable_params", "macs")


def _format_totals(summary: ModelSummary) -> list[str]:
    return [
        f"{summary.total_params:,} parameters "
        f"({summary.trainable_params:,} trainable, {summary.non_trainable_params:,} not)"
    ]


def _geometry(item: LayerInfo | ModelSummary) -> tuple[Any, Any, Any]:
    return item.receptive_field, item.effective_stride, item.effective_padding


def _geometry_record(item: LayerInfo | ModelSummary) -> dict[str, Any]:
    names = ("receptive_field", "effective_stride", "effective_padding")
    return {name: pair_value(pair) for name, pair in zip(names, _geometry(item), strict=True)}


def _summary_record(summary: ModelSummary) -> dict[str, Any]:
    record = asdict(summary) | _geometry_record(summary)
    return {name: value for name, value in record.items() if name not in _RECEPTIVE_FIELD_WORDS}


_RECEPTIVE_FIELD_WORDS = ("whole_image_seen", "receptive_field_unknown")


def _receptive_field_words(summary: ModelSummary) -> dict[str, Any]:
    """What a null receptive field means, where it means more than that the image is flattened at once."""
    words = {name: getattr(summary, name) for name in _RECEPTIVE_FIELD_WORDS}
    return {name: value for name, value in words.items() if value}


def _layer_record(layer: LayerInfo) -> dict[str, Any]:
    return asdict(layer) | _geometry_record(layer) | {"output_shape": list(layer.output_shape)}
