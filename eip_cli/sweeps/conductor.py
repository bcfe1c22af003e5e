"""A sweep from what is asked for to its last run: planned here, trained by workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eip_cli.datasets.dataset import limit_training_images, split_validation
from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.errors import RunError, TrainingError
from eip_cli.foundation.interruption import heeding_interruption
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config

from .plan import PlannedRun, SweepRequest, identify_run, name_run, plan_runs, require_planned
from .sweep_directory import Sweep
from .workers import SweepObserver, Workers

MOST_RUNS = 1000
DEFAULT_MODELS = ("separable",)
DEFAULT_SEEDS = tuple(range(5))


def extend_request(
    old: SweepRequest | None,
    models: Sequence[str] = (),
    seeds: Sequence[int] = (),
    settings: Mapping[str, Sequence[Any]] | None = None,
    given: Mapping[str, Any] | None = None,
) -> SweepRequest:
    """``old`` grown by more models, seeds and values; ``given`` are fields of TrainConfig for all runs.

    What is left out is as it was in ``old``, or by default. Raises TrainingError where a field is given
    for all runs and by values.
    """
    settings, given = settings or {}, given or {}
    if old is None:
        old = SweepRequest((), (), {}, TrainConfig())
        models, seeds = models or DEFAULT_MODELS, seeds or DEFAULT_SEEDS
    values = {
        name: _join(old.settings.get(name, ()), settings.get(name, ()))
        for name in _join(old.settings, settings)
    }
    if both := values.keys() & given.keys():
        raise TrainingError(f"{min(both)} is given for all runs and by values: give one of them")
    return SweepRequest(
        models=_join(old.models, models),
        seeds=_join(old.seeds, seeds),
        settings=values,
        config=replace(old.config, **given),
    )


def _join(
    one: Sequence[Any] | Mapping[Any, Any], other: Sequence[Any] | Mapping[Any, Any]
) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def plan_sweep(
    request: SweepRequest,
    old: Sequence[PlannedRun],
    workers: Workers,
    progress: DownloadProgress = SILENT,
) -> tuple[SweepRequest, tuple[PlannedRun, ...]]:
    """``old``, and a run for each training of ``request`` that it has not; models named for every folder.

    Every network is built here once, so that one which is unfit is known before anything is trained;
    a user's code runs. Raises an EipError where one is, where a setting's value is no possible one, or
    where a network's file has changed since ``old`` was planned.
    """
    from eip_cli.training.preparation import choose_pixels, open_network

    networks = [open_network(replace(request.config, model=model), progress) for model in request.models]
    opened = {located.model: network for located, network in networks}
    # As in a run that goes on: a plan from before there was a choice of pixels has 0-1 for every network.
    begun = {planned.config.model: planned.config.pixels for planned in old}
    pixels = {
        model: begun.get(model) or choose_pixels(request.config, network, progress)
        for model, network in opened.items()
    }
    configs = [replace(request.config, model=model) for model in opened]  # each once, however often named
    wanted = plan_runs(configs, request.seeds, request.settings)
    if len(wanted) > MOST_RUNS:
        raise TrainingError(f"that is {len(wanted):,} runs: at most {MOST_RUNS:,} are possible in one sweep")
    threads = request.config.threads or workers.share_threads(len(wanted))
    plan = [_move_images(planned, request.config.data_dir) for planned in old]
    known = {identify_run(planned.config) for planned in plan}
    for label, config in wanted:
        network = opened[config.model]
        _require_same_source(plan, config.model, network.source_sha256)
        full = resolve_config(
            replace(config, threads=threads),
            compiled=network.model.compiled,
            network=network.network,
            pixels=pixels[config.model],
        )
        if identify_run(full) not in known:
            name = name_run(label, full.seed, [planned.name for planned in plan])
            plan.append(PlannedRun(name, full, network.source_sha256))
    return replace(request, models=tuple(opened)), tuple(plan)


def _move_images(planned: PlannedRun, data_dir: str | None) -> PlannedRun:
    """A planned run whose images lie elsewhere now; whether they are the same its fingerprint will say."""
    return replace(planned, config=replace(planned.config, data_dir=data_dir)) if data_dir else planned


def _require_same_source(plan: Sequence[PlannedRun], model: str, sha256: str | None) -> None:
    if any(planned.config.model == model and planned.source_sha256 != sha256 for planned in plan):
        raise RunError(f"{model} has changed since the sweep was planned: start another")


def check_images(plan: Sequence[PlannedRun], progress: DownloadProgress = SILENT) -> None:
    """See that the images are here, and enough of them, before trainings ask for them side by side.

    Raises DataError where they cannot be had.
    """
    datasets = {}
    for config in {replace(planned.config, model="", threads=None): None for planned in plan}:
        place = (config.dataset, config.data_dir)
        if place not in datasets:
            folder = Path(config.data_dir) if config.data_dir else None
            datasets[place] = load_dataset(config.dataset, folder, progress)
        dataset = datasets[place]
        if config.limit_train is not None:
            dataset = limit_training_images(dataset, config.limit_train)
        if config.validation_split is not None:
            split_validation(dataset, config.validation_split, config.seed)


@dataclass(frozen=True)
class SweepOutcome:
    """How a sweep ended: a line for each failed run by its name, and whether a stop was asked for."""

    failures: Mapping[str, str]
    is_interrupted: bool = False


def run_sweep(sweep: Sweep, workers: Workers, observer: SweepObserver) -> SweepOutcome:
    """Train what is left of the plan; complete runs are not repeated, others continue where they stopped.

    A run directory that holds another training than is planned fails by itself; the others go on.
    """
    plan = sweep.read_plan()
    left = []
    for planned, record in zip(plan, sweep.read_records(plan), strict=True):
        try:
            if record is not None:
                require_planned(sweep.run_of(planned).path, record.config, planned)
        except RunError as error:
            observer.fail(planned.name, str(error))
            continue
        if record is None or not record.is_complete:
            left.append(planned)
    try:
        with heeding_interruption():
            workers.train(sweep, left, observer)
    except KeyboardInterrupt:
        return SweepOutcome(observer.failures, is_interrupted=True)
    return SweepOutcome(observer.failures)
