"""The calls that a network makes, in the order in which a person would write them down."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.ordering import order_by_branch
from eip_cli.networks.graphs import is_layer_graph, iterate_nodes

IMAGE = -1
"""Stands for the network's input where the index of a call would."""


@dataclass(frozen=True)
class Tensor:
    """What flows through the network: output ``output`` of call ``call``."""

    call: int
    output: int = 0


@dataclass(frozen=True)
class WrittenCall:
    """One call of a layer or operation, with ``Tensor`` in its arguments where Keras has tensors.

    ``name`` begins with the names of the models ``around`` the layer, as in ``outer/inner``.
    """

    name: str
    operation: keras.Operation
    arguments: tuple[Any, ...]
    settings: Mapping[str, Any]
    n_outputs: int
    around: tuple[keras.Model, ...] = ()

    @property
    def sources(self) -> list[Tensor]:
        """The tensors among its arguments, in their order."""
        return find_tensors((self.arguments, dict(self.settings)))


@dataclass
class CallList:
    """The calls of a model in the order that they run, as ``summarize_model`` has a row for each."""

    calls: list[WrittenCall] = field(default_factory=list)

    def follow(
        self, model: keras.Model, inputs: Sequence[Tensor], around: tuple[keras.Model, ...] = ()
    ) -> list[Tensor]:
        """Append the calls of ``model``, those of nested models among them; the tensors it returns.

        ``around`` are the models that it is nested in.
        """
        graph = model._functional if isinstance(model, keras.Sequential) else model
        known = dict(zip(map(id, graph.inputs), inputs, strict=True))
        for node in iterate_nodes(graph):
            operation = node.operation
            if is_layer_graph(operation):
                given = [known[id(tensor)] for tensor in node.input_tensors]
                results = self.follow(operation, given, (*around, operation))
            else:
                arguments, settings = node.arguments.fill_in(known)
                settings = _leave_out_defaults(operation, settings)
                index, n_outputs = len(self.calls), len(node.outputs)
                name = "/".join(one.name for one in (*around, operation))
                self.calls.append(WrittenCall(name, operation, tuple(arguments), settings, n_outputs, around))
                results = [Tensor(index, output) for output in range(n_outputs)]
            known.update(zip(map(id, node.outputs), results, strict=True))
        return [known[id(tensor)] for tensor in graph.outputs]


def _leave_out_defaults(operation: keras.Operation, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without what Keras itself adds: ``mask=None``, and ``training=False`` where that is the default."""
    parameters = inspect.signature(operation.call).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    return {
        name: value
        for name, value in settings.items()
        if not (value is None or (isinstance(value, bool) and defaults.get(name) is value))
    }


def find_tensors(value: Any) -> list[Tensor]:
    """The tensors in a call's arguments, however they are nested."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in find_tensors(item)]
    return []


def order_calls(calls: Sequence[WrittenCall], outputs: Sequence[Tensor]) -> list[int]:
    """The indices of ``calls`` such that each branch stands together, before what it flows into.

    Keras runs them by depth, so that the layers of parallel branches alternate. Calls that lead nowhere
    are left out.
    """

    def calls_behind(tensors: Sequence[Tensor]) -> list[int]:
        return [tensor.call for tensor in tensors if tensor.call != IMAGE]

    return order_by_branch(calls_behind(outputs), lambda call: calls_behind(calls[call].sources))
