"""The wiring of a Functional model: stored connections -> calls of layers, in the order of their inputs."""

import math
from collections.abc import Callable
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

from .calls import Call, Reference

# Per image: 64 million numbers between two layers are 256 MiB.
MAX_ACTIVATION_SIZE = 2**26
Shape = tuple[int | None, ...]
Tensors = dict[str, list[list[Any]]]  # a layer's name -> its calls -> their output tensors
# What is made of one stored layer: it takes the call's arguments and gives a tensor or a list of them.
Step = Callable[..., Any]
# Settings of a call that say how to attend, not to what; None everywhere is as good as not there.
SWITCHES = frozenset({"training", "use_causal_mask", "return_attention_scores", "return_sequences"})
TENSOR_SETTINGS = frozenset({"query", "value", "key"})


def as_step(made: list[keras.layers.Layer]) -> Step:
    """The layers one after another, the first with all that the call gives."""

    def run(*arguments: Any, **settings: Any) -> Any:
        _require_tensors(arguments, settings)
        kept = {key: value for key, value in settings.items() if value is not None}
        output = made[0](*arguments, **kept)
        for layer in made[1:]:
            output = layer(output)
        return output

    return run


def _require_tensors(arguments: tuple[Any, ...], settings: dict[str, Any]) -> None:
    for argument in arguments:
        for item in argument if isinstance(argument, list) and argument else [argument]:
            if not isinstance(item, keras.KerasTensor):
                raise CheckpointError(f"a layer called with {str(item)[:60]!a}, which is not a tensor")
    for key, value in settings.items():
        plain = (
            value is None
            or (key in SWITCHES and isinstance(value, bool))
            or (key in TENSOR_SETTINGS and isinstance(value, keras.KerasTensor))
        )
        if not plain:
            raise CheckpointError(f"a layer called with {str(key)[:60]!a}, which is not supported")


def run_calls(steps: dict[str, Step], waiting: dict[str, list[Call]], tensors: Tensors) -> None:
    """Take the steps in the order in which their inputs come to exist, as Keras does.

    The outputs are added to ``tensors``. Raises CheckpointError where an input never exists.
    """
    while waiting:
        before = sum(len(calls) for calls in waiting.values())
        for name in list(waiting):
            while waiting[name] and all(_exists(tensors, item) for item in waiting[name][0].references):
                call = waiting[name].pop(0)
                output = steps[name](
                    *(_fill_in(value, tensors) for value in call.arguments),
                    **{key: _fill_in(value, tensors) for key, value in call.settings.items()},
                )
                outputs = list(output) if isinstance(output, list | tuple) else [output]
                for tensor in outputs:
                    check_size(tensor.shape, name)
                tensors[name].append(outputs)
            if not waiting[name]:
                del waiting[name]
        if sum(len(calls) for calls in waiting.values()) == before and waiting:
            raise CheckpointError(f"layer {min(waiting)[:60]!a} has an input that does not exist")


def _fill_in(value: Any, tensors: Tensors) -> Any:
    if isinstance(value, Reference):
        return find_tensor(tensors, value)
    if isinstance(value, list):
        return [_fill_in(item, tensors) for item in value]
    return value


def _exists(tensors: Tensors, reference: Reference) -> bool:
    if reference.layer not in tensors:
        raise CheckpointError(f"a layer takes its input from {reference.layer[:60]!a}, which does not exist")
    return reference.call < len(tensors[reference.layer])


def find_tensor(tensors: Tensors, reference: Reference) -> keras.KerasTensor:
    """The tensor that ``reference`` names. Raises CheckpointError where there is none."""
    calls = tensors.get(reference.layer, [])
    if reference.call >= len(calls) or reference.output >= len(calls[reference.call]):
        raise CheckpointError(f"output {reference.output} of layer {reference.layer[:60]!a} does not exist")
    return calls[reference.call][reference.output]


def check_size(shape: Shape, name: str) -> None:
    """Raise CheckpointError where one image's output of the layer ``name`` would exhaust memory."""
    if math.prod(size or 1 for size in shape) > MAX_ACTIVATION_SIZE:
        raise CheckpointError(f"layer {name[:60]!a} gives an output of shape {shape}, too large to compute")
