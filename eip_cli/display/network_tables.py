"""A network's layers and totals -> tables in words, records for CSV, JSON."""

from dataclasses import asdict
from typing import Any

from eip_cli.networks.summary import LayerInfo, ModelSummary

from .formatting import format_pair, format_shape, pair_value
from .printing import Grid, Report


def report_summary(summary: ModelSummary, show_rf: bool, show_macs: bool) -> Report:
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
    records = [layer | {"output_shape": format_shape(layer["output_shape"])} for layer in layers]
    unknown = [summary.receptive_field_unknown] if summary.receptive_field_unknown else []
    notes = [", ".join(totals), *(f"Warning: {text}" for text in (*summary.warnings, *unknown))]
    return Report([Grid(headers, rows, f"Network {summary.model}", left=3)], [records], payload, notes)


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
