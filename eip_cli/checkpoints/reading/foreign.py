"""What a file that is no Keras model file is, by its first bytes and its name, and the way out of it."""

import io
import zipfile
from pathlib import Path

from .hdf5 import HDF5_SIGNATURE

KERAS_NEEDED = "Keras cannot read it: save the network from Keras, as .h5 or .keras"
# A pickle runs code as it is opened, so none ever is.
SIGNATURES = {
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip archive: unpack it first",
    b"BZh": "a bzip2 archive: unpack it first",
    b"\xfd7zXZ": "an xz archive: unpack it first",
    b"\x93NUMPY": "a NumPy array",
    b"\x80": f"a Python pickle, as PyTorch writes; {KERAS_NEEDED}",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
GIT_LFS = b"version https://git-lfs.github.com/spec/"
HTML_STARTS = (b"<!doctype html", b"<html", b"<?xml", b"<head")
# The last eight bytes of the table of names in a TensorFlow checkpoint.
TENSOR_INDEX_ENDING = bytes.fromhex("57fb808b247547db")
TENSORFLOW_CHECKPOINT = (
    "a TensorFlow checkpoint, which names no layers: load it into its network in TensorFlow, and write that "
    'with model.save("model.h5")'
)
SAVED_MODEL = (
    "a SavedModel of TensorFlow, which is a program: load it with tf.keras.models.load_model of TensorFlow "
    'below 2.16, and write it with model.save("model.h5")'
)
MAX_LISTED_ENTRIES = 100_000


def describe_content(content: bytes, name: str) -> str:
    """What a file holds, and what to do about it where that is known; ``name`` is the file's own."""
    if not content:
        return "nothing (an empty file)"
    if content.startswith(HDF5_SIGNATURE):
        return "HDF5"
    if HDF5_SIGNATURE.startswith(content[:8]) and len(content) < 8:
        return "a truncated HDF5 file"
    if content.startswith(b"PK"):
        return _describe_archive(content)
    if content[4:8] == b"TFL3":
        return f"a TensorFlow Lite model; {KERAS_NEEDED}"
    if content.endswith(TENSOR_INDEX_ENDING) or ".data-0" in name:
        return TENSORFLOW_CHECKPOINT
    if name.endswith(".onnx"):
        return f"an ONNX model; {KERAS_NEEDED}"
    if name.endswith(".pb"):
        return SAVED_MODEL
    for signature, description in SIGNATURES.items():
        if content.startswith(signature):
            return description
    if content[8:10] == b'{"' and content[:8].endswith(b"\0\0\0\0"):
        return f"tensors of the safetensors format; {KERAS_NEEDED}"
    return _describe_text(content)


def _describe_text(content: bytes) -> str:
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(GIT_LFS):
        return "text: a Git LFS pointer in place of the file, which git lfs pull fetches"
    if start.startswith(HTML_STARTS):
        return "text: an HTML page in place of the file, so the download went wrong: download it again"
    if start.startswith(b"model_checkpoint_path:"):
        return f"text: the list of {TENSORFLOW_CHECKPOINT}"
    if b"\0" in content[:4096]:
        return "bytes of an unknown format"
    try:
        content[:4096].decode("ascii")
    except UnicodeDecodeError:
        return "bytes of an unknown format"
    if start.startswith((b"{", b'"{')):
        return (
            "text: JSON, perhaps an architecture without weights: evaluate the file of the weights, and name "
            "this one with --model (it has to end in .json)"
        )
    return "text"


def _describe_archive(content: bytes) -> str:
    names = _entry_names(content)
    if any(name.endswith(("/data.pkl", "/constants.pkl")) or name == "data.pkl" for name in names):
        return f"a zip archive of PyTorch, with a Python pickle in it; {KERAS_NEEDED}"
    if any(name.endswith("saved_model.pb") for name in names):
        return f"a zip archive of {SAVED_MODEL}"
    if names and all(name.endswith(".npy") for name in names):
        return f"a zip archive of NumPy arrays; {KERAS_NEEDED}"
    return "a zip archive"


def is_keras_archive(content: bytes) -> bool:
    """Whether a zip archive looks like a ``.keras`` file."""
    return {"config.json", "model.weights.h5"} <= _entry_names(content)


def _entry_names(content: bytes) -> set[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return set(archive.namelist()[:MAX_LISTED_ENTRIES])
    except Exception:  # zipfile reports damage by many types; what it is still stands at its start
        return set()


def describe_folder(path: Path) -> str | None:
    """What a folder of model files is that no checkpoint is; None where it is nothing known.

    ``path`` may also be the common beginning of a TensorFlow checkpoint's names, which is no file.
    """
    if (path / "saved_model.pb").is_file() or (path / "keras_metadata.pb").is_file():
        return SAVED_MODEL
    if (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        return "an unpacked .keras file: zip the files in it, and name the archive .keras"
    if any(path.glob("*.ckpt*.index")) or (path / "checkpoint").is_file():
        return TENSORFLOW_CHECKPOINT
    if path.name and path.with_name(f"{path.name}.index").is_file():
        return TENSORFLOW_CHECKPOINT
    return None
