"""Functions called on tensors in Functional models of Keras 2 and 3: computed alike, from an allow-list."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eip_cli.checkpoints.checkpoint_file import load_checkpoint
from eip_cli.checkpoints.rebuilding.models import rebuild_model
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError
from eip_cli.networks.known import KNOWN_NETWORKS, build_separable

Config = dict[str, Any]
X = np.random.default_rng(0).uniform(0.1, 2, (2, 4, 4, 3)).astype("float32")
INPUT = {
    "class_name": "InputLayer",
    "config": {"batch_input_shape": [None, 4, 4, 3], "dtype": "float32", "name": "x"},
    "name": "x",
    "inbound_nodes": [],
}
ALL = {"start": None, "stop": None, "step": None}


def of_tensorflow(function: str, node: Any, kind: str = "TFOpLambda", module: str | None = None) -> Config:
    """A model of one function, as Keras 2 writes it."""
    operation = {
        "module": module,
        "class_name": kind,
        "config": {"name": "f", "trainable": True, "dtype": "float32", "function": function},
        "name": "f",
        "inbound_nodes": [node],
    }
    settings = {"name": "m", "layers": [INPUT, operation]}
    return {
        "class_name": "Functional",
        "config": {**settings, "input_layers": [["x", 0, 0]], "output_layers": [["f", 0, 0]]},
    }


def called(**settings: Any) -> list[Any]:
    return ["x", 0, 0, settings]


def constant(value: Any) -> list[Any]:
    return ["_CONSTANT_VALUE", -1, value, {"y": ["x", 0, 0], "name": None}]


def softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


Expected = Callable[[np.ndarray], np.ndarray]
FUNCTIONS: list[tuple[str, Any, Expected]] = [
    ("math.truediv", called(y=255, name=None), lambda x: x / 255),
    ("math.subtract", constant(1.0), lambda x: 1 - x),
    ("math.truediv", constant(1.0), lambda x: 1 / x),
    ("math.multiply", called(y=["x", 0, 0]), lambda x: x * x),
    ("__operators__.add", called(y=[0.1, 0.2, 0.3]), lambda x: x + np.asarray([0.1, 0.2, 0.3], "float32")),
    ("math.pow", called(y=2), lambda x: x**2),
    ("math.negative", called(), lambda x: -x),
    ("compat.v1.floor_div", called(y=0.3), lambda x: x // np.float32(0.3)),
    ("math.maximum", called(y=0.5), lambda x: np.maximum(x, 0.5)),
    ("clip_by_value", called(clip_value_min=0.5, clip_value_max=1.0), lambda x: np.clip(x, 0.5, 1)),
    ("math.reduce_mean", called(axis=[1, 2]), lambda x: x.mean(axis=(1, 2))),
    ("math.reduce_max", called(axis=-1, keepdims=True), lambda x: x.max(axis=-1, keepdims=True)),
    ("math.reduce_variance", called(axis=[1, 2, 3]), lambda x: x.var(axis=(1, 2, 3))),
    ("concat", [["x", 0, 0, {"axis": -1}], ["x", 0, 0, {"axis": -1}]], lambda x: np.concatenate([x, x], -1)),
    ("concat", [["x", 0, 0, {"axis": -1}]], lambda x: x),
    ("stack", [["x", 0, 0, {"axis": 1}], ["x", 0, 0, {"axis": 1}]], lambda x: np.stack([x, x], 1)),
    ("split", called(num_or_size_splits=[1, 2], axis=-1), lambda x: x[..., :1]),
    (
        "compat.v1.pad",
        called(paddings=[[0, 0], [1, 2], [0, 1], [0, 0]], mode="CONSTANT", constant_values=1, name=None),
        lambda x: np.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)), constant_values=1),
    ),
    (
        "compat.v1.pad",
        called(paddings=[[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT", constant_values=0),
        lambda x: np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect"),
    ),
    ("reshape", called(shape=[-1, 16, 3]), lambda x: x.reshape(-1, 16, 3)),
    ("compat.v1.transpose", called(perm=[0, 2, 1, 3], conjugate=False), lambda x: x.transpose(0, 2, 1, 3)),
    ("compat.v1.gather", called(indices=[2, 1, 0], axis=-1, batch_dims=0), lambda x: x[..., ::-1]),
    ("nn.softmax", called(axis=-1), softmax),
    ("nn.relu6", called(), lambda x: np.clip(x, 0, 6)),
    ("nn.leaky_relu", called(alpha=0.1), lambda x: x),
    ("nn.silu", called(), lambda x: x / (1 + np.exp(-x))),
    ("math.l2_normalize", called(axis=-1), lambda x: x / np.sqrt((x**2).sum(-1, keepdims=True))),
    (
        "image.per_image_standardization",
        called(),
        lambda x: (x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True),
    ),
    (
        "nn.local_response_normalization",
        called(depth_radius=2, bias=2, alpha=0.5, beta=0.75, name=None),
        lambda x: x / (2 + 0.5 * (x**2).sum(-1, keepdims=True)) ** 0.75,
    ),
    ("nn.avg_pool2d", called(ksize=2, strides=2, padding="SAME"), lambda x: mean_of_four(x)),
    ("image.resize", called(size=[2, 2], method="nearest"), lambda x: x[:, 1::2, 1::2]),
]


def mean_of_four(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), 2, 2, 2, 2, 3).mean(axis=(2, 4))


@pytest.mark.parametrize(("function", "node", "expected"), FUNCTIONS)
def test_functions_of_tensorflow(function: str, node: Any, expected: Expected) -> None:
    model = rebuild_model(of_tensorflow(function, node), True, 0).model
    np.testing.assert_allclose(np.asarray(model(X)), expected(X), rtol=2e-6, atol=1e-6)
    again = rebuild_model(json.loads(model.to_json()), False, 0).model  # what eip writes of it
    np.testing.assert_array_equal(np.asarray(again(X)), np.asarray(model(X)))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ([ALL, {"start": 1, "stop": -1, "step": None}, {**ALL, "step": 2}], lambda x: x[:, 1:-1, ::2]),
        ([{"class_name": "__ellipsis__"}, {**ALL, "step": -1}], lambda x: x[..., ::-1]),
        ([ALL, ALL, ALL, 0, None], lambda x: x[:, :, :, 0, None]),
    ],
)
def test_slices_of_keras_2(spec: Any, expected: Expected) -> None:
    config = of_tensorflow("__operators__.getitem", called(slice_spec=spec), "SlicingOpLambda")
    np.testing.assert_array_equal(np.asarray(rebuild_model(config, True, 0).model(X)), expected(X))


def network_of_operations() -> keras.Model:
    ops, layers = keras.ops, keras.layers
    image = keras.Input((4, 4, 3))
    x = layers.Conv2D(4, 1, name="add")((1 - image / 2)[:, 1:, ::2, :])  # a name that Keras draws too
    x = ops.concatenate([x + x * 0.5, ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, 0)))], axis=-1)
    x = keras.activations.relu(x - ops.mean(x, axis=(1, 2), keepdims=True), max_value=1.0)
    x = layers.Softmax()(ops.softmax(ops.reshape(x, (-1, 48)), axis=-1))
    x = ops.stack(ops.split(x, 2, axis=-1), axis=1) ** 2
    x = ops.clip(ops.sum(x, axis=1), 0.0, 1.0) * ops.convert_to_tensor(np.arange(24, dtype="float32"))
    return keras.Model(image, layers.Dense(3)(ops.where(x > 0.001, x, 0.0)))


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_operations_of_keras_3(ending: str, tmp_path: Path) -> None:
    model = network_of_operations()
    model.save(tmp_path / f"ops{ending}")
    loaded = load_checkpoint(tmp_path / f"ops{ending}", candidates={}).model
    assert np.asarray(model(X)).std() > 0
    np.testing.assert_array_equal(np.asarray(loaded(X)), np.asarray(model(X)))


def test_a_known_network_with_arithmetic_before_it_is_another(tmp_path: Path) -> None:
    image = keras.Input((32, 32, 3))
    x = image / 255
    for layer in build_separable().layers:
        x = layer(x)
    keras.Model(image, x).save(tmp_path / "scaled.keras")
    assert load_checkpoint(tmp_path / "scaled.keras", candidates=KNOWN_NETWORKS).network is None


def of_keras_3(kind: str, *arguments: Any, module: str = "keras.src.ops.numpy", **settings: Any) -> Config:
    config = of_tensorflow("", None)
    operation = config["config"]["layers"][1]
    operation |= {
        "module": module,
        "class_name": kind,
        "registered_name": kind,
        "config": {"name": "f", **settings},
        "inbound_nodes": [{"args": list(arguments), "kwargs": {}}],
    }
    return config


TENSOR = {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}
HOSTILE: dict[str, tuple[Config, str]] = {
    "a function that reads files": (of_tensorflow("io.read_file", called()), "'io.read_file'"),
    "a function by another path": (of_tensorflow("__operators__.__class__", called()), "__class__"),
    "a function that is no name": (of_tensorflow(["math", "add"], called()), "known plain"),  # type: ignore[arg-type]
    "code of Python": (of_tensorflow("py_function", called(func="os.system")), "'py_function'"),
    "a class of another module": (of_tensorflow("math.add", called(y=1), module="payload"), "'payload'"),
    "an argument too many": (of_tensorflow("math.add", called(y=1, out="/tmp/x")), "unknown word '/tmp/x'"),
    "an argument of another name": (of_tensorflow("math.add", called(z=1)), "called wrongly"),
    "a path for a mode": (
        of_tensorflow("compat.v1.pad", called(paddings=[[0, 0]] * 4, mode="/etc/passwd")),
        "unknown word",
    ),
    "an object": (of_tensorflow("math.add", called(y={"class_name": "Lambda"})), "'Lambda'"),
    "no tensor": (of_tensorflow("math.negative", ["_CONSTANT_VALUE", -1, 1.0, {}]), "on no tensor"),
    "tiles without end": (of_tensorflow("tile", called(multiples=[1, 10**4, 10**4, 1])), "too large"),
    "padding without end": (
        of_tensorflow("compat.v1.pad", called(paddings=[[0, 0], [0, 10**9], [0, 0], [0, 0]])),
        "too large",
    ),
    "a size of no machine": (of_tensorflow("image.resize", called(size=[10**30, 1])), "plain value"),
    "channels without end": (
        of_tensorflow("nn.local_response_normalization", called(depth_radius=10**6)),
        "1000000 channels",
    ),
    "an array without end": (of_tensorflow("math.add", constant([0.0] * 10**5)), "plain array"),
    "numbers beyond float32": (of_tensorflow("math.add", called(y=[1e300, 0.0])), "plain array"),
    "an array of text": (of_tensorflow("math.add", constant(["/etc/passwd"])), "plain array"),
    "lists in lists": (of_tensorflow("math.add", called(y=[[[[[[[[[1]]]]]]]]])), "plain value"),
    "a slice of text": (
        of_tensorflow("__operators__.getitem", called(slice_spec=[{**ALL, "start": "0"}]), "SlicingOpLambda"),
        "not of plain numbers",
    ),
    "an index beyond the axis": (
        of_tensorflow("__operators__.getitem", called(slice_spec=[ALL, 7]), "SlicingOpLambda"),
        "cannot build",
    ),
    "a gather beyond the axis": (
        of_tensorflow("gather", called(indices=[99], axis=-1)),
        "cannot build",
    ),
    "an operation that calls a function": (
        of_keras_3("VectorizedMap", TENSOR, module="keras.src.ops.core"),
        "'VectorizedMap' of module 'keras.src.ops.core'",
    ),
    "an operation of another module": (of_keras_3("Add", TENSOR, 1, module="payload.src.ops.x"), "'Add'"),
    "subscripts that are none": (of_keras_3("Einsum", TENSOR, subscripts="__import__('os')"), "unknown word"),
    "a type of no array": (of_keras_3("Cast", TENSOR, module="keras.src.ops.core", dtype="string"), "string"),
    "repetition without end": (of_keras_3("Repeat", TENSOR, repeats=10**9, axis=1), "too large|cannot build"),
    "a setting unknown": (of_keras_3("Mean", TENSOR, out="bool"), "called wrongly"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_operations(name: str) -> None:
    config, expected = HOSTILE[name]
    with pytest.raises(CheckpointError, match=expected):
        rebuild_model(json.loads(json.dumps(config)), not str(config).count(".src.ops."), 0)
