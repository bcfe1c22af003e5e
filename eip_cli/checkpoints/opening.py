"""MODEL and CHECKPOINT as the user names them -> a Keras model and where it came from."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from eip_cli.datasets.loading import problem_of
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError, ModelError
from eip_cli.foundation.files import file_sha256
from eip_cli.foundation.problem import CIFAR10_PROBLEM, Problem
from eip_cli.networks.input_scaling import find_own_scaling
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import build_model
from eip_cli.networks.users_code import is_user_network
from eip_cli.networks.users_mistakes.missing_functions import require_function_name
from eip_cli.recipes.pixels import BYTE_PIXELS, UNIT_PIXELS
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, Run

from .checkpoint_file import load_architecture, load_checkpoint
from .code_run_before import note_code_run, places_of_code, was_code_run
from .identification import find_known_network
from .naming import hash_source, is_architecture_name, is_checkpoint_name, resolve_checkpoint


@dataclass(frozen=True)
class OpenedModel:
    """A Keras model, its name for tables, and what is known of the file that it came from.

    ``source_sha256`` is the hash of the checkpoint, or of the file with a user's network; None
    for the known networks. ``loss`` is the file's own where it holds a plain Keras one; ``network``
    the known network that the file's is; ``record`` that of the ``run`` whose checkpoint it is.
    """

    name: str
    model: keras.Model
    source_sha256: str | None = None
    path: Path | None = None
    run: Run | None = None
    loss: keras.losses.Loss | None = None
    network: str | None = None
    notice: str | None = None
    record: RunRecord | None = None

    @property
    def is_untrained(self) -> bool:
        """Whether the weights are fresh ones, and no file's."""
        return self.path is None or is_architecture_name(str(self.path))

    @property
    def is_as_recorded(self) -> bool:
        """Whether this is a checkpoint of a run, and not another than the run recorded."""
        if self.record is None or self.path is None or self.path.name not in (BEST_FILE, FINAL_FILE):
            return False
        return self.record.sha256.get(self.path.name) in (None, self.source_sha256)


def open_model(
    spec: str | Path, seed: int = 0, trust: bool = False, problem: Problem | None = None
) -> OpenedModel:
    """The model that ``spec`` means: a known network, a user's (whose code runs), or a checkpoint.

    ``problem`` is what a network is built for: CIFAR-10's unless given, or that of the checkpoint.
    Raises ModelError, CheckpointError or RunError where it cannot be had.
    """
    spec = str(spec)
    if spec in KNOWN_NETWORKS or is_user_network(spec):
        model = build_model(spec, seed, *(problem or CIFAR10_PROBLEM))
        return OpenedModel(spec, model, source_sha256=hash_source(spec))
    require_function_name(spec)
    if not is_checkpoint_name(spec):
        raise ModelError(
            f"no network, file or run {spec!r}: use {', '.join(KNOWN_NETWORKS)}, file.py:function, "
            "module:function, or a checkpoint"
        )
    if is_architecture_name(spec):
        return _open_architecture(spec, seed, trust)
    return open_checkpoint(spec, trust=trust, problem=problem)


def find_pixels(opened: OpenedModel) -> tuple[str, str | None]:
    """The form of pixels that a model was made for, as far as that is known, and what shows it, in words.

    A run's checkpoint was trained on those of its run. Else the network may show that it scales pixels
    itself, and takes them from 0 to 255; one that shows nothing is taken to want 0-1, and nothing is said.
    """
    if opened.record is not None and opened.is_as_recorded:
        pixels = opened.record.config.pixels
        assert pixels is not None  # a record's configuration is a resolved one
        return pixels, None
    shown = find_own_scaling(opened.model)
    return (UNIT_PIXELS.form, None) if shown is None else (BYTE_PIXELS.form, shown)


def _open_architecture(spec: str, seed: int, trust: bool) -> OpenedModel:
    path = Path(spec)
    keras.utils.set_random_seed(seed)
    model = load_architecture(path, trust=trust)
    known = find_known_network(model, KNOWN_NETWORKS)
    return OpenedModel(path.name, model, source_sha256=file_sha256(path), path=path, network=known)


def open_checkpoint(
    name: str, network: str | None = None, trust: bool = False, problem: Problem | None = None
) -> OpenedModel:
    """The checkpoint that ``name`` means; its weights read into ``network`` where that is given.

    ``network`` is a known one, a user's, or a JSON file of an architecture. A network is built for
    ``problem``, or else for that of the checkpoint's run.

    Raises CheckpointError, ModelError or RunError where it cannot be had.
    """
    found = resolve_checkpoint(name)
    record = found.run.read_record() if found.run else None
    if network is None and record is not None and record.needs_code:
        network = _require_known_code(found.path, record)
    architecture = Path(network) if network and is_architecture_name(network) else None
    if problem is None and record is not None:
        problem = problem_of(record.config.dataset)
    model = open_model(network, problem=problem).model if network and not architecture else None
    loaded = load_checkpoint(
        found.path,
        candidates=KNOWN_NETWORKS,
        model=model,
        architecture=architecture,
        trust=trust,
        problem=problem,
    )
    if network:
        _note_named_code(network, record)
    of_run = record.config.model if record else None
    return OpenedModel(
        name=network or of_run or loaded.network or found.path.name,
        model=loaded.model,
        source_sha256=file_sha256(found.path),
        path=found.path,
        run=found.run,
        # After the hash: a training that goes on writes its checkpoint first, and then its record.
        record=found.run.read_record() if found.run else None,
        loss=loaded.loss,
        network=loaded.network,
        notice=found.notice,
    )


def _require_known_code(path: Path, record: RunRecord) -> str:
    """The network whose code a run's checkpoint needs. Raises CheckpointError where it is not to be run.

    It may have been moved, and named by the user where it is now.
    """
    source = record.config.model
    sha256 = record.sha256.get(source)
    found = hash_source(source)
    if sha256 is not None and found == sha256 and was_code_run(source, sha256):
        return source
    function = source.rpartition(":")[2]
    for place in places_of_code(sha256) if isinstance(sha256, str) else ():
        if place.rpartition(":")[2] == function and hash_source(place) == sha256:
            return place
    once = f"(eip evaluate {shlex.quote(str(path))} --model ..., once)"
    if sha256 is None or found != sha256:
        state = "is not here" if found is None else "has changed since"
        raise CheckpointError(
            f"{path} needs the code of {source}, which {state}: name it with --model {once}"
        )
    raise CheckpointError(
        f"{path} needs the code of {source}, which was not run here before: if you trust it, name it "
        f"with --model {shlex.quote(source)} {once}"
    )


def _note_named_code(network: str, record: RunRecord | None) -> None:
    """Note that the user has named and run the code that a run's checkpoint needs."""
    if record is not None and record.needs_code and is_user_network(network):
        sha256 = hash_source(network)
        if sha256 is not None and sha256 == record.sha256.get(record.config.model):
            note_code_run(network, sha256)
