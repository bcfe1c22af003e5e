"""Model files: written whole, verified before they are read, rebuilt without running anything in them.

``.h5`` and ``.keras`` files of Keras 2 and 3, whole models or weights alone, all go one way:
the file's structure is checked, its configuration is read as data and rebuilt with Keras's
classes from an allow-list, and its weights are read into the result. Keras's own
``load_model`` is never called.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eip_cli.checkpoints.reading.architecture import read_architecture
from eip_cli.checkpoints.reading.containers import ModelFile, open_model_file
from eip_cli.checkpoints.reading.hdf5 import MAX_DATA_BYTES
from eip_cli.checkpoints.reading.stored_weights import assign_weights, count_stored_weights, match_weights
from eip_cli.checkpoints.rebuilding.losses import make_loss
from eip_cli.checkpoints.rebuilding.models import Rebuilt, rebuild_model, try_out
from eip_cli.foundation.backend import keras, use_default_settings
from eip_cli.foundation.errors import CheckpointError
from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.problem import Problem
from eip_cli.networks.layer_names import open_scopes_for_any_name, require_names_for_files

from .identification import PROBLEMS, Candidates, find_known_network

MODEL_ENDINGS = (".h5", ".keras")
MAX_MESSAGE_LENGTH = 400
FLOAT32_BYTES = 4


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A model read from a file.

    ``model`` is a plain Keras model, not compiled. ``network`` is the name of the known network
    whose architecture it has, or None. ``kind`` is ``h5`` or ``keras`` for a whole model and
    ``h5-weights`` for weights alone. ``loss`` is the file's crossentropy, which says whether the
    outputs are logits, or None where the file names none or another loss.
    """

    model: keras.Model
    network: str | None
    kind: str
    loss: keras.losses.Loss | None
    keras_version: str | None = None


def load_checkpoint(
    path: Path,
    *,
    candidates: Candidates,
    model: keras.Model | None = None,
    architecture: Path | None = None,
    trust: bool = False,
    problem: Problem | None = None,
) -> LoadedCheckpoint:
    """Read a model file of Keras 2 or 3: ``.h5``, ``.hdf5`` or ``.keras``, whole or weights alone.

    ``candidates`` are the known networks by name: a weights-only file is matched to them by
    shapes, as networks for ``problem``, or else for that of any data set. With ``model``, the
    weights are read into it, and the file's configuration is not used; ``architecture`` is a JSON
    file that describes such a network. ``trust`` allows layer types outside the known
    ones, made by Keras's own deserialiser in its safe mode (any built-in layer, and classes
    registered in this process; never code from the file); the checks of the file itself stay as
    they are.

    Raises CheckpointError, one line naming the file and what was found in it.
    """
    path = Path(path)
    described = _read_json(architecture) if architecture else None
    with _named(path), open_model_file(path) as file:
        return _load(file, candidates, described or model, trust, (problem,) if problem else PROBLEMS)


def load_architecture(path: Path, *, trust: bool = False) -> keras.Model:
    """The network that a JSON file describes (``model.to_json()`` of Keras 2 or 3), with initial weights.

    Raises CheckpointError, one line naming the file and what was found in it.
    """
    described = _read_json(Path(path))
    with _named(Path(path)):
        return described.build(MAX_DATA_BYTES // FLOAT32_BYTES, trust).model


@dataclass(frozen=True)
class _Described:
    """A network as a JSON file describes it, not built yet."""

    config: dict[str, Any]
    keras_version: str

    def build(self, weight_count: int, trust: bool) -> Rebuilt:
        return _rebuild(self.config, self.keras_version, weight_count, trust)


def _read_json(path: Path) -> _Described:
    with _named(path):
        return _Described(*read_architecture(path))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors of the block name the file that they are about, in one line."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(_one_line(f"{path}: {error}")) from error
    except MemoryError as error:
        raise CheckpointError(_one_line(f"{path}: takes more memory than there is")) from error


def save_model(model: keras.Model, path: Path | str, weights_only: bool = False) -> None:
    """Write ``model``, or its weights alone, to an ``.h5`` or ``.keras`` file: the whole file or none.

    Raises CheckpointError for another ending, and where the file or this model cannot be written; ModelError
    for a layer whose name no file can hold.
    """
    path = Path(path)
    if path.suffix not in MODEL_ENDINGS:
        raise CheckpointError(f"{path}: a model is written to a file that ends in .h5 or .keras")
    require_names_for_files(model, model.name)
    compiled = getattr(model, "_compile_config", None)
    settings = dict(compiled.config) if compiled is not None else {}
    try:
        with write_atomically(path) as aside, warnings.catch_warnings():
            # Keras warns of what another program could not read; this one tries it.
            warnings.simplefilter("ignore", UserWarning)
            if weights_only:
                _save_weights(model, aside)
            else:
                model.save(aside)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written ({error.strerror or error})") from error
    except Exception as error:  # a layer of one's own may fail to describe itself, by any error
        raise CheckpointError(_one_line(f"{path}: Keras cannot write this model: {error}")) from error
    finally:
        if compiled is not None:
            # Up to 3.15.1, Keras's .h5 writer removes the optimizer from the model's own record of
            # how it was compiled, and a .keras file written afterwards comes back with another one.
            compiled.config.update(settings)


def _save_weights(model: keras.Model, path: Path) -> None:
    named = path.with_suffix(".weights.h5")  # the one ending that Keras takes for weights
    try:
        model.save_weights(named)
        named.replace(path)
    finally:
        named.unlink(missing_ok=True)


def _load(
    file: ModelFile,
    candidates: Candidates,
    network: keras.Model | _Described | None,
    trust: bool,
    problems: Sequence[Problem],
) -> LoadedCheckpoint:
    weight_count = count_stored_weights(file.weights)
    if isinstance(network, _Described):
        rebuilt = network.build(weight_count, trust)
    elif network is not None:
        if network.count_params() != weight_count:
            try_out(network)  # an activation with weights of its own has them from its first numbers on
        rebuilt = Rebuilt(network, {})
    elif file.config is not None:
        rebuilt = _rebuild(file.config, file.keras_version, weight_count, trust)
    else:
        rebuilt = Rebuilt(_fitting_network(file, candidates, problems), {})
    matches = match_weights(file.weights, file.by_layer_name, rebuilt.model, rebuilt.layers_of)
    assign_weights(matches, rebuilt.model, rebuilt.layers_of)
    return LoadedCheckpoint(
        model=rebuilt.model,
        network=find_known_network(rebuilt.model, candidates),
        kind=file.kind,
        loss=make_loss(file.compile_config),
        keras_version=file.keras_version,
    )


def _is_keras_2(version: str | None) -> bool:
    return (version or "2").split(".")[0] == "2"


def _rebuild(config: dict[str, Any], keras_version: str | None, weight_count: int, trust: bool) -> Rebuilt:
    use_default_settings()
    rebuilt = rebuild_model(config, _is_keras_2(keras_version), weight_count, trust)
    open_scopes_for_any_name(rebuilt.model)
    return rebuilt


def _fitting_network(file: ModelFile, candidates: Candidates, problems: Sequence[Problem]) -> keras.Model:
    """The one known network that weights without a configuration fit, for the first problem that has one."""
    fitting: dict[str, keras.Model] = {}
    for problem in problems:
        fitting = fitting or _list_fitting(file, candidates, problem)
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    known = ", ".join(fitting or candidates)
    found = f"fits several networks ({known})" if fitting else f"fits none of the known networks ({known})"
    raise CheckpointError(f"holds weights alone, and {found}: name the network with --model")


def _list_fitting(file: ModelFile, candidates: Candidates, problem: Problem) -> dict[str, keras.Model]:
    fitting = {}
    for name, build in candidates.items():
        network = build(*problem)
        try:
            match_weights(file.weights, file.by_layer_name, network, Rebuilt(network, {}).layers_of)
        except CheckpointError:
            continue
        fitting[name] = network
    return fitting


def _one_line(message: str) -> str:
    """Names inside a file are a stranger's: no line breaks, no control characters, no end in sight."""
    text = "".join(character if character.isprintable() else " " for character in message)
    text = " ".join(text.split())
    return text if len(text) <= MAX_MESSAGE_LENGTH else f"{text[: MAX_MESSAGE_LENGTH - 3]}..."
