"""Sweep directories: ``sweep.json``, the plan, and an ordinary run directory for each planned training.

What a sweep has come to is read from its runs; nothing of it is kept twice.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from eip_cli.foundation.errors import RunError, TrainingError
from eip_cli.foundation.files import is_leftover, write_atomically
from eip_cli.foundation.records import RecordError, parse_record
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import complete_old_config
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import LOCK_FILE, Run, make_free_directory

from .plan import PlannedRun, SweepRequest

SWEEPS_FOLDER = Path("sweeps")
PLAN_FILE = "sweep.json"
_DAMAGED = "damaged: it is not a sweep's plan"


# The two halves of ``sweep.json``: each is read without the other.
@dataclass(frozen=True)
class _WrittenPlan:
    runs: tuple[PlannedRun, ...]


@dataclass(frozen=True)
class _WrittenRequest:
    request: SweepRequest


Written = TypeVar("Written")


@dataclass(frozen=True)
class Sweep:
    """A sweep's directory."""

    path: Path

    @property
    def plan_path(self) -> Path:  # noqa: D102
        return self.path / PLAN_FILE

    def run_of(self, planned: PlannedRun) -> Run:
        """The run directory of a planned training, which may not exist yet."""
        return Run(self.path / planned.name)

    def read_records(self, runs: Sequence[PlannedRun]) -> list[RunRecord | None]:
        """The record of each of ``runs``, None where it has not begun.

        Raises RunError where one is damaged.
        """
        return [
            run.read_record() if (run := self.run_of(planned)).record_path.is_file() else None
            for planned in runs
        ]

    def read_plan(self) -> tuple[PlannedRun, ...]:
        """The planned trainings, in the order of the plan. Raises RunError where it is missing or damaged."""
        written = self._read(_WrittenPlan).runs
        plan = tuple(replace(planned, config=complete_old_config(planned.config)) for planned in written)
        has_own_names = len({planned.name.lower() for planned in plan}) == len(plan)
        if not (has_own_names and all(map(_is_harmless, plan))):
            raise RunError(f"{self.plan_path} is {_DAMAGED}")
        return plan

    def read_request(self) -> SweepRequest:
        """What the sweep was asked for so far. Raises RunError where the plan is missing or damaged."""
        request = self._read(_WrittenRequest).request
        if not _has_plain_texts(request.config):
            raise RunError(f"{self.plan_path} is {_DAMAGED}")
        return request

    def _read(self, kind: type[Written]) -> Written:
        try:
            return parse_record(self.plan_path.read_bytes(), kind)
        except FileNotFoundError:
            raise RunError(f"{self.path} is not a sweep: it has no {PLAN_FILE}") from None
        except OSError as error:
            raise RunError(f"cannot read {self.plan_path}: {error.strerror}") from None
        except RecordError as error:
            raise RunError(f"{error}, so {self.plan_path} is {_DAMAGED}") from None
        except TrainingError:  # whose words may be a stranger's
            raise RunError(f"{self.plan_path} is {_DAMAGED}") from None

    def write_plan(self, request: SweepRequest, plan: Sequence[PlannedRun]) -> None:
        """Replace ``sweep.json`` whole. Raises RunError where it cannot be written."""
        content = {"request": asdict(request), "runs": [asdict(planned) for planned in plan]}
        try:
            with write_atomically(self.plan_path) as aside:
                aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"cannot write {self.plan_path}: {error.strerror}") from None


def _is_harmless(planned: PlannedRun) -> bool:
    """A plan may come from a stranger: its runs stay inside its directory, its text off the terminal."""
    name = planned.name
    is_plain_name = name.isprintable() and Path(name).name == name and name not in ("", ".", "..")
    return is_plain_name and _has_plain_texts(planned.config)


def _has_plain_texts(config: TrainConfig) -> bool:
    return all(value.isprintable() for value in config.to_dict().values() if isinstance(value, str))


def find_sweep(name: str) -> Sweep | None:
    """The sweep that ``name`` means, a directory or an id under ``sweeps/``; None where it means none."""
    for path in (Path(name), SWEEPS_FOLDER / name):
        if name and (path / PLAN_FILE).is_file():
            return Sweep(path)
    return None


def is_unused(folder: Path) -> bool:
    """Whether ``folder`` holds nothing but what an interrupted start left."""
    return all(path.name == LOCK_FILE or is_leftover(path) for path in folder.iterdir())


def open_sweep(sweep_dir: Path | None) -> Sweep:
    """The sweep in ``sweep_dir``, made where there is none; for None a new one under ``sweeps/``.

    Raises RunError where the directory holds something else, or cannot be made.
    """
    try:
        if sweep_dir is None:
            SWEEPS_FOLDER.mkdir(exist_ok=True)
            return Sweep(make_free_directory(SWEEPS_FOLDER, f"{datetime.now(UTC):%Y%m%d-%H%M%S}"))
        sweep_dir.mkdir(parents=True, exist_ok=True)
        if not (sweep_dir / PLAN_FILE).is_file() and not is_unused(sweep_dir):
            raise RunError(f"{sweep_dir} exists and is not a sweep: name another --sweep-dir")
    except OSError as error:
        raise RunError(f"cannot make {sweep_dir or SWEEPS_FOLDER}: {error.strerror}") from None
    return Sweep(sweep_dir)
