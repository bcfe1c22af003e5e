"""Model files: what Keras 2 and 3 write is read back exactly, and what is written is written whole."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from eip_cli.checkpoints.checkpoint_file import LoadedCheckpoint, load_checkpoint, save_model
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError
from eip_cli.foundation.files import file_sha256, write_atomically
from eip_cli.networks.known import KNOWN_NETWORKS, build_base, build_separable
from eip_cli.networks.plain_keras import LAYER_TYPES

FIXTURES = Path(__file__).parent / "fixtures"
layers = keras.layers


@pytest.fixture(scope="module")
def keras_2() -> dict[str, np.ndarray]:
    """Images, and what Keras 2 predicted for them."""
    with np.load(FIXTURES / "keras2_predictions.npz") as stored:
        return dict(stored)


def load(path: Path, **settings: Any) -> LoadedCheckpoint:
    return load_checkpoint(path, candidates=KNOWN_NETWORKS, **settings)


def predict(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return np.asarray(model(images.astype("float32") / 255, training=False))


def same_weights(model: keras.Model, other: keras.Model) -> bool:
    pairs = zip(model.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(first, second) for first, second in pairs)


def fill_at_random(model: keras.Model, seed: int = 0) -> keras.Model:
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 1, weight.shape) for weight in model.weights])
    return model


def build_branches() -> keras.Model:
    """A network of one's own: branches of equal shapes, a merge by ``+``, a nested model called twice."""
    image = keras.Input((32, 32, 3))
    stem = layers.Conv2D(6, 3, strides=4, padding="same", kernel_regularizer="l2", name="stem")(image)
    right = layers.Conv2D(6, 3, padding="same", activation="gelu", name="z")(stem)
    left = layers.Conv2D(6, 3, padding="same", activation=layers.LeakyReLU(0.1), name="a")(stem)
    nested = keras.Sequential([layers.Conv2D(6, 1), layers.BatchNormalization()], name="nested")
    inner_image = keras.Input((8, 8, 6))
    inner = keras.Model(inner_image, layers.PReLU()(layers.Dropout(0.3)(inner_image)), name="inner")
    features = nested(inner(nested(left + right)))
    features = layers.Flatten()(layers.Concatenate()([features, stem]))
    return keras.Model(image, layers.Dense(10, dtype="float32")(features))


class TestKeras2Files:
    def test_whole_model_predicts_what_keras_2_predicted(self, keras_2: dict[str, np.ndarray]) -> None:
        loaded = load(FIXTURES / "keras2_separable.h5")
        assert (loaded.kind, loaded.network, loaded.keras_version) == ("h5", "separable", "2.15.0")
        assert keras_2["separable"].std(axis=0).max() > 0.01
        np.testing.assert_allclose(
            predict(loaded.model, keras_2["images"]), keras_2["separable"], atol=1e-5, rtol=0
        )

    def test_weights_alone_find_their_network_by_shapes(self, keras_2: dict[str, np.ndarray]) -> None:
        loaded = load(FIXTURES / "keras2_separable_weights.h5")
        assert (loaded.kind, loaded.network, loaded.loss) == ("h5-weights", "separable", None)
        np.testing.assert_allclose(
            predict(loaded.model, keras_2["images"]), keras_2["separable"], atol=1e-5, rtol=0
        )

    @pytest.mark.parametrize("ending", ["h5", "keras"])
    def test_branches_nesting_and_sharing(self, ending: str, keras_2: dict[str, np.ndarray]) -> None:
        loaded = load(FIXTURES / f"keras2_branches.{ending}")
        assert (loaded.kind, loaded.network) == (ending, None)
        expected = keras_2["branches"]
        np.testing.assert_allclose(predict(loaded.model, keras_2["images"]), expected, atol=1e-5, rtol=1e-5)

    @pytest.mark.parametrize("ending", ["h5", "keras"])
    def test_loss_says_whether_outputs_are_logits(self, ending: str) -> None:
        loss = load(FIXTURES / f"keras2_branches.{ending}").loss
        assert loss is not None
        assert float(loss(np.array([1]), np.array([[0.0, 2.0]]))) == pytest.approx(
            np.log(1 + np.exp(-2)), abs=1e-6
        )

    @pytest.mark.parametrize("first_layer_has_the_shape", [True, False])
    def test_configuration_as_keras_2_2_of_2019_wrote_it(
        self, tmp_path: Path, first_layer_has_the_shape: bool, keras_2: dict[str, np.ndarray]
    ) -> None:
        path = tmp_path / "2019.h5"
        path.write_bytes((FIXTURES / "keras2_separable.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            stored = config["config"]["layers"]
            shape_layer = stored.pop(0)
            assert shape_layer["class_name"] == "InputLayer"
            if first_layer_has_the_shape:
                stored[0]["config"]["batch_input_shape"] = [128, 32, 32, 3]
                config["config"] = stored
            else:
                config["config"]["build_input_shape"] = [None, 32, 32, 3]
            for layer in stored:
                for key, value in layer["config"].items():
                    if key.endswith("_initializer") and value["class_name"] == "GlorotUniform":
                        settings = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
                        layer["config"][key] = {"class_name": "VarianceScaling", "config": settings}
            file.attrs["model_config"] = json.dumps(config)
            file.attrs["keras_version"] = "2.2.4"
        loaded = load(path)
        assert loaded.network == "separable"
        np.testing.assert_allclose(
            predict(loaded.model, keras_2["images"]), keras_2["separable"], atol=1e-5, rtol=0
        )

    def test_long_lists_of_names_in_several_attributes(self, tmp_path: Path) -> None:
        path = tmp_path / "long.h5"
        path.write_bytes((FIXTURES / "keras2_separable.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            names = file["model_weights"].attrs.pop("layer_names")
            file["model_weights"].attrs["layer_names0"] = names[:7]
            file["model_weights"].attrs["layer_names1"] = names[7:]
        assert same_weights(load(path).model, load(FIXTURES / "keras2_separable.h5").model)

    def test_weights_go_into_the_network_that_was_named(self) -> None:
        model = fill_at_random(build_separable())
        loaded = load(FIXTURES / "keras2_separable.h5", model=model)
        assert loaded.model is model
        assert same_weights(model, load(FIXTURES / "keras2_separable.h5").model)


class TestKeras3Files:
    @pytest.mark.parametrize("ending", [".h5", ".keras", ".weights.h5"])
    @pytest.mark.parametrize("name", KNOWN_NETWORKS)
    def test_known_networks_come_back_to_the_bit(self, name: str, ending: str, tmp_path: Path) -> None:
        model = fill_at_random(KNOWN_NETWORKS[name]())
        path = tmp_path / f"model{ending}"
        model.save_weights(path) if ending == ".weights.h5" else model.save(path)
        loaded = load(path)
        assert loaded.network == name
        assert same_weights(loaded.model, model)

    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    @pytest.mark.parametrize("compiled", [True, False])
    def test_networks_of_ones_own(self, compiled: bool, ending: str, tmp_path: Path) -> None:
        model = build_branches()
        images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3))
        if compiled:
            model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            model.fit(images / 255, np.arange(4), verbose=0)  # brings Adam's state into the file
        fill_at_random(model)
        path = tmp_path / f"own{ending}"
        save_model(model, path)
        loaded = load(path)
        assert loaded.network is None
        assert (loaded.loss is not None) == compiled
        assert same_weights(loaded.model, model)
        np.testing.assert_allclose(predict(loaded.model, images), predict(model, images), rtol=1e-6)

    def test_the_rebuilt_network_keeps_its_settings(self, tmp_path: Path) -> None:
        model = build_branches()
        save_model(model, tmp_path / "own.keras")
        stem = load(tmp_path / "own.keras").model.get_layer("stem")
        assert stem.get_config() == model.get_layer("stem").get_config()

    def test_another_dropout_or_activation_is_another_network(self, tmp_path: Path) -> None:
        for key, value in (("rate", 0.5), ("activation", keras.activations.tanh)):
            model = build_separable()
            for layer in model.layers:
                if hasattr(layer, key):
                    setattr(layer, key, value)
            save_model(model, tmp_path / "other.keras")
            assert load(tmp_path / "other.keras").network is None

    def test_the_same_layers_called_otherwise_are_another_network(self, tmp_path: Path) -> None:
        chain = build_separable()
        image = keras.Input((32, 32, 3))
        features = image
        for layer in chain.layers:
            features = layer(features)
            if layer.name == "conv2_bn":  # 64 channels in, 64 out: it may well be called again
                features = layer(features)
        save_model(keras.Model(image, features), tmp_path / "twice.keras")
        assert load(tmp_path / "twice.keras").network is None

    def test_the_known_network_written_as_a_functional_one_is_known(self, tmp_path: Path) -> None:
        image = keras.Input((32, 32, 3))
        features = image
        for layer in build_separable().layers:
            features = layer(features)
        save_model(keras.Model(image, features), tmp_path / "functional.keras")
        assert load(tmp_path / "functional.keras").network == "separable"


class TestMismatches:
    def test_no_known_network_fits(self, tmp_path: Path) -> None:
        build_branches().save_weights(tmp_path / "own.weights.h5")
        with pytest.raises(CheckpointError, match=r"fits none of the known networks .*--model"):
            load(tmp_path / "own.weights.h5")

    def test_several_known_networks_fit(self) -> None:
        candidates = {"one": build_separable, "two": build_separable}
        with pytest.raises(CheckpointError, match=r"fits several networks \(one, two\).*--model"):
            load_checkpoint(FIXTURES / "keras2_separable_weights.h5", candidates=candidates)

    def test_the_named_network_does_not_fit(self) -> None:
        with pytest.raises(CheckpointError, match=r"keras2_separable.h5: .*weights"):
            load(FIXTURES / "keras2_separable.h5", model=build_base())

    def test_a_weight_of_another_shape_is_named(self, tmp_path: Path) -> None:
        keras.Sequential([keras.Input((4,)), layers.Dense(3, name="last")]).save_weights(
            tmp_path / "a.weights.h5"
        )
        other = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="last")])
        with pytest.raises(CheckpointError, match=r"last/kernel has shape \(4, 2\), .* has \(4, 3\)"):
            load(tmp_path / "a.weights.h5", model=other)


class TestTrust:
    """``--trust`` is for layer types outside the known ones, never for code in the file."""

    def build(self) -> keras.Model:
        image = keras.Input((8, 8, 3))
        features = layers.Reshape((64, 3))(image)
        return keras.Model(image, layers.Flatten()(layers.TimeDistributed(layers.Dense(4))(features)))

    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    def test_other_built_in_layers_need_it(self, ending: str, tmp_path: Path) -> None:
        model = fill_at_random(self.build())
        path = tmp_path / f"model{ending}"
        save_model(model, path)
        with pytest.raises(CheckpointError, match=r"'TimeDistributed'.*--trust"):
            load(path)
        assert same_weights(load(path, trust=True).model, model)

    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    def test_registered_classes_need_it(self, ending: str, tmp_path: Path) -> None:
        @keras.saving.register_keras_serializable("tests")
        class Doubled(keras.layers.Dense):
            pass

        model = fill_at_random(keras.Sequential([keras.Input((4,)), Doubled(3)]))
        path = tmp_path / f"model{ending}"
        save_model(model, path)
        with pytest.raises(CheckpointError, match=r"Doubled'.*--trust"):
            load(path)
        assert same_weights(load(path, trust=True).model, model)

    def test_code_in_the_file_does_not_run_all_the_same(self, tmp_path: Path) -> None:
        model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])
        model.save(tmp_path / "lambda.keras")
        with pytest.raises(CheckpointError):
            load(tmp_path / "lambda.keras", trust=True)


class TestSaving:
    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    def test_plain_keras_opens_it_with_optimizer_and_loss(self, ending: str, tmp_path: Path) -> None:
        model = build_separable()
        model.compile(keras.optimizers.Adam(0.004), "categorical_crossentropy", metrics=["accuracy"])
        save_model(model, tmp_path / f"model{ending}")
        opened = keras.models.load_model(tmp_path / f"model{ending}")
        assert same_weights(opened, model)
        assert float(opened.optimizer.learning_rate) == pytest.approx(0.004)

    def test_a_keras_file_after_an_h5_file_keeps_the_optimizer(self, tmp_path: Path) -> None:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
        model.compile(keras.optimizers.SGD(0.5, momentum=0.25), "mse")
        save_model(model, tmp_path / "model.h5")
        save_model(model, tmp_path / "model.keras")
        optimizer = keras.models.load_model(tmp_path / "model.keras").optimizer
        assert isinstance(optimizer, keras.optimizers.SGD)
        assert float(optimizer.learning_rate) == 0.5

    @pytest.mark.parametrize("name", ["model.pt", "model", "model.weights", "model.H5"])
    def test_other_endings_are_refused(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r"ends in \.h5 or \.keras"):
            save_model(build_separable(), tmp_path / name)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    def test_a_failed_write_leaves_the_old_file(
        self, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / f"model{ending}"
        path.write_bytes(b"the last good one")

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(CheckpointError, match="No space left on device"):
            save_model(build_separable(), path)
        assert path.read_bytes() == b"the last good one"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_missing_folder_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="cannot be written") as caught:
            save_model(build_separable(), tmp_path / "absent" / "model.keras")
        assert "/." not in str(caught.value)  # the name that the file has while it is written
        assert not (tmp_path / "absent").exists()


class TestWriteAtomically:
    def test_replaces_the_old_content(self, tmp_path: Path) -> None:
        path = tmp_path / "history.csv"
        path.write_text("old")
        with write_atomically(path) as aside:
            aside.write_text("new")
            assert path.read_text() == "old"
            assert aside.suffix == path.suffix
        assert path.read_text() == "new"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt(), ValueError("of the writer")])
    def test_leaves_nothing_behind_after_a_failure(self, error: BaseException, tmp_path: Path) -> None:
        path = tmp_path / "history.csv"
        path.write_text("old")
        with pytest.raises(type(error)), write_atomically(path) as aside:
            aside.write_text("half")
            raise error
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_an_error_names_the_file_that_was_asked_for(self, tmp_path: Path) -> None:
        path = tmp_path / "absent" / "history.csv"
        with pytest.raises(FileNotFoundError) as caught, write_atomically(path) as aside:
            aside.write_text("new")
        assert caught.value.filename == str(path)
        (tmp_path / "taken").mkdir()
        with pytest.raises(OSError) as taken, write_atomically(tmp_path / "taken") as aside:
            aside.write_text("new")
        assert taken.value.filename == str(tmp_path / "taken")

    def test_sha256_is_that_of_the_content(self, tmp_path: Path) -> None:
        (tmp_path / "abc").write_bytes(b"abc")
        expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert file_sha256(tmp_path / "abc") == expected


def test_archives_that_were_repacked_with_compression_are_read(tmp_path: Path) -> None:
    source = FIXTURES / "keras2_branches.keras"
    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert same_weights(load(tmp_path / "a.keras").model, load(source).model)


def as_json(layer: keras.layers.Layer) -> str:
    return json.dumps(keras.saving.serialize_keras_object(layer), sort_keys=True)


BuildLayer = Callable[[], keras.layers.Layer]
EVERY_KNOWN_LAYER: list[BuildLayer] = [
    lambda: layers.Activation("silu"),
    lambda: layers.ActivityRegularization(l1=0.1),
    lambda: layers.AlphaDropout(0.1),
    lambda: layers.AveragePooling2D(2, padding="same"),
    lambda: layers.BatchNormalization(axis=-1, scale=False, gamma_constraint="non_neg"),
    lambda: layers.CenterCrop(4, 4),
    lambda: layers.Conv2D(4, (3, 1), dilation_rate=2, groups=3 - 2, kernel_initializer="he_normal"),
    lambda: layers.Conv2DTranspose(4, 3, strides=2, kernel_constraint=keras.constraints.MaxNorm(2)),
    lambda: layers.Cropping2D(((1, 0), (0, 1))),
    lambda: layers.Dense(3, activation="relu6", kernel_initializer=keras.initializers.RandomNormal(0, 0.1)),
    lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
    lambda: layers.Dropout(0.1, noise_shape=(None, 1, 1, 3), seed=7),
    lambda: layers.ELU(0.5),
    lambda: layers.GaussianDropout(0.1),
    lambda: layers.GaussianNoise(0.1),
    lambda: layers.GlobalMaxPooling2D(keepdims=True),
    lambda: layers.GroupNormalization(3),
    lambda: layers.Identity(),
    lambda: layers.LayerNormalization(axis=(1, 2)),
    lambda: layers.LeakyReLU(0.2),
    lambda: layers.MaxPooling2D((2, 1)),
    lambda: layers.PReLU(shared_axes=[1, 2]),
    lambda: layers.Permute((2, 1, 3)),
    lambda: layers.RandomBrightness(0.1),
    lambda: layers.RandomContrast(0.1),
    lambda: layers.RandomCrop(6, 6),
    lambda: layers.RandomFlip("horizontal"),
    lambda: layers.RandomRotation(0.1),
    lambda: layers.RandomTranslation(0.1, (-0.1, 0.1), fill_mode="nearest"),
    lambda: layers.RandomZoom(0.1),
    lambda: layers.ReLU(6.0, negative_slope=0.1),
    lambda: layers.Rescaling(1 / 127.5, offset=-1),
    lambda: layers.Reshape((-1, 3)),
    lambda: layers.Resizing(5, 5, interpolation="nearest"),
    lambda: layers.SeparableConv2D(4, 3, depthwise_regularizer=keras.regularizers.L1L2(0.1, 0.1)),
    lambda: layers.Softmax(axis=[1, 2]),
    lambda: layers.SpatialDropout2D(0.1),
    lambda: layers.UnitNormalization(),
    lambda: layers.UpSampling2D(2, interpolation="bilinear"),
    lambda: layers.ZeroPadding2D(((1, 0), (2, 1))),
]


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_every_known_layer_comes_back_as_it_was(ending: str, tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3))
    # Keras itself cannot write RandomBrightness to .h5: its configuration is not plain.
    builds = [
        build
        for build in EVERY_KNOWN_LAYER
        if ending == ".keras" or not isinstance(build(), layers.RandomBrightness)
    ]
    outputs = [layers.GlobalAveragePooling1D()(layers.Reshape((-1, 1))(build()(image))) for build in builds]
    merges = (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply)
    merged = [merge()(outputs) for merge in merges] + [layers.Subtract()(outputs[:2])]
    model = fill_at_random(keras.Model(image, layers.Concatenate()([*merged, layers.Flatten()(image)])))
    path = tmp_path / f"all{ending}"
    save_model(model, path)
    loaded = load(path, trust=True).model  # GlobalAveragePooling1D alone needs it
    assert same_weights(loaded, model)
    for first, second in zip(model.layers, loaded.layers, strict=True):
        assert as_json(first) == as_json(second)


def is_layer(name: str) -> bool:
    kind = getattr(layers, name)
    return isinstance(kind, type) and issubclass(kind, layers.Layer)


# What runs code from the file, what wraps another layer or is part of one, and what reads files.
_NOT_PLAIN = """
    FlaxLayer JaxLayer Lambda TFSMLayer TorchModuleWrapper
    Bidirectional GRUCell LSTMCell Layer Pipeline RNN SimpleRNNCell SpectralNormalization StackedRNNCells
    TimeDistributed Wrapper
    IntegerLookup StringLookup TextVectorization
"""
NOT_PLAIN = frozenset(_NOT_PLAIN.split())


def test_every_layer_of_keras_is_known_or_not_plain() -> None:
    """A new version of Keras with a new layer fails here until somebody has looked at that layer."""
    seen = {getattr(layers, name) for name in LAYER_TYPES | NOT_PLAIN}
    assert {getattr(layers, name) for name in dir(layers) if is_layer(name)} == seen


IMAGE_AUGMENTATIONS: list[BuildLayer] = [
    lambda: layers.AugMix((0, 1)),
    lambda: layers.AutoContrast((0, 1)),
    lambda: layers.ContrastLimitedAdaptiveHistogramEqualization((0, 1), tile_grid_size=(2, 2)),
    lambda: layers.CutMix(),
    lambda: layers.Equalization((0, 1)),
    lambda: layers.MixUp(),
    lambda: layers.RandAugment((0, 1)),
    lambda: layers.RandomColorDegeneration(0.2, (0, 1)),
    lambda: layers.RandomColorJitter((0, 1), 0.1, 0.1, 0.1, 0.1),
    lambda: layers.RandomElasticTransform(0.2, value_range=(0, 1)),
    lambda: layers.RandomErasing(0.2, value_range=(0, 1)),
    lambda: layers.RandomGaussianBlur(0.2, value_range=(0, 1)),
    lambda: layers.RandomGrayscale(0.2),
    lambda: layers.RandomHue(0.2, (0, 1)),
    lambda: layers.RandomInvert(0.2, (0, 1)),
    lambda: layers.RandomPerspective(0.2),
    lambda: layers.RandomPosterization(4, (0, 1)),
    lambda: layers.RandomSaturation(0.2, (0, 1)),
    lambda: layers.RandomSharpness(0.2, (0, 1)),
    lambda: layers.RandomShear(0.1, 0.1),
    lambda: layers.Solarization(0.1, 0.1, (0, 1)),
]
OTHER_LAYERS: list[BuildLayer] = [
    lambda: layers.AdaptiveAveragePooling2D(2),
    lambda: layers.AdaptiveMaxPooling2D((2, 4)),
    lambda: layers.EinsumDense("bhwc,cd->bhwd", (None, None, 5), bias_axes="d", activation="gelu"),
    lambda: layers.Normalization(),
    lambda: layers.Normalization(mean=np.array([0.1, 0.2, 0.3]), variance=np.array([0.4, 0.5, 0.6])),
    lambda: layers.RMSNormalization(),
    lambda: keras.Sequential([layers.Reshape((64, 3)), layers.Conv1D(2, 3), layers.AveragePooling1D(2)]),
    lambda: keras.Sequential([layers.Reshape((64, 3)), layers.LSTM(2, return_sequences=True), layers.GRU(3)]),
    lambda: keras.Sequential([layers.Reshape((4, 4, 4, 3)), layers.Conv3D(2, 2), layers.MaxPooling3D(2)]),
    lambda: keras.Sequential([layers.Reshape((4, 4, 4, 3)), layers.ConvLSTM2D(2, 2)]),
    lambda: keras.Sequential([layers.Reshape((64, 3)), layers.SeparableConv1D(2, 3), layers.Masking()]),
    lambda: keras.Sequential([layers.Flatten(), layers.RepeatVector(2), layers.SimpleRNN(2)]),
]


@pytest.mark.parametrize(
    ("builds", "ending"),
    # Keras itself cannot write some of the augmentations to .h5: their configurations are not plain.
    [(IMAGE_AUGMENTATIONS, ".keras"), (OTHER_LAYERS, ".h5"), (OTHER_LAYERS, ".keras")],
    ids=["augmentation.keras", "others.h5", "others.keras"],
)
def test_newer_layers_come_back_as_they_were(builds: list[BuildLayer], ending: str, tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3))
    outputs = [layers.Flatten()(build()(image)) for build in builds]
    model = fill_at_random(keras.Model(image, layers.Concatenate()(outputs)))
    for layer in model.layers:
        if isinstance(layer, layers.Normalization):
            layer.finalize_state()  # Keras computes with what was adapted or loaded, not with what was set
    path = tmp_path / f"newer{ending}"
    save_model(model, path)
    loaded = load(path).model
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3))
    np.testing.assert_allclose(predict(loaded, images), predict(model, images), rtol=1e-6)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_attention_comes_back_as_it_was(ending: str, tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3))
    tokens = layers.Reshape((16, 4))(layers.Conv2D(1, 1, activation="gelu")(image))
    places = keras.ops.cast(keras.ops.sum(tokens, axis=-1) > 0.5, "int32")
    tokens = tokens + layers.Embedding(2, 4)(places)
    attended = layers.MultiHeadAttention(2, 3)(tokens, tokens, use_causal_mask=True)
    attended = layers.GroupQueryAttention(3, 2, 1)(query=attended, value=tokens)
    attended = layers.Attention(use_scale=True, score_mode="concat")([attended, tokens])
    attended = layers.Dot(axes=(1, 1))([layers.AdditiveAttention()([attended, tokens]), tokens])
    model = fill_at_random(keras.Model(image, layers.GlobalAveragePooling1D()(attended)))
    save_model(model, tmp_path / f"attention{ending}")
    loaded = load(tmp_path / f"attention{ending}").model
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3))
    assert predict(model, images).std() > 0
    np.testing.assert_allclose(predict(loaded, images), predict(model, images), rtol=1e-6)
