"""A run's directory: its files by name, made once, its record read and replaced whole."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from eip_cli.foundation.errors import RunError, TrainingError
from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.records import RecordError

from .history import require_small
from .record import RunRecord, parse_run_record

RUNS_FOLDER = Path("runs")
RECORD_FILE = "run.json"
HISTORY_FILE = "history.csv"
BEST_FILE = "checkpoint.h5"
FINAL_FILE = "final.h5"
CURVES_FILE = "curves.png"
GALLERY_FILE = "gallery.png"
CONFUSION_FILE = "confusion_matrix.png"
STATE_FILE = "state.npz"
LOCK_FILE = ".lock"


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
        require_small(self.record_path)
        try:
            return parse_run_record(self.record_path.read_bytes())
        except FileNotFoundError:
            raise RunError(f"{self.path} is not a run: it has no {RECORD_FILE}") from None
        except OSError as error:
            raise RunError(f"cannot read {self.record_path}: {error.strerror}") from None
        except (RecordError, TrainingError) as error:
            raise RunError(f"{error}, so {self.record_path} is damaged: it is not a run's record") from None

    def write_record(self, record: RunRecord) -> None:
        """Replace ``run.json`` whole."""
        text = json.dumps(record.to_dict(), indent=2) + "\n"
        with write_atomically(self.record_path) as aside:
            aside.write_text(text, encoding="utf-8")


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
        raise RunError(
            f"cannot make {run_dir or RUNS_FOLDER}: {error.strerror}: name another --run-dir"
        ) from None


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
