"""Every way in which Keras 2 wrote files: predictions are those of the library that wrote them."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from eip_cli.checkpoints.checkpoint_file import load_checkpoint
from eip_cli.checkpoints.opening import open_checkpoint, open_model
from eip_cli.checkpoints.reading import containers, hdf5_probe
from eip_cli.checkpoints.rebuilding.models import rebuild_model
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

FIXTURES = Path(__file__).parent / "fixtures"
Config = dict[str, Any]


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The HDF5 part of these files is sound: reading it in another process first would cost time alone."""
    monkeypatch.setattr(containers, "probe_h5", hdf5_probe.read_everything)


def assert_predicts_as(library: str, model: keras.Model) -> None:
    with np.load(FIXTURES / f"{library}_predictions.npz") as stored:
        inputs, expected = stored["images"].astype("float32") / 255, stored["predictions"]
    assert expected.std(axis=0).max() > 0.01
    np.testing.assert_allclose(np.asarray(model(inputs, training=False)), expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(model.predict(inputs, verbose=0), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["keras213.keras", "tf_keras.keras", "tf_keras.h5"])
def test_a_file_predicts_what_its_writer_predicted(name: str) -> None:
    assert_predicts_as(name.split(".")[0], load_checkpoint(FIXTURES / name, candidates={}).model)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_what_was_rebuilt_is_written_and_read_again(ending: str, tmp_path: Path) -> None:
    model = load_checkpoint(FIXTURES / "tf_keras.h5", candidates={}).model
    model.save(tmp_path / f"again{ending}")
    assert_predicts_as("tf_keras", load_checkpoint(tmp_path / f"again{ending}", candidates={}).model)


@pytest.mark.parametrize("name", ["keras213.keras", "tf_keras.keras"])
def test_groups_as_windows_named_them(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(FIXTURES / name) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    parts["model.weights.h5"] = named_as_on_windows(parts["model.weights.h5"])
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for entry, content in parts.items():
            archive.writestr(entry, content)
    assert_predicts_as(name.split(".")[0], load_checkpoint(tmp_path / name, candidates={}).model)


def named_as_on_windows(content: bytes) -> bytes:
    target = io.BytesIO()
    with h5py.File(io.BytesIO(content)) as old, h5py.File(target, "w") as new:

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                folder, variables, index = name.rsplit("/", 2)
                new.require_group(folder.replace("/", "\\")).require_group(variables)[index] = item[()]

        old.visititems(copy)
        assert any("\\" in name for name in new)
    return target.getvalue()


class TestArchitectures:
    def test_weights_beside_their_architecture(self) -> None:
        opened = open_checkpoint(
            str(FIXTURES / "keras213_weights.h5"), network=str(FIXTURES / "keras213.json")
        )
        assert_predicts_as("keras213", opened.model)

    def test_a_whole_file_whose_weights_go_into_an_architecture(self) -> None:
        opened = open_checkpoint(str(FIXTURES / "keras213.keras"), network=str(FIXTURES / "keras213.json"))
        assert_predicts_as("keras213", opened.model)

    @pytest.mark.parametrize("wrapped_twice", [False, True])
    def test_of_keras_3(self, wrapped_twice: bool, tmp_path: Path) -> None:
        model = small_network()
        text = model.to_json()
        (tmp_path / "net.json").write_text(json.dumps(text) if wrapped_twice else text)
        model.save_weights(tmp_path / "net.weights.h5")
        opened = open_checkpoint(str(tmp_path / "net.weights.h5"), network=str(tmp_path / "net.json"))
        for first, second in zip(opened.model.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(first, second)

    def test_alone_it_is_a_network_whose_weights_follow_the_seed(self) -> None:
        path = str(FIXTURES / "keras213.json")
        first, again, other = (open_model(path, seed=seed).model.get_weights() for seed in (1, 1, 2))
        assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
        assert not all(np.array_equal(*pair) for pair in zip(first, other, strict=True))

    def test_without_weights_it_is_no_checkpoint(self) -> None:
        with pytest.raises(CheckpointError, match=r"an architecture without weights.*--model"):
            open_checkpoint(str(FIXTURES / "keras213.json"))

    def test_weights_of_another_network_do_not_fit(self, tmp_path: Path) -> None:
        (tmp_path / "net.json").write_text(small_network().to_json())
        with pytest.raises(CheckpointError, match=r"keras213_weights.h5: .*weights"):
            open_checkpoint(str(FIXTURES / "keras213_weights.h5"), network=str(tmp_path / "net.json"))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('{"epochs": 3}', "is JSON, but no architecture"),
            ("[1, 2]", "not a JSON object"),
            ('{"class_name": "Sequential", "config": [' + "[" * 50_000, "nested too deep|not JSON"),
            ('"' + "[" * 50_000 + '"', "nested too deep|not JSON"),
            ('{"class_name": "Sequential", "config": {"a": ' + "9" * 10_000 + "}}", "not JSON"),
            ('{"class_name": "Evil", "config": {}}', "'Evil'"),
        ],
        ids=["no architecture", "a list", "deep", "deep in a string", "digits without end", "a class"],
    )
    def test_hostile_ones(self, text: str, expected: str, tmp_path: Path) -> None:
        (tmp_path / "net.json").write_text(text)
        with pytest.raises(CheckpointError, match=expected) as caught:
            open_model(str(tmp_path / "net.json"))
        assert str(caught.value).startswith(str(tmp_path / "net.json"))

    def test_one_that_calls_for_more_memory_than_a_network_takes(self, tmp_path: Path) -> None:
        config = json.loads(small_network().to_json())
        config["config"]["layers"][-1]["config"] = {"name": "huge", "units": 10**7}
        (tmp_path / "net.json").write_text(json.dumps(config))
        with pytest.raises(CheckpointError, match="weights or more"):
            open_model(str(tmp_path / "net.json"))


def small_network() -> keras.Model:
    return keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])


def layer_of_keras_2(kind: str, **settings: Any) -> Config:
    return {"class_name": kind, "config": {"name": "x", "trainable": True, "dtype": "float32", **settings}}


def compute(layer: Config, inputs: np.ndarray) -> np.ndarray:
    """What a stored layer of Keras 2 makes of ``inputs`` (n, ...)."""
    image = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, *inputs.shape[1:]]}}
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [image, layer]}}
    return np.asarray(rebuild_model(config, True, 0).model(inputs, training=False))


NUMBERS = np.linspace(-4, 4, 33, dtype="float32").reshape(1, 33)
LAYERS: dict[str, tuple[Config, Callable[[np.ndarray], np.ndarray]]] = {
    "hard_sigmoid": (
        layer_of_keras_2("Activation", activation="hard_sigmoid"),
        lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    ),
    "hard_sigmoid as a function": (
        layer_of_keras_2(
            "Activation",
            activation={"class_name": "function", "module": "builtins", "config": "hard_sigmoid"},
        ),
        lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    ),
    "ThresholdedReLU": (layer_of_keras_2("ThresholdedReLU", theta=1.0), lambda x: np.where(x > 1, x, 0)),
    "softmax_v2": (
        layer_of_keras_2("Activation", activation="softmax_v2"),
        lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
    ),
    "LeakyReLU with an array": (
        layer_of_keras_2("LeakyReLU", alpha={"type": "ndarray", "value": 0.1}),
        lambda x: np.where(x > 0, x, 0.1 * x),
    ),
    "ReLU with arrays": (
        layer_of_keras_2(
            "ReLU", max_value={"type": "ndarray", "value": 2.0}, negative_slope=0.0, threshold=0.0
        ),
        lambda x: np.clip(x, 0, 2),
    ),
    "Normalization with fixed statistics": (
        layer_of_keras_2(
            "Normalization",
            axis=[-1],
            mean={"type": "ndarray", "value": [1.0] * 33},
            variance={"type": "ndarray", "value": [4.0] * 33},
        ),
        lambda x: (x - 1) / 2,
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_that_keras_3_computes_otherwise_or_has_not(name: str) -> None:
    layer, expected = LAYERS[name]
    np.testing.assert_allclose(compute(layer, NUMBERS), expected(NUMBERS), atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("RandomFlip", {"mode": "horizontal"}),
        ("RandomRotation", {"factor": 0.1, "fill_mode": "reflect", "fill_value": 0.0}),
        ("RandomHeight", {"factor": 0.2, "interpolation": "bilinear"}),
        ("RandomWidth", {"factor": [-0.2, 0.2], "interpolation": "bilinear"}),
        ("RandomContrast", {"factor": 0.1}),
        ("RandomBrightness", {"factor": 0.1, "value_range": [0, 255]}),
        ("GaussianNoise", {"stddev": 0.5}),
    ],
)
def test_augmentation_passes_images_through(kind: str, settings: Config) -> None:
    images = np.random.default_rng(0).uniform(0, 1, (2, 8, 8, 3)).astype("float32")
    layer = layer_of_keras_2(kind, seed=None, rng_type="stateful", **settings)
    np.testing.assert_array_equal(compute(layer, images), images)


def test_random_crop_is_the_largest_window_resized() -> None:
    images = np.arange(2 * 8 * 8, dtype="float32").reshape(2, 8, 8, 1)
    layer = layer_of_keras_2("RandomCrop", height=2, width=4, seed=None, rng_type="stateful")
    # The window is rows 2 to 5; each output stands for two by two pixels, between the middle ones.
    expected = images[:, 2:6].reshape(2, 2, 2, 4, 2, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(compute(layer, images), expected)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (
            layer_of_keras_2("LeakyReLU", alpha={"type": "ndarray", "value": float("inf")}),
            "alpha|plain array",
        ),
        (layer_of_keras_2("LeakyReLU", alpha={"type": "ndarray", "value": 10**400}), "plain array"),
        (layer_of_keras_2("LeakyReLU", alpha={"type": "ndarray", "value": {"a": 1}}), "plain array"),
        (layer_of_keras_2("LeakyReLU", alpha={"type": "ndarray", "value": "/etc/passwd"}), "plain array"),
        (layer_of_keras_2("LeakyReLU", alpha={"type": "ndarray"}), "plain array"),
        (layer_of_keras_2("Normalization", mean=[0.0] * 10**5, variance=1.0), "plain array"),
        (layer_of_keras_2("Normalization", mean=[[0.0] * 300] * 300, variance=1.0), "more than 65,536"),
        (layer_of_keras_2("Normalization", mean=[[[[[[[[0.0]]]]]]]], variance=1.0), "plain array"),
        (layer_of_keras_2("RandomCrop", height=10**9, width=10**9), "too large"),
        (layer_of_keras_2("LSTM", units=3, recurrent_activation="hard_sigmoid"), "'hard_sigmoid' of Keras 2"),
        (layer_of_keras_2("LocallyConnected2D", filters=3), "Keras 3 no longer has"),
        (layer_of_keras_2("EinsumDense", equation="import os", output_shape=3), "equation 'import os'"),
        (layer_of_keras_2("Embedding", input_dim=10**9, output_dim=10**6), "weights or more"),
    ],
)
def test_hostile_settings(layer: Config, expected: str) -> None:
    images = np.zeros((1, 4, 4, 3), "float32")
    with pytest.raises(CheckpointError, match=expected):
        compute(layer, images if layer["class_name"] in ("RandomCrop", "LocallyConnected2D") else images[0])


@pytest.mark.parametrize("wrap", [lambda layer: layer, keras.layers.TimeDistributed])
def test_code_in_a_lambda_is_no_matter_of_trust(
    wrap: Callable[[keras.layers.Layer], keras.layers.Layer], tmp_path: Path
) -> None:
    model = keras.Sequential([keras.Input((4, 3)), wrap(keras.layers.Lambda(lambda x: x * 2))])
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(CheckpointError, match=r"never run.*--model") as caught:
        load_checkpoint(tmp_path / "lambda.keras", candidates={})
    assert "--trust" not in str(caught.value)


def test_trust_is_no_way_out_for_a_class_that_is_not_here() -> None:
    layer = layer_of_keras_2("SqueezeExcite", ratio=4) | {"module": "__main__", "registered_name": "mine>SE"}
    with pytest.raises(CheckpointError, match=r"'SqueezeExcite'.*--model file.py:function") as caught:
        compute(layer, NUMBERS)
    assert "--trust" not in str(caught.value)
