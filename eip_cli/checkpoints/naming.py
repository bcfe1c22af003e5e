"""MODEL and CHECKPOINT as the user names them -> the files that they mean."""

from dataclasses import dataclass
from pathlib import Path

from eip_cli.checkpoints.reading.architecture import ARCHITECTURE_ENDING
from eip_cli.checkpoints.reading.foreign import describe_folder
from eip_cli.foundation.errors import CheckpointError, RunError
from eip_cli.foundation.files import file_sha256
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.users_code import code_file, is_user_network, network_file
from eip_cli.networks.users_mistakes.missing_functions import is_incomplete, require_function_name
from eip_cli.runs.catalogue import find_run, is_run_id, list_runs
from eip_cli.runs.run_directory import BEST_FILE, RUNS_FOLDER, Run


@dataclass(frozen=True)
class ResolvedCheckpoint:
    """A model file, the run it belongs to if any, and a line for the user where a choice was made."""

    path: Path
    run: Run | None
    notice: str | None = None


def resolve_checkpoint(name: str) -> ResolvedCheckpoint:
    """The model file that ``name`` means: a file, or a run's best checkpoint.

    A bare file name that does not exist here is looked for in the runs, newest first.
    Raises CheckpointError or RunError where nothing fits.
    """
    path = Path(name)
    if path.is_file():
        return ResolvedCheckpoint(path, _run_around(path))
    foreign = describe_folder(path)
    if foreign:
        raise CheckpointError(f"{path} is {foreign}")
    if path.suffix in (".h5", ".keras", ARCHITECTURE_ENDING) and not path.is_dir():
        return _resolve_missing_file(path)
    run = find_run(name)
    best = run.path / BEST_FILE
    if not best.is_file():
        raise CheckpointError(f"{run.path} has no {BEST_FILE} yet: no epoch of it is complete")
    notice = f"{name} is {best}" if name == "latest" else None
    return ResolvedCheckpoint(best, run, notice)


def _run_around(path: Path) -> Run | None:
    run = Run(path.parent)
    try:
        run.read_record()
    except RunError:  # some other program's run.json, or none
        return None
    return run


def _resolve_missing_file(path: Path) -> ResolvedCheckpoint:
    if path.name == str(path):
        for run, _ in list_runs():
            if (run.path / path.name).is_file():
                found = run.path / path.name
                return ResolvedCheckpoint(found, run, f"no {path} here: taking {found}")
        raise CheckpointError(f"no file {path} here, nor in any run under {RUNS_FOLDER}/")
    raise CheckpointError(f"no file {path}")


def locate_source(spec: str) -> str:
    """``spec`` such that it means the same from every folder and at every time, for a run's record.

    A file becomes an absolute path, and so does ``latest``. Raises CheckpointError or RunError where
    there is no such checkpoint.
    """
    if spec in KNOWN_NETWORKS or not is_checkpoint_name(spec):
        require_function_name(spec)
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


def is_architecture_name(spec: str) -> bool:
    """Whether ``spec`` names a JSON file, which is a network without weights."""
    return not is_user_network(spec) and Path(spec).suffix.lower() == ARCHITECTURE_ENDING


def is_checkpoint_name(spec: str) -> bool:
    """Whether ``spec`` has the form of a checkpoint's name, or is that of a run."""
    if is_user_network(spec) or is_incomplete(spec):
        return False
    return bool(Path(spec).suffix) or Path(spec).exists() or spec == "latest" or is_run_id(spec)
