"""What a sweep trains: a run for each network, setting and seed, and which of them belong together."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from eip_cli.foundation.errors import RunError
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import show_setting
from eip_cli.runs.run_directory import label_model

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


def plan_runs(
    networks: Sequence[TrainConfig], seeds: Sequence[int], settings: Mapping[str, Sequence[Any]]
) -> list[tuple[str, TrainConfig]]:
    """A training for each network, each combination of ``settings`` (field -> values) and each seed.

    Each with a label of its network and settings. Raises TrainingError where a value is no possible one.
    """
    planned = []
    for config, *values in itertools.product(networks, *settings.values()):
        chosen = dict(zip(settings, values, strict=True))
        label = "-".join(
            [label_model(config.model), *(f"{name}={show_setting(value)}" for name, value in chosen.items())]
        )
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
    return ", ".join([label, *(f"{name} {show_setting(settings[name])}" for name in differing)])
