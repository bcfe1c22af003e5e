"""Sweep directories: one training for each network, setting and seed, and the plan that says which.

A sweep is a directory that holds ``sweep.json``, the plan, and an ordinary run directory for each
planned training. What a sweep has come to is read from its runs; nothing of it is kept twice.
"""

import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import RunError, TrainingError
from .files import is_leftover, write_atomically
from .protocol import TrainConfig
from .runs import LOCK_FILE, Run, RunRecord, label_model, make_free_directory

SWEEPS_FOLDER = Path("sweeps")
PLAN_FILE = "sweep.json"

# What may differ between two runs of one configuration: the seed is what a configuration is
# averaged over, and the others change neither the mathematics nor the images.
INCIDENTAL = ("seed", "threads", "data_dir", "tensorboard", "trust")


@dataclass(frozen=True)
class PlannedRun:
    """A training of the plan: its directory's name, and its configuration with nothing left open.

    ``source_sha256`` is the hash of the file that a network of the user's came from when it was planned.
    """

    name: str
    config: TrainConfig
    source_sha256: str | None = None


@dataclass(frozen=True)
class SweepRequest:
    """What a sweep was asked for: ``models``, each with all values of ``settings`` and with each seed.

    ``config`` holds what all runs share; None in it means each network's own protocol. ``settings`` has
    values for fields of TrainConfig.
    """

    models: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: Mapping[str, tuple[Any, ...]]
    config: TrainConfig


@dataclass(frozen=True)
class Configuration:
    """A network with its settings, and the planned runs that differ by their seeds alone."""

    name: str
    runs: tuple[PlannedRun, ...]


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
        with self._reading() as content:
            plan = tuple(_read_planned(entry) for entry in content["runs"])
            if len({planned.name.lower() for planned in plan}) < len(plan):
                raise ValueError("each run has a directory of its own")
            return plan

    def read_request(self) -> SweepRequest:
        """What the sweep was asked for so far. Raises RunError where the plan is missing or damaged."""
        with self._reading() as content:
            request = content["request"]
            return SweepRequest(
                models=tuple(map(str, request["models"])),
                seeds=tuple(map(int, request["seeds"])),
                settings={str(name): tuple(values) for name, values in request["settings"].items()},
                config=_read_config(request["config"]),
            )

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        try:
            yield json.loads(self.plan_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(f"{self.path} is not a sweep: it has no {PLAN_FILE}") from None
        except OSError as error:
            raise RunError(f"cannot read {self.plan_path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError, TrainingError):
            raise RunError(f"{self.plan_path} is damaged: it is not a sweep's plan") from None

    def write_plan(self, request: SweepRequest, plan: Sequence[PlannedRun]) -> None:
        """Replace ``sweep.json`` whole. Raises RunError where it cannot be written."""
        content = {"request": asdict(request), "runs": [asdict(planned) for planned in plan]}
        try:
            with write_atomically(self.plan_path) as aside:
                aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"cannot write {self.plan_path}: {error.strerror}") from None


def _read_planned(entry: dict[str, Any]) -> PlannedRun:
    # A plan may come from a stranger: its runs stay inside its directory, its text off the terminal.
    name = entry["name"]
    if not name.isprintable() or Path(name).name != name or name in ("", ".", ".."):
        raise ValueError("a run's name is a plain one")
    return PlannedRun(name, _read_config(entry["config"]), entry["source_sha256"])


def _read_config(values: dict[str, Any]) -> TrainConfig:
    known = {item.name for item in fields(TrainConfig)}
    config = TrainConfig(**{name: value for name, value in values.items() if name in known})
    if not all(value.isprintable() for value in config.to_dict().values() if isinstance(value, str)):
        raise ValueError("a plan's texts are plain ones")
    return config


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


def plan_runs(
    networks: Sequence[TrainConfig], seeds: Sequence[int], settings: Mapping[str, Sequence[Any]]
) -> list[tuple[str, TrainConfig]]:
    """A training for each network, each combination of ``settings`` (field -> values) and each seed.

    Each with a label of its network and settings. Raises TrainingError where a value is no possible one.
    """
    planned = []
    for config, *values in itertools.product(networks, *settings.values()):
        chosen = dict(zip(settings, values, strict=True))
        label = "-".join([label_model(config.model), *(f"{name}={value}" for name, value in chosen.items())])
        planned += [(label, replace(config, **chosen, seed=seed)) for seed in seeds]
    return planned


def name_run(label: str, seed: int, taken: Collection[str]) -> str:
    """A directory's name that is none of ``taken``, on a disk that does not tell a from A too."""
    lower = {name.lower() for name in taken}
    for number in itertools.count(1):
        name = f"{label}{f'-{number}' if number > 1 else ''}-seed{seed}"
        if name.lower() not in lower:  # two networks of one name, from different files
            return name
    raise AssertionError("itertools.count ends")


def identify_run(config: TrainConfig) -> tuple[Any, ...]:
    """What makes a training the same as another: all that its bits follow from, but for its threads."""
    return (*_settings(config).items(), config.seed)


def require_planned(path: Path, config: TrainConfig, planned: PlannedRun) -> None:
    """Raise RunError where ``config``, that of the run in ``path``, is another training than ``planned``."""
    for name in (item.name for item in fields(TrainConfig)):
        recorded, wanted = getattr(config, name), getattr(planned.config, name)
        if recorded != wanted and (name == "seed" or name not in INCIDENTAL):
            raise RunError(f"{path} has {name} {recorded}, but {wanted} is planned")


def group_runs(plan: Sequence[PlannedRun]) -> tuple[Configuration, ...]:
    """The planned runs by configuration, each named after its network and what differs from the others."""
    groups: dict[tuple[Any, ...], list[PlannedRun]] = {}
    for planned in plan:
        groups.setdefault(tuple(_settings(planned.config).items()), []).append(planned)
    all_settings = [_settings(runs[0].config) for runs in groups.values()]
    names = [_name_configuration(settings, all_settings) for settings in all_settings]
    return tuple(Configuration(name, tuple(runs)) for name, runs in zip(names, groups.values(), strict=True))


def _settings(config: TrainConfig) -> dict[str, Any]:
    return {name: value for name, value in config.to_dict().items() if name not in INCIDENTAL}


def _name_configuration(settings: dict[str, Any], others: Sequence[dict[str, Any]]) -> str:
    label = label_model(settings["model"])
    alike = [other for other in others if label_model(other["model"]) == label]
    differing = [name for name in settings if len({str(other[name]) for other in alike}) > 1]
    return ", ".join([label, *(f"{name} {settings[name]}" for name in differing)])
