"""A faster twin of a Keras model for a CPU: the same variables and mathematics, in fewer passes over memory.

``accelerate`` is the one way in. The twin runs convolutions together with the batch norm,
activation, dropout and pooling behind them, and dropout and pooling elsewhere, by TensorFlow code
of this package (``known_layers`` knows them, ``chains`` joins them, ``runners`` runs them), and every
other layer as it is. A layer that is called several times is looked at call by call. The model itself is
left as it was: train the twin, save the model.
"""

from collections.abc import Callable
from typing import Any

from eip_cli.foundation.backend import is_tensorflow_on_cpu, keras
from eip_cli.networks.graphs import iterate_nodes

from .chains import find_chains

Run = Callable[..., Any]  # input tensor, training -> output tensor


def accelerate(model: keras.Model) -> keras.Model | None:
    """A model that computes what ``model`` does on the same variables, faster; None where nothing applies.

    The twin lists ``model``'s variables in ``model``'s order. Dropout draws from the seed
    generators of ``model``'s layers and advances them as Keras does; the masks are other ones
    than Keras draws from the same state. Inference equals Keras's to float32 rounding.

    Nothing applies on other backends than TensorFlow, where TensorFlow sees a GPU, to subclassed
    models, to models with several inputs or outputs or an input of whole numbers, and where no layer is
    known here. Whether a layer is frozen is read here: freeze first.
    """
    if not is_tensorflow_on_cpu() or not _is_plain_graph(model):
        return None
    graph = keras.Model(model.inputs, model.outputs)
    replaced = _find_replacements(graph)
    return _Twin(model, graph, replaced) if replaced else None


class _Twin(keras.Model):
    """Runs a model's graph with some calls replaced; the model it holds is where its variables live."""

    def __init__(self, plain: keras.Model, graph: keras.Model, replaced: dict[int, Run]) -> None:
        super().__init__(name="twin")  # TensorFlow takes fewer names than the plain model may have
        self.plain = plain
        # In a closure, where Keras does not find it: its layers are tracked as the plain model's alone.
        self._run = lambda inputs, training: _run_graph(graph, replaced, inputs, training)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The model's output for ``inputs``, in training or inference mode."""
        return self._run(inputs, bool(training))


def _is_plain_graph(model: keras.Model) -> bool:
    """Whether the model does what its graph says and no more, for one tensor in and one out."""
    if isinstance(model, keras.Sequential):
        plain = type(model) is keras.Sequential and model.built
    else:
        plain = isinstance(model, keras.Function) and type(model).call is _functional_call()
    return (
        plain
        and len(model.inputs) == len(model.outputs) == 1
        and "float" in str(model.inputs[0].dtype)  # the twin computes with floats from the first layer on
    )


def _functional_call() -> Any:
    tensor = keras.Input((1,))
    return type(keras.Model(tensor, tensor)).call


def _run_graph(graph: keras.Model, replaced: dict[int, Run], inputs: Any, training: bool) -> Any:
    """Keras's own loop over the graph goes by operations, which may be called twice; this one by calls."""
    values = {id(graph.inputs[0]): keras.ops.convert_to_tensor(inputs, dtype="float32")}
    for node in iterate_nodes(graph):
        arguments, settings = node.arguments.fill_in(values)
        if id(node) in replaced:
            outputs = replaced[id(node)](arguments[0], training)
        else:
            if getattr(node.operation, "_call_has_training_arg", False):
                settings = {**settings, "training": training}
            outputs = node.operation(*arguments, **settings)
        values.update(zip(map(id, node.outputs), keras.tree.flatten(outputs), strict=False))
    return values[id(graph.outputs[0])]


def _find_replacements(graph: keras.Model) -> dict[int, Run]:
    """What runs in the place of a call, by the id() of its node."""
    from .runners import replace_calls

    replaced: dict[int, Run] = {}
    for found in find_chains(graph):
        replaced |= replace_calls(found)
    return replaced
