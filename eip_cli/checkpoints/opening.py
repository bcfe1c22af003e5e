"""MODEL and CHECKPOINT as the user names them -> a Keras model and where it came from."""

from dataclasses import dataclass
from pathlib import Path

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.foundation.files import file_sha256
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import build_model
from eip_cli.networks.users_code import is_user_network
from eip_cli.runs.run_directory import Run

from .checkpoint_file import load_architecture, load_checkpoint
from .identification import find_known_network
from .naming import hash_source, is_architecture_name, is_checkpoint_name, resolve_checkpoint


@dataclass(frozen=True)
class OpenedModel:
    """A Keras model, its name for tables, and what is known of the file that it came from.

    ``source_sha256`` is the hash of the checkpoint, or of the file with a user's network; None
    for the known networks. ``loss`` is the file's own where it holds a plain Keras one; ``network``
    the known network that the file's is.
    """

    name: str
    model: keras.Model
    source_sha256: str | None = None
    path: Path | None = None
    run: Run | None = None
    loss: keras.losses.Loss | None = None
    network: str | None = None
    notice: str | None = None


def open_model(spec: str, seed: int = 0, trust: bool = False) -> OpenedModel:
    """The model that ``spec`` means: a known network, a user's (whose code runs), or a checkpoint.

    Raises ModelError, CheckpointError or RunError where it cannot be had.
    """
    if spec in KNOWN_NETWORKS:
        return OpenedModel(spec, build_model(spec, seed))
    if is_user_network(spec):
        model = build_model(spec, seed)
        return OpenedModel(spec, model, source_sha256=hash_source(spec))
    if not is_checkpoint_name(spec):
        raise ModelError(
            f"no network, file or run {spec!r}: use {', '.join(KNOWN_NETWORKS)}, file.py:function, "
            "module:function, or a checkpoint"
        )
    if is_architecture_name(spec):
        return _open_architecture(spec, seed, trust)
    return open_checkpoint(spec, trust=trust)


def _open_architecture(spec: str, seed: int, trust: bool) -> OpenedModel:
    path = Path(spec)
    keras.utils.set_random_seed(seed)
    model = load_architecture(path, trust=trust)
    known = find_known_network(model, KNOWN_NETWORKS)
    return OpenedModel(path.name, model, source_sha256=file_sha256(path), path=path, network=known)


def open_checkpoint(name: str, network: str | None = None, trust: bool = False) -> OpenedModel:
    """The checkpoint that ``name`` means; its weights read into ``network`` where that is given.

    ``network`` is a known one, a user's, or a JSON file of an architecture.

    Raises CheckpointError, ModelError or RunError where it cannot be had.
    """
    found = resolve_checkpoint(name)
    architecture = Path(network) if network and is_architecture_name(network) else None
    model = build_model(network) if network and not architecture else None
    loaded = load_checkpoint(
        found.path, candidates=KNOWN_NETWORKS, model=model, architecture=architecture, trust=trust
    )
    of_run = found.run.read_record().config.model if found.run else None
    return OpenedModel(
        name=network or of_run or loaded.network or found.path.name,
        model=loaded.model,
        source_sha256=file_sha256(found.path),
        path=found.path,
        run=found.run,
        loss=loaded.loss,
        network=loaded.network,
        notice=found.notice,
    )
