"""A folder of thirty submissions, made up: right ones, wrong ones, and hostile ones."""

import hashlib
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from eip_cli.checkpoints.checkpoint_file import load_checkpoint, save_model
from eip_cli.datasets.loading import load_dataset
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, HISTORY_FILE, RECORD_FILE, Run
from tests.checkpoints.hostile_configs import keras_3_lambda
from tests.support.places import EXAMPLES
from tests.support.written_runs import write_run

layers = keras.layers
KERAS_2 = EXAMPLES.parent / "tests" / "checkpoints" / "fixtures" / "keras2_separable.h5"
RULES = """
title = "Digits in a class"
dataset = "digits"
[[rule]]
kind = "convolutions"
only = ["separable"]
[[rule]]
kind = "layers"
layer = "batch-normalization"
[[rule]]
kind = "layers"
layer = "dropout"
[[rule]]
kind = "parameters"
below = 100_000
points = 2
[[rule]]
kind = "receptive-field"
at_least = 44
[[rule]]
kind = "epochs"
at_most = 10
[[rule]]
kind = "final-accuracy"
at_least = 0.95
points = 3
[[rule]]
kind = "consistency"
last = 3
at_least = 0.95
"""
RULE_NAMES = (
    "Depthwise",
    "Batch",
    "Dropout",
    "Fewer",
    "Receptive",
    "At",
    "Final",
    "Each",
)
ENDLESS = "def build_model():\n    while True:\n        pass\n"
BUILDS = """
import keras

def build_model(input_shape, classes):
    layers = keras.layers
    return keras.Sequential([
        keras.Input(input_shape), layers.SeparableConv2D(8, 3), layers.BatchNormalization(),
        layers.Dropout(0.1),
        layers.GlobalAveragePooling2D(), layers.Dense(classes, "softmax"),
    ])
"""
# Right test images after each epoch, of 355.
LOG = tuple(right / 355 for right in (178, 320, 338, 341, 344, 341, 344, 348, 349, 351))


def make_submissions(folder: Path, canary: Path) -> None:
    """Thirty subfolders of ``folder``; ``canary`` is a file that code in them would make, were it run."""
    trained = load_checkpoint(EXAMPLES / "sample-run" / BEST_FILE, candidates=KNOWN_NETWORKS).model
    _make_right_ones(folder, trained)
    _make_wrong_ones(folder, trained)
    _make_hostile_ones(folder, canary)
    for name in ("copied", "copied again"):
        _put(folder, name, "model.h5", lambda path: save_model(_noisy(trained, 3), path))
    forged = folder / "forged"
    shutil.copytree(folder / "right run", forged)
    (forged / HISTORY_FILE).write_text(
        (forged / HISTORY_FILE).read_text().replace(str(351 / 355), str(354 / 355))
    )
    record = json.loads((forged / RECORD_FILE).read_text())
    (forged / RECORD_FILE).write_text(
        json.dumps(record | {"final_accuracy": 354 / 355, "best_accuracy": 354 / 355})
    )


def _put(folder: Path, name: str, file: str, write: Callable[[Path], Any]) -> Path:
    path = folder / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    return path


def _write_digits_run(
    folder: Path, name: str, model: keras.Model, accuracies: Sequence[float] = LOG, **facts: Any
) -> Run:
    sample = json.loads((EXAMPLES / "sample-run" / RECORD_FILE).read_text())
    config = TrainConfig(model="net.py:mine", dataset="digits", batch_size=16)
    known = {"dataset_fingerprint": sample["dataset_fingerprint"], "train_images": 1442}
    return write_run(name, model, tuple(accuracies), config=config, folder=folder, **known | facts)


def _make_right_ones(folder: Path, trained: keras.Model) -> None:
    _write_digits_run(folder, "right run", trained)
    _put(folder, "right model", "final.keras", lambda path: save_model(trained, path))
    _put(folder, "keras 2", "model.h5", lambda path: shutil.copy(KERAS_2, path))
    code = _put(folder, "builds", "model.py", lambda path: path.write_text(BUILDS))
    assert code.is_file()
    probabilities = _answers(trained)
    labels = load_dataset("digits").test_labels
    torch: dict[str, Any] = {
        "probabilities": probabilities,
        "labels_sha256": hashlib.sha256(bytes(labels.tolist())).hexdigest(),
        "parameters": 58_965,
    }
    _put(folder, "torch", "predictions.npz", lambda path: np.savez(path, **torch))


def _answers(model: keras.Model) -> np.ndarray:
    images = load_dataset("digits").test_images
    return np.asarray(model.predict(images.astype("float32") / 255, verbose=0))


def _noisy(model: keras.Model, seed: int, share: float = 0.02) -> keras.Model:
    """The network with weights a little beside those that it was trained to."""
    copy = keras.models.clone_model(model)
    random = np.random.default_rng(seed)
    weights = model.get_weights()
    copy.set_weights([one * (1 + share * random.standard_normal(one.shape)) for one in weights])
    return copy


def _rebuilt(model: keras.Model, change: Callable[[keras.Layer], keras.Layer | None]) -> keras.Sequential:
    """The network with each layer as ``change`` makes it, None leaving it out."""
    image = keras.Input((32, 32, 3))
    made = keras.Sequential([image])
    for layer in model.layers:
        if (changed := change(layer)) is not None:
            made.add(changed)
    return made


def _without_dropout(layer: keras.Layer) -> keras.Layer | None:
    return None if isinstance(layer, layers.Dropout) else layer


def _without_normalization(layer: keras.Layer) -> keras.Layer:
    """Batch normalization in inference is a factor and a summand for each channel."""
    if not isinstance(layer, layers.BatchNormalization):
        return layer
    gamma, beta, mean, variance = layer.get_weights()
    factor = gamma / np.sqrt(variance + layer.epsilon)
    return layers.Rescaling(factor.tolist(), (beta - mean * factor).tolist(), name=layer.name)


def _with_a_convolution(model: keras.Model) -> keras.Model:
    """A 1x1 convolution in front that changes nothing."""
    same = layers.Conv2D(3, 1, use_bias=False, name="plain")
    made = keras.Sequential([keras.Input((32, 32, 3)), same, *model.layers])
    same.set_weights([np.eye(3, dtype="float32").reshape(1, 1, 3, 3)])
    return made


def _with_idle_parameters(model: keras.Model) -> keras.Model:
    """50,000 numbers that are times zero."""
    image = keras.Input((32, 32, 3))
    scores = keras.Sequential(model.layers[:-1])(image)
    wide = layers.Dense(4_000, use_bias=False)(scores)
    none = layers.Dense(10, use_bias=False, kernel_initializer="zeros")(wide)
    return keras.Model(image, layers.Activation("softmax")(layers.Add()([scores, none])))


def _make_wrong_ones(folder: Path, trained: keras.Model) -> None:
    _write_digits_run(folder, "wrong convolution", _with_a_convolution(trained))
    _write_digits_run(folder, "wrong normalization", _rebuilt(trained, _without_normalization))
    _write_digits_run(folder, "wrong dropout", _rebuilt(trained, _without_dropout))
    _write_digits_run(folder, "wrong parameters", _with_idle_parameters(trained))
    small = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.SeparableConv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, "softmax"),
        ]
    )
    _put(folder, "wrong field", "model.keras", lambda path: save_model(small, path))
    _write_digits_run(folder, "wrong epochs", trained, (*LOG[:-1], LOG[-2], LOG[-1]))
    _write_digits_run(folder, "wrong consistency", trained, (*LOG[:-2], 333 / 355, LOG[-1]))
    poor = _noisy(trained, 1, 0.2)
    right = float(np.mean(_answers(poor).argmax(axis=1) == load_dataset("digits").test_labels))
    assert 0.3 < right < 0.94
    before = [min(accuracy, right - 1 / 355) for accuracy in LOG[:-1]]
    _write_digits_run(folder, "wrong accuracy", poor, (*before, right))


class _Opens:
    """A pickle that makes a file where it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (str(self.path), "w")


def _make_hostile_ones(folder: Path, canary: Path) -> None:
    good = (folder / "right run" / FINAL_FILE).read_bytes()
    _put(folder, "bad cut", "model.h5", lambda path: path.write_bytes(good[: len(good) // 2]))
    _put(folder, "bad empty", "model.keras", lambda path: path.write_bytes(b""))
    _put(folder, "bad text", "model.h5", lambda path: path.write_text("not a model"))
    _put(folder, "bad lambda", "model.h5", lambda path: _write_lambda(path, canary))
    _put(
        folder, "bad code", "model.py", lambda path: path.write_text(f"open({str(canary)!r}, 'w')\n{BUILDS}")
    )
    _put(folder, "bad endless", "model.py", lambda path: path.write_text(ENDLESS))
    linked = folder / "bad link" / "model.h5"
    linked.parent.mkdir()
    linked.symlink_to(folder / "right run" / FINAL_FILE)
    _put(folder, "bad pickle", "predictions.npz", lambda path: _write_pickle(path, canary))
    _put(folder, "bad bomb", "predictions.npz", _write_bomb)
    os.mkfifo(_put(folder, "bad pipe", "note.txt", lambda path: path.touch()).with_name("model.h5"))
    (folder / "bad nothing").mkdir()
    shuffled = np.roll(np.eye(10, dtype="float32")[load_dataset("digits").test_labels], 7, axis=0)
    _put(folder, "bad order", "predictions.npz", lambda path: np.savez(path, probabilities=shuffled))
    logits = np.full((355, 10), 3.0, "float32")
    _put(folder, "bad logits", "predictions.npz", lambda path: np.savez(path, probabilities=logits))
    _put(folder, "=cmd|' /C calc'!A0", "note.txt", lambda path: path.write_text("nothing"))


def _write_lambda(path: Path, canary: Path) -> None:
    keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)]).save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"].append(keras_3_lambda(canary))
        file.attrs["model_config"] = json.dumps(config)


def _write_pickle(path: Path, canary: Path) -> None:
    array = np.empty(1, object)
    array[0] = _Opens(canary)
    np.savez(path, probabilities=array)
    assert pickle.dumps(array)


def _write_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        header = (
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 10), }"
        )
        archive.writestr("probabilities.npy", header + bytes(50_000_000))
