"""Functions called on tensors in a Functional model: ``x / 255``, slices, ``tf.nn.softmax``.

Keras 3 writes them as operations of ``keras.ops``, Keras 2 as layers ``TFOpLambda`` and
``SlicingOpLambda`` that name a function of TensorFlow. Either becomes a call of ``keras.ops``:
arithmetic, reductions, slices, padding, joining, activation functions. Nothing is looked up
by a name from the file but in the allow-lists here and in ``tensorflow_functions``.
"""

import inspect
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

from .settings import DTYPES, is_plain_keras, read_array_setting
from .tensorflow_functions import FUNCTIONS
from .wiring import Step

_KERAS_OPERATIONS = """
    Abs Absolute Add Amax Amin Average AveragePool BroadcastTo Cast Ceil Celu Clip Concatenate CropImages
    DepthToSpace Divide DivideNoNan Einsum Elu Equal Exp ExpandDims Expm1 Flip Floor FloorDivide Gelu GetItem
    Glu Greater GreaterEqual HardShrink HardSigmoid HardSilu HardTanh LeakyRelu Less LessEqual Log Log10
    Log1p Log2 LogSigmoid LogSoftmax LogicalAnd LogicalNot LogicalOr Logsumexp Matmul Max MaxPool Maximum Mean
    Min Minimum Mod Moments Moveaxis Multiply Negative Normalize NotEqual OnesLike Pad PadImages Power Prod
    RGBToGrayscale ReLU Reciprocal Relu Relu6 Repeat Reshape Resize Roll Round Rsqrt Selu Sigmoid Sign Silu
    SoftShrink Softmax Softplus Softsign SpaceToDepth SparsePlus SparseSigmoid Sparsemax Split Sqrt Square
    Squareplus Squeeze Stack Std StopGradient Subtract Sum Swapaxes Take Tanh TanhShrink Tile Transpose
    TrueDivide Unstack Var Where ZerosLike
"""
KERAS_OPERATIONS = frozenset(_KERAS_OPERATIONS.split())
IMAGE_OPERATIONS = frozenset({"CropImages", "PadImages", "RGBToGrayscale", "Resize"})
TENSORFLOW_TYPES = frozenset({"TFOpLambda", "SlicingOpLambda"})
_WORDS = """
    constant reflect symmetric valid same nearest bilinear bicubic lanczos3 lanczos5 channels_first
    channels_last nhwc n...c bool
"""
WORDS = frozenset(_WORDS.split()) | DTYPES
SUBSCRIPTS = re.compile(r"[A-Za-z,.>-]{1,64}")


def is_operation(config: dict[str, Any], from_keras_2: bool) -> bool:
    """Whether a stored layer is a function called on tensors, from the allow-list."""
    module, kind, stored = config.get("module"), config.get("class_name"), config.get("config")
    if not is_plain_keras(config):
        return False
    if kind in TENSORFLOW_TYPES:
        return True
    if from_keras_2 or kind not in KERAS_OPERATIONS:
        return False
    if module is None:
        # An .h5 file does not tell the operation Softmax from the layer, but by what every layer has.
        return isinstance(stored, dict) and "trainable" not in stored
    return ".src.ops." in str(module) or (kind == "ReLU" and str(module).endswith(".activations.activations"))


def make_operation(config: dict[str, Any]) -> Step:
    """The step that calls the function of a stored operation. Raises CheckpointError for an unknown one."""
    kind, stored = str(config.get("class_name")), config.get("config")
    if not isinstance(stored, dict):
        raise CheckpointError(f"an operation {kind} without settings")
    if kind in TENSORFLOW_TYPES:
        name = stored.get("function")
        if not isinstance(name, str) or name not in FUNCTIONS:
            raise CheckpointError(
                f"a {kind} of the function {str(name)[:60]!a}, which is not one of the known plain ones: "
                "build the network with layers of keras.layers in its place, and save it again"
            )
        return _as_step(FUNCTIONS[name], name, {}, str(stored.get("name")))
    settings = {
        key: _read_setting(kind, value) for key, value in stored.items() if key not in ("name", "dtype")
    }
    if kind == "Cast":
        settings["dtype"] = stored.get("dtype")
    return _as_step(_keras_function(kind), kind, settings, str(stored.get("name")))


def _keras_function(kind: str) -> Any:
    if kind == "GetItem":
        return lambda x, key: x[tuple(key) if isinstance(key, list) else key]
    if kind == "ReLU":
        return keras.activations.relu
    if kind == "Einsum":
        return lambda *tensors, subscripts: keras.ops.einsum(subscripts, *tensors)
    name = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", kind).lower()
    if kind in IMAGE_OPERATIONS:
        return getattr(keras.ops.image, "rgb_to_grayscale" if kind == "RGBToGrayscale" else name)
    return getattr(keras.ops, name)


def _read_setting(kind: str, value: object) -> Any:
    if kind == "Einsum" and isinstance(value, str) and SUBSCRIPTS.fullmatch(value):
        return value
    return _check(kind, value)


def _as_step(function: Any, name: str, given: dict[str, Any], stored_name: str) -> Step:
    signature = inspect.signature(function)
    names = (f"{stored_name}.{number}" if number else stored_name for number in itertools.count())

    def run(*arguments: Any, **settings: Any) -> Any:
        settings = {key: _check(name, value) for key, value in {**given, **settings}.items() if key != "name"}
        positional = [_check(name, value) for value in arguments]
        if not any(isinstance(value, keras.KerasTensor) for value in _flatten([positional, settings])):
            raise CheckpointError(f"the function {name[:60]!a} called on no tensor")
        try:
            bound = signature.bind(*positional, **settings)
        except TypeError as error:
            raise CheckpointError(f"the function {name[:60]!a} called wrongly: {error}") from error
        result = function(*bound.args, **bound.kwargs)
        _rename(result, _flatten([positional, settings]), names)
        return result

    return run


def _rename(result: Any, inputs: list[Any], names: Iterator[str]) -> None:
    """Give the operations between ``inputs`` and ``result`` the file's names.

    Those that Keras draws may be those of the file's other layers, and a name may stand once in a model.
    """
    reached = {id(tensor) for tensor in inputs}
    pending = [tensor for tensor in _flatten(result) if isinstance(tensor, keras.KerasTensor)]
    renamed = set()
    while pending:
        tensor = pending.pop()
        operation = tensor._keras_history.operation
        if id(tensor) in reached or id(operation) in renamed:
            continue
        renamed.add(id(operation))
        operation.name = next(names).replace("/", "_")
        pending += operation.input if isinstance(operation.input, list | tuple) else [operation.input]


def _check(name: str, value: Any, depth: int = 0) -> Any:
    """Tensors, numbers, arrays, slices, known words, and lists of those; the rest is refused."""
    if isinstance(value, str) and (value.lower() not in WORDS or depth):
        raise CheckpointError(f"the function {name[:60]!a} called with the unknown word {value[:60]!a}")
    if isinstance(value, dict):
        raise CheckpointError(f"the function {name[:60]!a} called with an object, which is no plain value")
    if isinstance(value, list):
        items = [_check(name, item, depth + 1) for item in value]
        return items if depth else _as_array(items)
    return value


def _as_array(items: list[Any]) -> Any:
    """Numbers in floating point are an array, float32 as in TensorFlow; what holds tensors stays a list."""
    kinds = {type(number) for number in _flatten(items)}
    return np.asarray(read_array_setting(items), dtype="float32") if float in kinds <= {int, float} else items


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [inner for item in value for inner in _flatten(item)]
    return [value]
