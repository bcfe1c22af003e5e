"""Run directories: create one, record it, find one by name, and the files inside."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import CheckpointError, RunError, TrainingError
from .files import write_atomically
from .kinds import (
    Kind,
    is_count,
    is_flag,
    is_mapping,
    is_number,
    is_pair,
    is_plain_text,
    is_share,
    or_none,
)
from .protocol import TrainConfig

RUNS_FOLDER = Path("runs")
RECORD_FILE = "run.json"
HISTORY_FILE = "history.csv"
BEST_FILE = "checkpoint.h5"
FINAL_FILE = "final.h5"
CURVES_FILE = "curves.png"
STATE_FILE = "state.npz"
LOCK_FILE = ".lock"


@dataclass(frozen=True)
class RunRecord:
    """What ``run.json`` holds. Times are ISO 8601 in UTC; accuracies are fractions.

    ``final_accuracy`` and ``best_accuracy`` are measured on the images that ``selected_on``
    names; ``test_accuracy`` is there only with a validation split, and is the best checkpoint's.
    """

    id: str
    status: str
    config: TrainConfig
    started: str
    ended: str | None = None
    params: int = 0
    receptive_field: tuple[int, int] | None = None
    dataset_fingerprint: dict[str, str] = field(default_factory=dict)
    train_images: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    epochs_done: int = 0
    final_accuracy: float | None = None
    best_accuracy: float | None = None
    best_epoch: int | None = None
    test_accuracy: float | None = None
    train_seconds: float = 0.0
    images_per_second: float | None = None
    accelerated: bool = False
    deterministic: bool = False
    sha256: dict[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to train."""
        return self.status == "finished" and self.epochs_done == self.config.epochs

    def to_dict(self) -> dict[str, Any]:
        """The content of ``run.json``; what scripts ask for most stands at the top level too."""
        record = {item.name: getattr(self, item.name) for item in fields(self)}
        record["config"] = self.config.to_dict()
        for name in ("model", "dataset", "seed", "threads"):
            record[name] = getattr(self.config, name)
        record["selected_on"] = self.config.selected_on
        return record

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "RunRecord":
        """The record behind ``content``. Raises KeyError, TypeError, ValueError or TrainingError for none."""
        known = {item.name for item in fields(cls)}
        values = {name: value for name, value in content.items() if name in known}
        config_names = {item.name for item in fields(TrainConfig)}
        config = {name: value for name, value in content["config"].items() if name in config_names}
        values["config"] = TrainConfig(**config)
        for name, value in values.items():
            if not _KINDS[name](value):
                raise ValueError(f"{name} is not of its kind")
        if values.get("receptive_field") is not None:
            values["receptive_field"] = tuple(values["receptive_field"])
        return cls(**values)


def _is_resolved(config: TrainConfig) -> bool:
    texts = (config.model, config.schedule or "")
    return None not in (config.epochs, config.batch_size, config.threads) and all(map(is_plain_text, texts))


# What each field of a record is. Texts reach the terminal, numbers are formatted and compared.
_KINDS: dict[str, Kind] = {
    "config": _is_resolved,
    **dict.fromkeys(("id", "status", "started"), is_plain_text),
    "ended": or_none(is_plain_text),
    **dict.fromkeys(("params", "train_images", "epochs_done"), is_count),
    "receptive_field": or_none(is_pair),
    **dict.fromkeys(("dataset_fingerprint", "versions", "environment", "hardware", "sha256"), is_mapping),
    **dict.fromkeys(("final_accuracy", "best_accuracy", "test_accuracy"), or_none(is_share)),
    "best_epoch": or_none(is_count),
    "train_seconds": is_number,
    "images_per_second": or_none(is_number),
    **dict.fromkeys(("accelerated", "deterministic"), is_flag),
}


@dataclass(frozen=True)
class Run:
    """A run's directory."""

    path: Path

    @property
    def record_path(self) -> Path:  # noqa: D102
        return self.path / RECORD_FILE

    @property
    def state_path(self) -> Path:  # noqa: D102
        return self.path / STATE_FILE

    def read_record(self) -> RunRecord:
        """The run's record. Raises RunError where ``run.json`` is missing or damaged."""
        try:
            return RunRecord.from_dict(json.loads(self.record_path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise RunError(f"{self.path} is not a run: it has no {RECORD_FILE}") from None
        except OSError as error:
            raise RunError(f"cannot read {self.record_path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, TrainingError):
            raise RunError(f"{self.record_path} is damaged: it is not a run's record") from None

    def write_record(self, record: RunRecord) -> None:
        """Replace ``run.json`` whole."""
        text = json.dumps(record.to_dict(), indent=2) + "\n"
        with write_atomically(self.record_path) as aside:
            aside.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class ResolvedCheckpoint:
    """A model file, the run it belongs to if any, and a line for the user where a choice was made."""

    path: Path
    run: Run | None
    notice: str | None = None


def utc_now() -> str:
    """The time as run records hold it: ISO 8601, UTC, microseconds (they order runs)."""
    return datetime.now(UTC).isoformat()


def create_run(run_dir: Path | None, model: str, seed: int) -> Run:
    """A new, empty run directory: ``run_dir``, or a free name under ``runs/``.

    Raises RunError where ``run_dir`` exists or cannot be made.
    """
    if run_dir is not None and run_dir.exists():
        raise RunError(f"{run_dir} exists: name another --run-dir")
    try:
        if run_dir is None:
            RUNS_FOLDER.mkdir(exist_ok=True)
            return Run(make_free_directory(RUNS_FOLDER, _run_name(model, seed)))
        run_dir.parent.mkdir(parents=True, exist_ok=True)
        run_dir.mkdir()
        return Run(run_dir)
    except OSError as error:
        raise RunError(f"cannot make {run_dir or RUNS_FOLDER}: {error.strerror}") from None


def _run_name(model: str, seed: int) -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{label_model(model)}-seed{seed}"


def label_model(model: str) -> str:
    """A short name of a network, fit for a directory: its function's, its file's, or its own."""
    tail = model.rpartition(":")[2] if ":" in model else Path(model).stem
    return "".join(char if char.isalnum() else "-" for char in tail)


def make_free_directory(parent: Path, name: str) -> Path:
    """A new directory under ``parent``: ``name``, or ``name-2``, ... where that is taken."""
    attempt = 1
    while True:
        path = parent / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            path.mkdir()  # the one atomic step: two trainings started at once cannot both succeed
        except FileExistsError:
            attempt += 1
        else:
            return path


def list_runs(folder: Path = RUNS_FOLDER) -> list[tuple[Run, RunRecord]]:
    """The readable runs under ``folder``, the one started last first."""
    found = []
    for path in folder.glob(f"*/{RECORD_FILE}"):
        run = Run(path.parent)
        with suppress(RunError):  # a damaged neighbour must not hide the others
            found.append((run, run.read_record()))
    return sorted(found, key=lambda item: item[1].started, reverse=True)


def flatten_record(record: RunRecord) -> dict[str, Any]:
    """The record's simple facts and its configuration, in one level: what runs are sorted and picked by."""
    content = record.to_dict()
    facts = content | content["config"]
    return {name: value for name, value in facts.items() if not isinstance(value, dict | list | tuple)}


def select_runs(
    records: Sequence[RunRecord], where: Sequence[tuple[str, str]], sort: str | None
) -> list[RunRecord]:
    """The records whose facts read as ``where`` says (name, value), in the order of the fact ``sort``.

    A ``-`` before ``sort`` turns the order round; runs without that fact come last. Raises RunError
    for a name that is no fact of a run.
    """
    names = {name for record in records for name in flatten_record(record)}
    for name in (*(name for name, _ in where), *([sort.removeprefix("-")] if sort else [])):
        if records and name not in names:
            raise RunError(f"runs have no {name!r}: use one of {', '.join(sorted(names))}")
    chosen = [
        record
        for record in records
        if all(str(flatten_record(record)[name]) == value for name, value in where)
    ]
    if sort is None:
        return chosen
    fact = sort.removeprefix("-")
    known = [record for record in chosen if flatten_record(record)[fact] is not None]
    known.sort(key=lambda record: flatten_record(record)[fact], reverse=sort.startswith("-"))
    return known + [record for record in chosen if flatten_record(record)[fact] is None]


def is_run_id(name: str) -> bool:
    """Whether ``name`` is the id of a run under ``runs/``."""
    return bool(name) and (RUNS_FOLDER / name / RECORD_FILE).is_file()


def find_run(name: str) -> Run:
    """The run that ``name`` means: a run directory, an id under ``runs/``, or ``latest``.

    Raises RunError where there is none.
    """
    if name == "latest":
        newest = next(iter(list_runs()), None)
        if newest is None:
            raise RunError(f"no run under {RUNS_FOLDER}/ yet: start one with 'eip train'")
        return newest[0]
    if name and (Path(name) / RECORD_FILE).is_file():
        return Run(Path(name))
    if is_run_id(name):
        return Run(RUNS_FOLDER / name)
    if name and Path(name).is_dir():
        raise RunError(f"{name} is not a run: it has no {RECORD_FILE}")
    raise RunError(f"no run {name!r}: give a run directory, an id that 'eip runs' lists, or latest")


def resolve_checkpoint(name: str) -> ResolvedCheckpoint:
    """The model file that ``name`` means: a file, or a run's best checkpoint.

    A bare file name that does not exist here is looked for in the runs, newest first.
    Raises CheckpointError or RunError where nothing fits.
    """
    path = Path(name)
    if path.is_file():
        return ResolvedCheckpoint(path, _run_around(path))
    if path.suffix in (".h5", ".keras") and not path.is_dir():
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
