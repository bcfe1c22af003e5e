"""What a model file holds, read as data: its configuration, and the HDF5 group of its weights.

Nothing is rebuilt here, and nothing that is read can run.
"""

import io
import json
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from eip_cli.foundation.errors import CheckpointError

from .foreign import describe_content, describe_folder, is_keras_archive
from .hdf5 import HDF5_SIGNATURE, open_h5, read_names, read_text
from .hdf5_probe import probe_h5
from .weight_tree import LAYER_GROUPS

MAX_FILE_BYTES = 600 * 2**20
MAX_CONFIG_BYTES = 16 * 2**20
MAX_ARCHIVE_ENTRIES = 100
MAX_EXPANSION = 100
HDF5_ENDINGS = (".h5", ".hdf5")
ZIP_SIGNATURE = b"PK\x03\x04"
CONFIG_NAME, METADATA_NAME, WEIGHTS_NAME = "config.json", "metadata.json", "model.weights.h5"
# As Keras 1 alone named the settings of convolutions and dense layers.
KERAS_1_SETTINGS = frozenset({"border_mode", "nb_filter", "W_regularizer"})
DOWNLOAD_AGAIN = "download or copy it again"


@dataclass(frozen=True)
class ModelFile:
    """A model file's parts. The weights can be read only inside ``open_model_file``'s ``with`` block.

    ``kind`` is ``h5`` or ``keras`` for a whole model, ``h5-weights`` for weights alone;
    ``config`` is None for the last. ``by_layer_name`` tells Keras 2's way of storing weights
    (``layer_names``, also used by Keras 3's ``.h5``) from that of ``layers/.../vars``.
    """

    kind: str
    keras_version: str | None
    config: dict[str, Any] | None
    compile_config: dict[str, Any] | None
    weights: h5py.Group
    by_layer_name: bool


@contextmanager
def open_model_file(path: Path) -> Iterator[ModelFile]:
    """Open an ``.h5``, ``.hdf5`` or ``.keras`` file for reading, after checking its structure.

    Raises CheckpointError where the file is missing, damaged, not what its ending says, or
    holds anything that Keras does not write.
    """
    content = read_file(path, MAX_FILE_BYTES)
    ending = path.suffix.lower()
    held = describe_content(content, path.name)
    if ending == ".keras":
        if content.startswith(HDF5_SIGNATURE):
            raise CheckpointError(f"holds {held}, not the zip archive of a .keras file: rename it to .h5")
        if not content.startswith(ZIP_SIGNATURE):
            raise CheckpointError(f"holds {held}{_contrast(held, 'not the zip archive of a .keras file')}")
        if held != "a zip archive":
            raise CheckpointError(f"holds {held}")
        with _open_archive(content) as model_file:
            yield model_file
    elif ending in HDF5_ENDINGS:
        if is_keras_archive(content):
            raise CheckpointError(f"holds {held}, not HDF5 as {ending} says: rename it to .keras")
        if not content.startswith(HDF5_SIGNATURE):
            raise CheckpointError(f"holds {held}{_contrast(held, f'not HDF5 as {ending} says')}")
        probe_h5(content)
        with open_h5(content) as file:
            yield _read_h5(file)
    else:
        raise CheckpointError(f"holds {held}{_contrast(held, 'a checkpoint is an .h5 or .keras file', ': ')}")


def _contrast(held: str, wanted: str, joint: str = ", ") -> str:
    """What is wanted in place of what a file holds, where the way out has not been said."""
    return "" if ":" in held else joint + wanted


def read_file(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes. Raises CheckpointError."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            folder = describe_folder(path)
            raise CheckpointError(f"is {folder}" if folder else "is a directory, not a model file")
        if not stat.S_ISREG(status.st_mode):  # a pipe would wait for ever
            raise CheckpointError("is not a regular file")
        if status.st_size > limit:
            raise CheckpointError(f"has {status.st_size:,} bytes, more than a model file may ({limit:,})")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError("no such file") from error
    except OSError as error:
        raise CheckpointError(f"cannot be read ({error.strerror})") from error


def _read_h5(file: h5py.File) -> ModelFile:
    version = read_text(file, "keras_version")
    config_text = read_text(file, "model_config")
    if config_text is not None:
        weights = file.get("model_weights")
        if not isinstance(weights, h5py.Group) or read_names(weights, "layer_names") is None:
            raise CheckpointError("a model configuration without its weights")
        training = read_text(file, "training_config")
        version = version or read_text(weights, "keras_version")
        config = parse_json(config_text, "model_config")
        require_no_keras_1(config, version)
        return ModelFile(
            kind="h5",
            keras_version=version,
            config=config,
            compile_config=parse_json(training, "training_config") if training else None,
            weights=weights,
            by_layer_name=True,
        )
    names = read_names(file, "layer_names")
    require_no_keras_1({}, "0" if _has_keras_1_names(file, names or []) else version)
    if names is not None:
        return ModelFile("h5-weights", version, None, None, file, by_layer_name=True)
    if any(re.split(r"[/\\]", name)[0] in LAYER_GROUPS for name in file):
        return ModelFile("h5-weights", version, None, None, file, by_layer_name=False)
    raise CheckpointError("an HDF5 file that holds no Keras model and no Keras weights")


def require_no_keras_1(config: dict[str, Any], version: str | None) -> None:
    """Raise CheckpointError for what Keras 1 wrote: its layers and the order of its weights were others."""
    layers = config.get("config")
    layers = layers.get("layers") if isinstance(layers, dict) else layers
    stored = (
        [layer.get("config") for layer in layers if isinstance(layer, dict)]
        if isinstance(layers, list)
        else []
    )
    old = any(isinstance(settings, dict) and settings.keys() & KERAS_1_SETTINGS for settings in stored)
    if old or (version or "").split(".")[0] in ("0", "1"):
        written = f"Keras {version}" if version and version != "0" else "Keras 1"
        raise CheckpointError(
            f"was written by {written}, before Keras 2: open it with Keras 2.3.1, and save it again"
        )


def _has_keras_1_names(file: h5py.File, layer_names: list[str]) -> bool:
    groups = [file[name] for name in layer_names if name in file.keys()]  # noqa: SIM118  # paths are no names here
    named = [read_names(group, "weight_names") or [] for group in groups if isinstance(group, h5py.Group)]
    return "nb_layers" in file.attrs or any(name.endswith("_W") for names in named for name in names)


@contextmanager
def _open_archive(content: bytes) -> Iterator[ModelFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _read_parts(archive)
    except CheckpointError:
        raise
    except Exception as error:  # zipfile reports damage by many types
        raise CheckpointError(f"a damaged or truncated zip archive: {DOWNLOAD_AGAIN}") from error
    metadata = parse_json(parts.get(METADATA_NAME, b"{}"), METADATA_NAME)
    config = parse_json(parts[CONFIG_NAME], CONFIG_NAME)
    version = metadata.get("keras_version")
    compile_config = config.get("compile_config")
    probe_h5(parts[WEIGHTS_NAME])
    with open_h5(parts[WEIGHTS_NAME]) as file:
        yield ModelFile(
            kind="keras",
            keras_version=version if isinstance(version, str) else None,
            config=config,
            compile_config=compile_config if isinstance(compile_config, dict) else None,
            weights=file,
            by_layer_name=False,
        )


def _read_parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The three files of a ``.keras`` archive, in memory: nothing is ever unpacked to the disk."""
    entries = archive.infolist()
    if len(entries) > MAX_ARCHIVE_ENTRIES:
        raise CheckpointError(f"a zip archive of {len(entries):,} entries")
    limits = {
        CONFIG_NAME: MAX_CONFIG_BYTES,
        METADATA_NAME: MAX_CONFIG_BYTES,
        WEIGHTS_NAME: MAX_FILE_BYTES,
    }
    parts: dict[str, bytes] = {}
    for entry in entries:
        name = entry.filename
        if name not in limits:
            if name.rstrip("/") == "assets" and entry.is_dir():
                continue
            raise CheckpointError(f"zip entry {name!a}, which a model of known layers does not have")
        if name in parts:
            raise CheckpointError(f"zip entry {name!a} twice")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise CheckpointError(f"zip entry {name!a} is not a plain file")
        if entry.flag_bits & 1:
            raise CheckpointError(f"zip entry {name!a} is encrypted")
        # Keras stores its entries as they are; a repacked archive shrinks weights by a few times at most.
        if entry.file_size > min(limits[name], MAX_EXPANSION * entry.compress_size + 2**16):
            raise CheckpointError(f"zip entry {name!a} declares {entry.file_size:,} bytes")
        parts[name] = _read_entry(archive, entry)
    missing = {CONFIG_NAME, WEIGHTS_NAME} - parts.keys()
    if missing:
        raise CheckpointError(f"a zip archive without {min(missing)}: not a .keras file")
    return parts


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise CheckpointError(f"zip entry {entry.filename!a} is not as long as it says")
    return content


def parse_json(text: str | bytes, name: str) -> dict[str, Any]:
    """The JSON object in ``text``. Raises CheckpointError, naming ``name``, where it is none."""
    if len(text) > MAX_CONFIG_BYTES:
        raise CheckpointError(f"{name} has {len(text):,} bytes")
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise CheckpointError(f"{name} is nested too deep") from error
    except ValueError as error:  # also digits without end, and bytes that are not UTF-8
        raise CheckpointError(f"{name} is not JSON") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{name} is not a JSON object")
    return value
