"""A sweep from what is asked for to its last run: planned here, trained by workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .data import limit_training_images, load_dataset
from .download import SILENT, DownloadProgress
from .errors import TrainingError
from .protocol import TrainConfig, resolve_config
from .sweeps import PlannedRun, Sweep, plan_runs, require_planned
from .workers import Watch, Workers

MOST_RUNS = 1000


def plan_sweep(
    models: Sequence[str],
    seeds: Sequence[int],
    settings: Mapping[str, Sequence[Any]],
    config: TrainConfig,
    workers: Workers,
    progress: DownloadProgress = SILENT,
) -> tuple[PlannedRun, ...]:
    """A run for each of ``models``, each combination of ``settings`` and each seed, else as ``config`` says.

    Every network is built here once, so that one which is unfit is known before anything is trained;
    a user's code runs. Raises an EipError where one is, or a setting's value is no possible one.
    """
    from .preparation import open_network

    networks = [open_network(replace(config, model=model), progress) for model in models]
    opened = {located.model: network for located, network in networks}
    if len(opened) < len(models):
        raise TrainingError("a network is named twice: name each once, and --seeds for more runs of it")
    plan = plan_runs([located for located, _ in networks], seeds, settings)
    if len(plan) > MOST_RUNS:
        raise TrainingError(f"that is {len(plan):,} runs: at most {MOST_RUNS:,} are possible in one sweep")
    threads = config.threads or workers.share_threads(len(plan))
    resolved = []
    for planned in plan:
        network = opened[planned.config.model]
        full = resolve_config(
            replace(planned.config, threads=threads),
            compiled=network.model.compiled,
            network=network.network,
        )
        resolved.append(replace(planned, config=full, source_sha256=network.source_sha256))
    return tuple(resolved)


def check_images(plan: Sequence[PlannedRun], progress: DownloadProgress = SILENT) -> None:
    """See that the images are here, and enough of them, before trainings ask for them side by side.

    Raises DataError where they cannot be had.
    """
    config = plan[0].config  # all runs of a plan take the same images
    dataset = load_dataset(config.dataset, Path(config.data_dir) if config.data_dir else None, progress)
    for limit in filter(None, {planned.config.limit_train for planned in plan}):
        limit_training_images(dataset, limit)


@dataclass(frozen=True)
class SweepOutcome:
    """How a sweep ended: a line for each failed run by its name, and whether a stop was asked for."""

    failures: Mapping[str, str]
    is_interrupted: bool = False


def extend_plan(sweep: Sweep, new: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
    """Write ``new`` into the plan of ``sweep``, where what is planned already stays as it was.

    Raises RunError where a run is planned otherwise already.
    """
    old = {planned.name: planned for planned in sweep.read_plan()} if sweep.plan_path.is_file() else {}
    for planned in new:
        if planned.name in old:
            require_planned(sweep.run_of(planned).path, old[planned.name].config, planned)
    plan = (*old.values(), *(planned for planned in new if planned.name not in old))
    sweep.write_plan(plan)
    return plan


def run_sweep(sweep: Sweep, workers: Workers, watch: Watch) -> SweepOutcome:
    """Train what is left of the plan; complete runs are not repeated, others continue where they stopped.

    Raises RunError where a run directory holds another training than is planned.
    """
    plan = sweep.read_plan()
    left = []
    for planned, record in zip(plan, sweep.read_records(plan), strict=True):
        if record is not None:
            require_planned(sweep.run_of(planned).path, record.config, planned)
        if record is None or not record.is_complete:
            left.append(planned)
    try:
        return SweepOutcome(workers.train(sweep, left, watch))
    except KeyboardInterrupt:
        return SweepOutcome({}, is_interrupted=True)
