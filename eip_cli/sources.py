"""MODEL and CHECKPOINT as the user names them -> a Keras model and where it came from."""

from dataclasses import dataclass
from pathlib import Path

from .backend import keras
from .checkpoint import load_checkpoint
from .errors import ModelError, RunError
from .evaluation import Loss
from .files import file_sha256
from .model import KNOWN_NETWORKS, build_model, code_file, is_user_network, network_file
from .runs import Run, is_run_id, resolve_checkpoint


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
    loss: Loss | None = None
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
    if not _is_checkpoint(spec):
        raise ModelError(
            f"no network, file or run {spec!r}: use {', '.join(KNOWN_NETWORKS)}, file.py:function, "
            "module:function, or a checkpoint"
        )
    return open_checkpoint(spec, trust=trust)


def open_checkpoint(name: str, network: str | None = None, trust: bool = False) -> OpenedModel:
    """The checkpoint that ``name`` means; its weights read into ``network`` where that is given.

    Raises CheckpointError, ModelError or RunError where it cannot be had.
    """
    found = resolve_checkpoint(name)
    model = build_model(network) if network else None
    loaded = load_checkpoint(found.path, candidates=KNOWN_NETWORKS, model=model, trust=trust)
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


def locate_source(spec: str) -> str:
    """``spec`` such that it means the same from every folder and at every time, for a run's record.

    A file becomes an absolute path, and so does ``latest``. Raises CheckpointError or RunError where
    there is no such checkpoint.
    """
    if spec in KNOWN_NETWORKS or not _is_checkpoint(spec):
        path = network_file(spec)
        return f"{path.resolve()}:{spec.rpartition(':')[2]}" if path else spec
    return str(resolve_checkpoint(spec).path.resolve())


def hash_source(spec: str) -> str | None:
    """SHA-256 of the file behind ``spec``, none of whose code is run; None for the known networks."""
    if spec in KNOWN_NETWORKS:
        return None
    path = code_file(spec) if is_user_network(spec) else Path(spec)
    return file_sha256(path) if path is not None and path.is_file() else None


def require_source(spec: str, sha256: str | None, since: str) -> None:
    """Raise RunError where the file behind ``spec`` is not there, or is not the one of ``sha256`` any more.

    None of its code is run for that.
    """
    found = hash_source(spec)
    if found is None and sha256 is not None:
        raise RunError(f"{spec} is not on this machine: its code is needed")
    if found != sha256:
        raise RunError(f"{spec} has changed since {since}: train it anew")


def _is_checkpoint(spec: str) -> bool:
    if is_user_network(spec):
        return False
    return bool(Path(spec).suffix) or Path(spec).exists() or spec == "latest" or is_run_id(spec)
