"""A Keras model -> its layers' shapes, parameters, multiply-accumulates and receptive fields.

Works on Sequential and Functional models, nested and shared ones included. What each kind of layer
does to the receptive field is in receptive_field.layer_rules; the arithmetic is in
receptive_field.arithmetic.
"""

import math

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError

from .facts import LayerInfo, ModelSummary
from .macs import count_macs, may_hide_macs
from .receptive_field.arithmetic import Pair, Stride
from .receptive_field.calls import Feature, Grid
from .receptive_field.tracing import Step, trace_model


def summarize_model(model: keras.Model, name: str) -> ModelSummary:
    """A row for each call of a layer, in the order they run, and the network's totals.

    Nested models are expanded, their rows named ``outer/inner``. A layer called more than once has a
    row and multiply-accumulates for each call; its parameters are at its first. Shapes are without the
    batch axis. The geometry of the whole is that of the largest receptive field by area (the last row
    of several equal ones), before the whole image is seen.

    Receptive field, effective stride and effective padding are theoretical, as Araujo, Norris and Sim
    define them (Distill 2019): borders do not cut them off.

    Layers and parameters need none of the three: where one is not known, ``receptive_field_unknown`` says
    why. Raises ModelError where the model is neither Sequential nor Functional, or has no input yet.
    """
    trace = trace_model(model, name)
    counted: set[int] = set()
    rows = tuple(_describe(step, counted) for step in trace.steps)
    total, trainable = _count(model.weights), _count(model.trainable_weights)
    has_number = trace.unknown is None and not trace.whole_image_seen
    widest = _find_widest(rows) if has_number else None
    return ModelSummary(
        model=name,
        total_params=total,
        trainable_params=trainable,
        non_trainable_params=total - trainable,
        macs=sum(row.macs for row in rows),
        receptive_field=widest.receptive_field if widest else None,
        effective_stride=widest.effective_stride if widest else None,
        effective_padding=widest.effective_padding if widest else None,
        layers=rows,
        warnings=(*trace.warnings, *_list_uncounted(trace.steps)),
        whole_image_seen=trace.whole_image_seen,
        receptive_field_unknown=trace.unknown,
    )


def trace_features(model: keras.Model, name: str) -> tuple[Feature, ...]:
    """The output of each call of a layer, in the order they run, with the exact span of each of its units.

    For where a unit looks, as ``summarize_model`` says how far: ``feature.grid[0].span(3)`` is the first
    and the last row of the image that the units of row 3 see. Raises ModelError as it does, and where
    what some layer sees is not known.
    """
    trace = trace_model(model, name)
    if trace.unknown is not None:
        raise ModelError(trace.unknown)
    return tuple(step.output for step in trace.steps)


def _describe(step: Step, counted: set[int]) -> LayerInfo:
    """The row of ``step``; ``counted`` holds the weights of the rows before it, which count once."""
    call, grid = step.call, step.output.grid
    held = call.operation.weights if isinstance(call.operation, keras.Layer) else []
    weights = [weight for weight in held if id(weight) not in counted]
    counted.update(map(id, weights))
    return LayerInfo(
        name=call.name,
        type=call.type,
        output_shape=call.output_shape,
        params=_count(weights),
        macs=count_macs(call) or 0,
        receptive_field=_sizes(grid),
        effective_stride=_strides(grid),
        effective_padding=_paddings(grid),
    )


def _list_uncounted(steps: list[Step]) -> list[str]:
    """Whose multiply-accumulates are not among those counted, a sentence each."""
    calls = [step.call for step in steps]
    found = [
        f"{call.name} ({call.type}): its multiply-accumulates are not counted"
        for call in calls
        if may_hide_macs(call.operation)
    ]
    of_open_size = [call.name for call in calls if count_macs(call) is None]
    if of_open_size:
        names = ", ".join(dict.fromkeys(of_open_size))
        found.append(
            f"multiply-accumulates that depend on an open size are not counted: {names}; give the network "
            "a fixed input size"
        )
    return found


def _find_widest(rows: tuple[LayerInfo, ...]) -> LayerInfo | None:
    seen = [(math.prod(row.receptive_field), index) for index, row in enumerate(rows) if row.receptive_field]
    return rows[max(seen)[1]] if seen else None


def _count(weights: list[keras.Variable]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _sizes(grid: Grid | None) -> Pair | None:
    return (grid[0].size, grid[1].size) if grid else None


def _strides(grid: Grid | None) -> Stride | None:
    return (grid[0].stride, grid[1].stride) if grid else None


def _paddings(grid: Grid | None) -> Pair | None:
    return (grid[0].padding, grid[1].padding) if grid else None
