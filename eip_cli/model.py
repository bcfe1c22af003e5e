"""The shared Keras model module: a network's name, file or import path -> a Keras model.

The known networks are those of the experiment's report, in standard Keras layers only, so
that a file saved from them opens in plain Keras.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from .backend import keras
from .errors import ModelError

IMAGE_SHAPE = (32, 32, 3)
CLASS_COUNT = 10

layers = keras.layers


def build_separable() -> keras.Model:
    """The report's depthwise-separable network: 58,965 parameters, (32, 32, 3) -> 10 probabilities.

    ReLU is inside each convolution, so batch normalization comes after it; the first block has
    no dropout; the last convolution has a ReLU too, and softmax follows it.
    """
    model = keras.Sequential([keras.Input(IMAGE_SHAPE)], name="separable")

    def add_block(
        index: int, filters: int, dropout: float = 0.25, padding: str = "same", stride: int = 1
    ) -> None:
        name = f"conv{index}"
        model.add(
            layers.SeparableConv2D(filters, 3, strides=stride, padding=padding, activation="relu", name=name)
        )
        model.add(layers.BatchNormalization(name=f"{name}_bn"))
        if dropout:
            model.add(layers.Dropout(dropout, name=f"{name}_dropout"))

    add_block(1, 64, dropout=0)
    add_block(2, 64)
    add_block(3, 64)
    model.add(layers.AveragePooling2D(2, name="pool1"))
    add_block(4, 128)
    add_block(5, 128)
    add_block(6, 128)
    add_block(7, CLASS_COUNT, padding="valid", stride=2)
    model.add(layers.AveragePooling2D(2, name="pool2"))
    model.add(layers.SeparableConv2D(CLASS_COUNT, 3, activation="relu", name="conv8"))
    model.add(layers.Flatten(name="flatten"))
    model.add(layers.Activation("softmax", name="softmax"))
    return model


def build_base() -> keras.Model:
    """The network that 82.44% belongs to: 1,172,410 parameters, (32, 32, 3) -> 10 probabilities."""
    model = keras.Sequential([keras.Input(IMAGE_SHAPE)], name="base")
    for stage, filters in enumerate((48, 96, 192), start=1):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"stage{stage}_conv1"))
        model.add(layers.Conv2D(filters, 3, activation="relu", name=f"stage{stage}_conv2"))
        model.add(layers.MaxPooling2D(2, name=f"stage{stage}_pool"))
        model.add(layers.Dropout(0.25, name=f"stage{stage}_dropout"))
    model.add(layers.Flatten(name="flatten"))
    for index, units in enumerate((512, 256), start=1):
        model.add(layers.Dense(units, activation="relu", name=f"dense{index}"))
        model.add(layers.Dropout(0.5, name=f"dense{index}_dropout"))
    model.add(layers.Dense(CLASS_COUNT, activation="softmax", name="dense3"))
    return model


KNOWN_NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "separable": build_separable,
    "base": build_base,
}


def is_user_network(spec: str) -> bool:
    """Whether ``spec`` has the form of a user's network: ``file.py:function`` or ``module:function``."""
    source, colon, function = spec.rpartition(":")
    return bool(colon and function.isidentifier() and source) and not source.endswith((".h5", ".keras"))


def network_file(spec: str) -> Path | None:
    """The file of a ``file.py:function`` network; None for every other form."""
    source = spec.rpartition(":")[0]
    return Path(source) if is_user_network(spec) and source.endswith(".py") else None


def code_file(spec: str) -> Path | None:
    """The file with the code of a user's network, found without running it; None where there is none."""
    path = network_file(spec)
    if path is not None:
        return path
    _make_importable(Path.cwd())
    try:
        found = importlib.util.find_spec(spec.rpartition(":")[0])
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found and found.origin else None


def build_model(spec: str, seed: int = 0) -> keras.Model:
    """The network that ``spec`` names, with initial weights that depend on ``seed`` alone.

    ``spec`` is a known network's name, ``path/to/file.py:function`` or
    ``package.module:function``; the code of a user's network runs.

    Raises ModelError where there is no such network or its code fails.
    """
    keras.utils.set_random_seed(seed)
    if spec in KNOWN_NETWORKS:
        return KNOWN_NETWORKS[spec]()
    if not is_user_network(spec):
        known = ", ".join(KNOWN_NETWORKS)
        raise ModelError(f"no network {spec!r}: use {known}, file.py:function, or module:function")
    return _call_user_function(spec)


def is_layer_graph(operation: keras.Operation) -> bool:
    """Whether this is a Sequential or Functional model that runs its layers as Keras does."""
    if not isinstance(operation, keras.Sequential | keras.Function):
        return False
    return type(operation).call.__module__.startswith("keras.")


def require_classifier(model: keras.Model, name: str) -> None:
    """Raise ModelError unless ``model`` is a graph of layers from (32, 32, 3) images to 10 classes."""
    if not is_layer_graph(model):
        raise ModelError(f"{name} is a subclassed model, which .h5 files cannot hold: make it Functional")
    input_shape, output_shape = model.input_shape, model.output_shape
    if isinstance(input_shape, list | dict) or isinstance(output_shape, list | dict):
        raise ModelError(f"{name} has several inputs or outputs: one image in and one row of classes out")
    accepts = len(input_shape) == 4 and all(
        size in (None, wanted) for size, wanted in zip(input_shape[1:], IMAGE_SHAPE, strict=True)
    )
    if not accepts:
        raise ModelError(f"{name} takes input of shape {_shape(input_shape)}: (32, 32, 3) is needed")
    if tuple(output_shape[1:]) != (CLASS_COUNT,):
        raise ModelError(f"{name} gives output of shape {_shape(output_shape)}: ({CLASS_COUNT},) is needed")


def _shape(shape: tuple[int | None, ...]) -> str:
    return str(tuple(shape[1:]))


def _call_user_function(spec: str) -> keras.Model:
    source, _, function_name = spec.rpartition(":")
    try:
        function = getattr(_import_source(source), function_name, None)
        if not callable(function):
            raise ModelError(f"{source} has no function {function_name!r}")
        model = function()
    except ModelError:
        raise
    except Exception as error:  # whatever a stranger's code raises is theirs to mend
        raise ModelError(f"{spec} failed with {type(error).__name__}: {_first_line(error)}") from error
    if not isinstance(model, keras.Model):
        raise ModelError(f"{spec} returned {type(model).__name__}, not a Keras model")
    if not model.built:
        raise ModelError(
            f"{spec} returned a model without an input shape: begin it with keras.Input((32, 32, 3))"
        )
    return model


def _import_source(source: str):  # type: ignore[no-untyped-def]  # a module, whose attributes are unknown
    """The module of a user's network, with its neighbours importable as they are for Python itself."""
    if not source.endswith(".py"):
        _make_importable(Path.cwd())
        return importlib.import_module(source)
    path = Path(source)
    if not path.is_file():
        raise ModelError(f"no file {source}")
    _make_importable(path.resolve().parent)
    module_spec = importlib.util.spec_from_file_location(f"eip_user_{path.stem}", path)
    assert module_spec is not None and module_spec.loader is not None  # a .py file always has a loader
    module = importlib.util.module_from_spec(module_spec)
    # Decorators such as keras.saving.register_keras_serializable look their module up by name.
    sys.modules[module_spec.name] = module
    module_spec.loader.exec_module(module)
    return module


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["(no message)"])[0]
