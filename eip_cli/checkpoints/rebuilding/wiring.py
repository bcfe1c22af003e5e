"""The wiring of a Functional model: stored connections -> calls of layers, in the order of their inputs."""

import math
from dataclasses import dataclass
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

# Per image: 64 million numbers between two layers are 256 MiB.
MAX_ACTIVATION_SIZE = 2**26
Shape = tuple[int | None, ...]
Tensors = dict[str, list[list[Any]]]  # a layer's name -> its calls -> their output tensors


@dataclass(frozen=True)
class Reference:
    """An output of an earlier call of a layer: which layer, which call, which output."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True)
class Call:
    """One call of a layer: its inputs, whether they are passed as a list, and ``training``."""

    inputs: list[Reference]
    as_list: bool
    settings: dict[str, bool]


def read_call(node: object, nested: set[str]) -> Call:
    """One stored call of a layer, as Keras 2 or 3 wrote it; ``nested`` are the names of nested models."""
    if isinstance(node, dict):
        return _keras_3_call(node)
    # Keras 2: one [layer, call, output, settings] for each input. A nested model's call 0 is its own.
    items = read_references(node)
    references = [read_reference(item[:3], nested) for item in items]
    settings: dict[str, Any] = {}
    for item in items:
        settings |= item[3] if len(item) == 4 and isinstance(item[3], dict) else {}
    return Call(references, len(references) > 1, _plain_settings(settings))


def _keras_3_call(node: dict[str, Any]) -> Call:
    arguments, settings = node.get("args"), node.get("kwargs")
    if not isinstance(arguments, list) or not isinstance(settings, dict) or not arguments:
        raise CheckpointError("a layer called with other arguments than tensors")
    as_list = isinstance(arguments[0], list) or len(arguments) > 1
    references = []
    for tensor in arguments[0] if isinstance(arguments[0], list) else arguments:
        if not isinstance(tensor, dict) or tensor.get("class_name") != "__keras_tensor__":
            raise CheckpointError(f"a layer called with {str(tensor)[:60]!a}, which is not a tensor")
        inner = tensor.get("config")
        history = inner.get("keras_history") if isinstance(inner, dict) else None
        references.append(read_reference(history, set()))
    return Call(references, as_list, _plain_settings(settings))


def _plain_settings(settings: dict[str, Any]) -> dict[str, bool]:
    for key, value in settings.items():
        absent = key in ("training", "mask") and value is None
        if not absent and not (key == "training" and isinstance(value, bool)):
            raise CheckpointError(f"a layer called with {str(key)[:60]!a}, which is not supported")
    return {key: value for key, value in settings.items() if value is not None}


def run_calls(made: dict[str, keras.layers.Layer], waiting: dict[str, list[Call]], tensors: Tensors) -> None:
    """Call the layers in the order in which their inputs come to exist, as Keras does.

    The outputs are added to ``tensors``. Raises CheckpointError where an input never exists.
    """
    while waiting:
        before = sum(len(calls) for calls in waiting.values())
        for name in list(waiting):
            while waiting[name] and all(_exists(tensors, item) for item in waiting[name][0].inputs):
                call = waiting[name].pop(0)
                inputs = [find_tensor(tensors, item) for item in call.inputs]
                output = made[name](inputs if call.as_list else inputs[0], **call.settings)
                outputs = list(output) if isinstance(output, list | tuple) else [output]
                for tensor in outputs:
                    check_size(tensor.shape, made[name])
                tensors[name].append(outputs)
            if not waiting[name]:
                del waiting[name]
        if sum(len(calls) for calls in waiting.values()) == before and waiting:
            raise CheckpointError(f"layer {min(waiting)[:60]!a} has an input that does not exist")


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


def read_reference(item: object, counted_from_1: set[str]) -> Reference:
    """``["name", 0, 0]`` -> a reference, with calls counted from 0. Raises CheckpointError."""
    if isinstance(item, list) and len(item) == 3:
        name, call, output = item
        if isinstance(name, str) and type(call) is int and type(output) is int:
            call -= name in counted_from_1
            if call >= 0 and output >= 0:
                return Reference(name, call, output)
    raise CheckpointError(f"a connection {str(item)[:60]!a}, which names no layer's output")


def read_references(value: object) -> list[Any]:
    """``["name", 0, 0]`` or a list of those -> a list of those."""
    items = as_list(value)
    return [items] if items and isinstance(items[0], str) else items


def as_list(value: object) -> list[Any]:
    """A stored list of connections, checked to be a list. Raises CheckpointError."""
    if not isinstance(value, list):
        raise CheckpointError("a model's connections are not a list")
    return value


def check_size(shape: Shape, layer: keras.layers.Layer) -> None:
    """Raise CheckpointError where one image's output of ``layer`` would exhaust memory."""
    if math.prod(size or 1 for size in shape) > MAX_ACTIVATION_SIZE:
        raise CheckpointError(
            f"layer {layer.name[:60]!a} gives an output of shape {shape}, too large to compute"
        )
