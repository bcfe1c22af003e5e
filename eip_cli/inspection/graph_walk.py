"""A network's calls one by one, those of nested models too, with what stands between them open to change."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import is_layer_graph, iterate_nodes

# Of whose output the scores are read off unchanged: shapes alone, or nothing at all in inference mode.
_PASSES_ON = ("Flatten", "Reshape", "Dropout", "Identity", "ActivityRegularization")
LINEAR, SOFTMAX, SIGMOID = "linear", "softmax", "sigmoid"
# By the names of functions, of Keras's and of TensorFlow's own, and of layers and operations.
_ENDINGS = {
    "softmax": SOFTMAX,
    "softmax_v2": SOFTMAX,
    "log_softmax": SOFTMAX,
    "log_softmax_v2": SOFTMAX,
    "logsoftmax": SOFTMAX,
    "sigmoid": SIGMOID,
}


@dataclass(frozen=True)
class Call:
    """One call of a layer or operation: its name with those of the models around it, ``inner/conv``.

    ``number`` counts the calls of a network in the order that they run.
    """

    name: str
    operation: keras.Operation
    number: int


@dataclass(frozen=True)
class Ending:
    """What makes a network's outputs of its scores: ``kind`` is SOFTMAX, SIGMOID or LINEAR.

    ``number`` is that of the call which does it; None where the outputs are the scores.
    """

    kind: str
    number: int | None = None


Look = Callable[[Call, Any], Any]  # a call and its output -> the output that the network goes on with


def run_calls(model: keras.Model, images: Any, look: Look, ending: Ending | None = None) -> Any:
    """The network's outputs in inference mode, each call's own passed through ``look``.

    ``images``: as the network takes them, (n, height, width, channels). With ``ending`` the scores before
    it: (n, classes).
    """
    walk = _Walk(look, None if ending is None else ending.number, count())
    (outputs,) = walk.run(model, [images], "")
    return outputs


@dataclass(frozen=True)
class _Walk:
    """One pass through a network; ``left_out`` is the number of the call whose activation is not applied."""

    look: Look
    left_out: int | None
    numbers: Iterator[int]

    def run(self, model: keras.Model, inputs: Sequence[Any], prefix: str) -> list[Any]:
        """The outputs of a model or of one inside it, whose calls' names begin with ``prefix``."""
        graph = keras.Model(model.inputs, model.outputs)  # a Sequential model has no list of its calls
        known = dict(zip(map(id, graph.inputs), inputs, strict=True))
        for node in iterate_nodes(graph):
            arguments, settings = node.arguments.fill_in(known)
            name = prefix + node.operation.name
            if is_layer_graph(node.operation):
                tensors = keras.tree.flatten((arguments, settings))
                given = [tensor for tensor in tensors if hasattr(tensor, "shape")]
                outputs = self.run(node.operation, given, f"{name}/")
            else:
                call = Call(name, node.operation, next(self.numbers))
                outputs = [self.look(call, output) for output in self._call(call, arguments, settings)]
            known.update(zip(map(id, node.outputs), outputs, strict=True))
        return [known[id(tensor)] for tensor in graph.outputs]

    def _call(self, call: Call, arguments: Sequence[Any], settings: dict[str, Any]) -> list[Any]:
        if getattr(call.operation, "_call_has_training_arg", False):
            settings = {**settings, "training": False}
        if call.number != self.left_out:
            return keras.tree.flatten(call.operation(*arguments, **settings))
        if _is_activation(call.operation):
            return [arguments[0]]
        with _activation_left_out(call.operation):
            return keras.tree.flatten(call.operation(*arguments, **settings))


def find_ending(model: keras.Model, calls: Sequence[Call]) -> Ending:
    """What the last of a network's ``calls`` does to its scores; those that pass them on do not count."""
    for operation in _from_the_end(model):
        kind = _kind_of(operation)
        if kind != LINEAR:
            # One layer may be called more than once: at the end it is for the last time.
            return Ending(kind, max(call.number for call in calls if call.operation is operation))
        is_bare_activation = type(operation).__name__ == "Activation"
        if type(operation).__name__ not in _PASSES_ON and not is_bare_activation:
            break
    return Ending(LINEAR)


def _from_the_end(model: keras.Model) -> Iterator[keras.Operation]:
    """The operations from the output back, those of nested models too, as far as they stand in one line."""
    graph = keras.Model(model.inputs, model.outputs)
    makers = {id(tensor): node for node in iterate_nodes(graph) for tensor in node.outputs}
    tensor = graph.outputs[0]
    while id(tensor) in makers:
        node = makers[id(tensor)]
        if is_layer_graph(node.operation):
            yield from _from_the_end(node.operation)
        else:
            yield node.operation
        if len(node.input_tensors) != 1:
            return
        tensor = node.input_tensors[0]


def _kind_of(operation: keras.Operation) -> str:
    activation = getattr(operation, "activation", None)
    # Without one: the layer Softmax, and what keras.ops.softmax leaves in a graph.
    named = operation if activation is None else activation
    return _ENDINGS.get(getattr(named, "__name__", type(named).__name__).lower(), LINEAR)


def _is_activation(operation: keras.Operation) -> bool:
    """Whether the operation is an activation and nothing else, so that it can be passed over."""
    return getattr(operation, "activation", None) is None or type(operation).__name__ == "Activation"


@contextmanager
def _activation_left_out(operation: keras.Operation) -> Iterator[None]:
    """Have a layer that ends in softmax or sigmoid, such as Dense, end without it for a while."""
    # Past Keras's __setattr__: the activation may be a layer, and one that is built takes no new layers.
    held = vars(operation)["activation"]
    vars(operation)["activation"] = keras.activations.linear
    try:
        yield
    finally:
        vars(operation)["activation"] = held
