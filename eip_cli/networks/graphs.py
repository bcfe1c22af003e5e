"""The calls of layers that a Sequential or Functional model makes, in the order it makes them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eip_cli.foundation.backend import keras


def is_layer_graph(operation: keras.Operation) -> bool:
    """Whether this is a Sequential or Functional model that runs its layers as Keras does."""
    if not isinstance(operation, keras.Sequential | keras.Function):
        return False
    return type(operation).call.__module__.startswith("keras.")


def iterate_nodes(model: keras.Function) -> Iterator:
    """The calls that a Functional model makes, in the order it makes them.

    The list is private, but it is what Keras itself runs. The public ``operations`` has a shared layer
    once only, and ``clone_model`` would leave new calls in the user's layers.
    """
    by_depth = model._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if not node.is_input)


Sources = tuple[int, ...]  # indices of calls
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer: its name with those of the models around it, and the calls it takes input from."""

    name: str
    layer: keras.Operation
    sources: Sources
    rank: int | None  # of the input, batch axis included; None where it is not known
    constants: int = 0  # numbers that the call is given beside its inputs


def list_calls(model: keras.Model) -> list[LayerCall]:
    """The calls of a model's layers in the order they run, those of nested models included."""
    calls: list[LayerCall] = []
    _follow(model, [()], "", calls)
    return calls


def _follow(
    model: keras.Model, inputs: Sequence[Sources], prefix: str, calls: list[LayerCall]
) -> Sequence[Sources]:
    """Append the calls of ``model``; in and out, the calls that stand behind each of its tensors."""
    if isinstance(model, keras.Sequential):
        shape = model.input_shape
        for layer in model.layers:
            inputs = [_call(layer, inputs, prefix, shape, calls)]
            shape = _shape_after(layer, shape)
        return inputs
    known = dict(zip(map(id, model.inputs), inputs, strict=True))
    for node in iterate_nodes(model):
        given = [known[id(tensor)] for tensor in node.input_tensors]
        shape = tuple(node.input_tensors[0].shape)
        result = _call(node.operation, given, prefix, shape, calls, count_numbers(node))
        known.update((id(tensor), result) for tensor in node.outputs)
    return [known[id(tensor)] for tensor in model.outputs]


def _call(
    operation: keras.Operation,
    inputs: Sequence[Sources],
    prefix: str,
    shape: Shape | None,
    calls: list[LayerCall],
    constants: int = 0,
) -> Sources:
    name = prefix + operation.name
    if is_layer_graph(operation):
        return tuple(call for tensor in _follow(operation, inputs, f"{name}/", calls) for call in tensor)
    sources = tuple(call for tensor in inputs for call in tensor)
    calls.append(LayerCall(name, operation, sources, len(shape) if shape else None, constants))
    return (len(calls) - 1,)


def count_numbers(node: Any) -> int:
    """How many numbers a call is given beside the network's tensors: sizes, axes, arrays of constants."""

    def count(value: Any) -> int:
        if isinstance(value, keras.KerasTensor):
            return 0
        if isinstance(value, dict | list | tuple):
            return sum(map(count, value.values() if isinstance(value, dict) else value))
        if hasattr(value, "shape"):
            return math.prod(value.shape)
        return int(isinstance(value, int | float))

    return count([node.arguments.args, node.arguments.kwargs])


def _shape_after(layer: keras.Layer, shape: Shape | None) -> Shape | None:
    with suppress(Exception):  # whatever a layer raises that does not know its output's shape
        return None if shape is None else tuple(layer.compute_output_shape(shape))
    with suppress(AttributeError, ValueError):  # one that is called more than once has no one output
        return tuple(layer.output.shape)
    return None
