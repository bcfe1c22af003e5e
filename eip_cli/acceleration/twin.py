"""A faster twin of a Keras model for a CPU: the same variables and mathematics, in fewer passes over memory.

``accelerate`` is the one way in. The twin runs convolutions together with the batch norm,
activation, dropout and pooling behind them, and dropout and pooling elsewhere, by TensorFlow code
of this package (``chains`` finds them, ``runners`` runs them), and every other layer as
it is. The model itself is left as it was: train the twin, save the model.
"""

from collections.abc import Callable
from typing import Any

from eip_cli.foundation.backend import is_tensorflow_on_cpu, keras

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
    replaced = _find_replacements(keras.Model(model.inputs, model.outputs))
    return _Twin(model, replaced) if replaced else None


class _Twin(keras.Model):
    """Runs a model's graph with some operations replaced; the model it holds is where its variables live."""

    def __init__(self, plain: keras.Model, replaced: dict[int, Run]) -> None:
        super().__init__(name="twin")  # TensorFlow takes fewer names than the plain model may have
        self.plain = plain
        graph = keras.Model(plain.inputs, plain.outputs)
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
        and hasattr(keras.Function, "_run_through_graph")
    )


def _functional_call() -> Any:
    tensor = keras.Input((1,))
    return type(keras.Model(tensor, tensor)).call


def _run_graph(graph: keras.Model, replaced: dict[int, Run], inputs: Any, training: bool) -> Any:
    def operation_of(operation: Any) -> Run:
        if id(operation) in replaced:
            run = replaced[id(operation)]
            return lambda tensor, **_: run(tensor, training)
        if getattr(operation, "_call_has_training_arg", False):
            return lambda *args, **settings: operation(*args, **{**settings, "training": training})
        return operation

    outputs = graph._run_through_graph(
        [keras.ops.convert_to_tensor(inputs, dtype="float32")], operation_fn=operation_of
    )
    return outputs[0] if isinstance(outputs, list | tuple) else outputs


def _find_replacements(graph: keras.Model) -> dict[int, Run]:
    """What runs in the place of an operation, by the operation's id()."""
    from .runners import replace_layers

    replaced: dict[int, Run] = {}
    for found in find_chains(graph):
        replaced |= replace_layers(found)
    return replaced
