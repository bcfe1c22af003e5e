"""A Keras model -> the lines of plain Keras that build it: Sequential for a chain, else a call a line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.facts import LayerInfo, ModelSummary
from eip_cli.networks.graphs import is_layer_graph
from eip_cli.networks.receptive_field.calls import show_shape

from .calls import IMAGE, CallList, Tensor, WrittenCall, order_calls
from .layer_text import is_named_automatically, write_layer, write_operation, write_value
from .variables import INPUT_NAME, name_tensors

HEAD = ["import keras", "from keras import layers", ""]
LONGEST_ALIGNED = 92  # a longer line has its comment right behind it, and moves no other's


@dataclass(frozen=True)
class Line:
    """Code, and the comment behind it: the row of its layer, or words of its own."""

    code: str
    row: int | None = None
    words: str = ""


def write_network_code(model: keras.Model) -> str | None:
    """Python that builds a network of the same layers, with ``keras`` as its only import.

    Only arguments that differ from Keras's defaults are written. Nested models are written out, so that
    their weights may come in another order. None where the network holds more than plain Keras, and the code
    would not be the network.
    """
    try:
        lines = _write_lines(model)
    except ModelError:
        return None
    return "\n".join([*HEAD, *(line.code for line in lines)]) + "\n"


def write_commented_code(model: keras.Model, summary: ModelSummary) -> str:
    """The same, each line that calls a layer with its output, receptive field and parameters behind it.

    ``summary`` is that of ``model``. Raises ModelError where the network holds more than plain Keras.
    """
    lines = _write_lines(model)
    comments = [line.words if line.row is None else _describe(summary, line.row) for line in lines]
    lengths = [len(line.code) for line, comment in zip(lines, comments, strict=True) if comment]
    column = max((length for length in lengths if length <= LONGEST_ALIGNED), default=0)
    commented = [
        f"{line.code:<{column}}  # {comment}" if comment else line.code
        for line, comment in zip(lines, comments, strict=True)
    ]
    return "\n".join([*HEAD, *commented]) + "\n"


def _describe(summary: ModelSummary, row: int) -> str:
    layer = summary.layers[row]
    return f"{show_shape(layer.output_shape)}, {_show_field(summary, layer)}, {layer.params:,} parameters"


def _show_field(summary: ModelSummary, layer: LayerInfo) -> str:
    if layer.receptive_field is not None:
        height, width = layer.receptive_field
        return f"RF {height}" if height == width else f"RF {height}x{width}"
    return "RF unknown" if summary.receptive_field_unknown else "RF the whole image"


def _write_lines(model: keras.Model) -> list[Line]:
    if not is_layer_graph(model) or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            "the network cannot be written in plain Keras: a Sequential or Functional one from one input to "
            "one output can"
        )
    found = CallList()
    (output,) = found.follow(model, [Tensor(IMAGE)])
    order = order_calls(found.calls, [output])
    writer = _Writer(found.calls, order)
    shape, dtype = tuple(model.inputs[0].shape[1:]), model.inputs[0].dtype
    image = f"keras.Input({shape}{'' if dtype == 'float32' else f', dtype={dtype!r}'})"
    is_chain = _is_chain(found.calls, order) and output.call == order[-1]
    return writer.write_chain(image, shape) if is_chain else writer.write_graph(image, shape, output)


def _is_chain(calls: Sequence[WrittenCall], order: Sequence[int]) -> bool:
    """Whether each layer takes what the one before it gives, and nothing else, and is called once."""
    operations = {id(calls[index].operation) for index in order}
    if not order or len(operations) < len(order):
        return False
    return all(
        isinstance(calls[index].operation, keras.Layer)
        and calls[index].arguments == (Tensor(before),)
        and not calls[index].settings
        for before, index in zip([IMAGE, *order], order, strict=False)
    )


class _Writer:
    """Writes the calls in ``order``. Its methods raise ModelError where a layer is not plain Keras."""

    def __init__(self, calls: Sequence[WrittenCall], order: Sequence[int]) -> None:
        self.calls, self.order = calls, order
        self.times = Counter(id(calls[index].operation) for index in order)
        # Of two nested models both may have a layer of one name; one network may not.
        layers = {id(calls[index].operation): calls[index].operation.name for index in order}
        self.doubled = {name for name, times in Counter(layers.values()).items() if times > 1}

    def write_chain(self, image: str, shape: tuple[int | None, ...]) -> list[Line]:
        lines = [Line("model = keras.Sequential(["), Line(f"    {image},", words=show_shape(shape))]
        lines += [Line(f"    {self._make(index)},", index) for index in self.order]
        return [*lines, Line("])")]

    def write_graph(self, image: str, shape: tuple[int | None, ...], output: Tensor) -> list[Line]:
        names = name_tensors(self.calls, self.order, output)
        lines = [Line(f"{INPUT_NAME} = {image}", words=show_shape(shape))]
        shared: dict[int, str] = {}
        for index in self.order:
            call = self.calls[index]
            layer, times = id(call.operation), self.times[id(call.operation)]
            if times > 1 and isinstance(call.operation, keras.Layer) and layer not in shared:
                shared[layer] = f"shared{len(shared) + 1}"
                lines.append(Line(f"{shared[layer]} = {self._make(index)}", words=f"called {times} times"))
            outputs = (Tensor(index, number) for number in range(call.n_outputs))
            targets = ", ".join(names.get(tensor, "_") for tensor in outputs)
            lines.append(Line(f"{targets} = {self._call(index, shared.get(layer), names)}", index))
        return [*lines, Line(f"model = keras.Model({INPUT_NAME}, {names[output]})")]

    def _make(self, index: int) -> str:
        call = self.calls[index]
        name = None
        if call.operation.name in self.doubled and not is_named_automatically(call.operation):
            name = call.name.replace("/", "_")
        try:
            return write_layer(call.operation, name)
        except (AttributeError, TypeError, ValueError) as error:
            raise _refusal(call, error) from error

    def _call(self, index: int, variable: str | None, names: dict[Tensor, str]) -> str:
        call = self.calls[index]
        try:
            arguments = [_write_argument(value, names) for value in call.arguments]
            arguments += [f"{key}={_write_argument(value, names)}" for key, value in call.settings.items()]
            if isinstance(call.operation, keras.Layer):
                return f"{variable or self._make(index)}({', '.join(arguments)})"
            function, settings = write_operation(call.operation)
        except (AttributeError, TypeError, ValueError) as error:
            raise _refusal(call, error) from error
        return f"{function}({', '.join([*arguments, *settings])})"


def _refusal(call: WrittenCall, reason: Exception) -> ModelError:
    return ModelError(f"the network cannot be written in plain Keras: layer {call.name!r}: {reason}")


def _write_argument(value: Any, names: dict[Tensor, str]) -> str:
    if isinstance(value, Tensor):
        return names[value]
    if isinstance(value, list):
        return f"[{', '.join(_write_argument(item, names) for item in value)}]"
    return write_value("", value)
