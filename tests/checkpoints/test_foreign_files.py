"""Files that are no Keras model files: each is refused as what it is, with the way out in the same line."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from eip_cli.checkpoints.checkpoint_file import load_checkpoint
from eip_cli.checkpoints.naming import resolve_checkpoint
from eip_cli.foundation.errors import CheckpointError


def archive_of(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return target.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, candidates={})
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable() and len(message) <= 400
    assert "--trust" not in message
    return message


GIT_LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:d41e67\nsize 312142864\n"
INDEX_ENDING = bytes.fromhex("57fb808b247547db")
FOREIGN: dict[str, tuple[str, bytes, tuple[str, ...]]] = {
    "a Git LFS pointer as .keras": ("a.keras", GIT_LFS, ("Git LFS pointer", "git lfs pull")),
    "a Git LFS pointer as .h5": ("a.h5", GIT_LFS, ("Git LFS pointer", "git lfs pull")),
    "a page of HTML": ("a.h5", b"\n<!DOCTYPE html><html>", ("HTML page", "download it again")),
    "a page of HTML in another script": (
        "a.keras",
        "<html><title>é</title>".encode(),
        ("HTML page", "download it again"),
    ),
    "PyTorch": ("a.pt", archive_of("archive/data.pkl", "archive/data/0"), ("PyTorch", ".keras")),
    "PyTorch called .h5": ("a.h5", archive_of("archive/data.pkl"), ("PyTorch", ".h5")),
    "PyTorch called .keras": ("a.keras", archive_of("model/data.pkl"), ("PyTorch", "as .h5")),
    "PyTorch of old": ("a.pth", pickle.dumps({"conv.weight": 1}), ("Python pickle", "PyTorch")),
    "safetensors": (
        "a.safetensors",
        (64).to_bytes(8, "little") + b'{"conv.weight":{}}'.ljust(64),
        ("safetensors", "Keras cannot read it"),
    ),
    "ONNX": ("a.onnx", b"\x08\x07\x12\x07pytorch", ("ONNX", "Keras cannot read it")),
    "TensorFlow Lite": ("a.tflite", b"\x1c\0\0\0TFL3" + bytes(40), ("TensorFlow Lite", "save the network")),
    "TensorFlow Lite called .h5": ("a.h5", b"\x1c\0\0\0TFL3" + bytes(40), ("TensorFlow Lite",)),
    "a TensorFlow checkpoint's index": (
        "w.ckpt.index",
        bytes(40) + INDEX_ENDING,
        ("TensorFlow checkpoint", "model.save"),
    ),
    "a TensorFlow checkpoint's data": (
        "w.ckpt.data-00000-of-00001",
        bytes(range(99)),
        ("TensorFlow checkpoint", "model.save"),
    ),
    "a TensorFlow checkpoint's list": (
        "checkpoint",
        b'model_checkpoint_path: "w.ckpt"\n',
        ("TensorFlow checkpoint", "model.save"),
    ),
    "a SavedModel's program": ("saved_model.pb", b"\x08\x01", ("SavedModel", "model.save")),
    "a zipped SavedModel": ("a.keras", archive_of("m/saved_model.pb"), ("SavedModel", "model.save")),
    "NumPy arrays": ("a.npz", archive_of("w.npy", "b.npy"), ("NumPy arrays", "Keras cannot read it")),
    "HDF5 called .keras": ("a.keras", b"\x89HDF\r\n\x1a\n" + bytes(99), ("HDF5", "rename it to .h5")),
    "a Keras archive called .h5": (
        "a.h5",
        archive_of("config.json", "model.weights.h5"),
        ("zip archive", "rename it to .keras"),
    ),
    "a truncated Keras archive": (
        "a.keras",
        archive_of("config.json", "model.weights.h5")[:-30],
        ("truncated", "download or copy it again"),
    ),
    "truncated HDF5": ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), ("truncated", "download or copy it again")),
    "an architecture": ("net.json", b'{"class_name": "Sequential"}', ("without weights", "--model")),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_it_is_said_what_it_is(name: str, tmp_path: Path) -> None:
    file_name, content, words = FOREIGN[name]
    (tmp_path / file_name).write_bytes(content)
    message = refusal(tmp_path / file_name)
    assert all(word in message for word in words), message


@pytest.mark.parametrize("version", [b"1.2.2", None])
@pytest.mark.parametrize("kind", ["model", "weights"])
def test_keras_1(kind: str, version: bytes | None, tmp_path: Path) -> None:
    layer = {"class_name": "Convolution2D", "config": {"nb_filter": 8, "nb_row": 3, "border_mode": "same"}}
    with h5py.File(tmp_path / "old.h5", "w") as file:
        group = file.create_group("model_weights") if kind == "model" else file
        if kind == "model":
            file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": [layer]})
        if version:
            file.attrs["keras_version"] = version
        group.attrs["layer_names"] = [b"convolution2d_1"]
        group.create_group("convolution2d_1").attrs["weight_names"] = [b"convolution2d_1_W"]
        group["convolution2d_1/convolution2d_1_W"] = np.zeros((3, 3, 3, 8), "float32")
    message = refusal(tmp_path / "old.h5")
    assert "Keras 1" in message
    assert "open it with Keras 2.3.1, and save it again" in message


@pytest.mark.parametrize(
    ("files", "name", "words"),
    [
        (["m/saved_model.pb", "m/variables/variables.index"], "m", ("SavedModel", "model.save")),
        (["m.keras/saved_model.pb"], "m.keras", ("SavedModel", "model.save")),
        (["m.keras/config.json", "m.keras/model.weights.h5"], "m.keras", ("unpacked .keras file", "zip")),
        (["w/checkpoint", "w/w.ckpt.index"], "w", ("TensorFlow checkpoint", "model.save")),
        (["w.ckpt.index", "w.ckpt.data-00000-of-00001"], "w.ckpt", ("TensorFlow checkpoint", "model.save")),
        (["w.h5.index", "w.h5.data-00000-of-00001"], "w.h5", ("TensorFlow checkpoint", "model.save")),
    ],
)
def test_folders_and_beginnings_of_names(
    files: list[str], name: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    with pytest.raises(CheckpointError) as caught:
        resolve_checkpoint(str(tmp_path / name))
    message = str(caught.value)
    assert message.startswith(str(tmp_path / name))
    assert all(word in message for word in words), message
