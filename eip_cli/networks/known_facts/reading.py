"""A known network's facts as they come with this program: there before Keras could have been imported."""

import json
from fractions import Fraction
from importlib.resources import files
from typing import Any

from eip_cli.foundation.problem import Problem
from eip_cli.networks.facts import LayerInfo, ModelSummary

ENDING = ".json"


def read_known_facts(network: str, problem: Problem) -> ModelSummary | None:
    """What ``summarize_model`` says of a known network for ``problem``; None where that has to be asked."""
    if not network.isidentifier():
        return None
    file = files(__package__).joinpath(network + ENDING)
    if not file.is_file():
        return None
    for entry in json.loads(file.read_text(encoding="utf-8")):
        if Problem(tuple(entry["image_shape"]), entry["classes"]) == problem:
            return _read_summary(entry["summary"])
    return None


def _read_summary(record: dict[str, Any]) -> ModelSummary:
    values = _read_geometry(record) | {"warnings": tuple(record["warnings"])}
    return ModelSummary(**{**values, "layers": tuple(map(_read_layer, record["layers"]))})


def _read_layer(record: dict[str, Any]) -> LayerInfo:
    return LayerInfo(**_read_geometry(record) | {"output_shape": tuple(record["output_shape"])})


def _read_geometry(record: dict[str, Any]) -> dict[str, Any]:
    """``record`` with its pairs as such; strides are fractions, and stand as texts."""
    kinds = {"receptive_field": int, "effective_stride": Fraction, "effective_padding": int}
    pairs = {name: tuple(map(kind, record[name])) for name, kind in kinds.items() if record[name]}
    return record | pairs
