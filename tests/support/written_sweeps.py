"""Writes sweeps as trainings would have left them, with accuracies of one's choice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eip_cli.published.baseline import CIFAR10_FINGERPRINT
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.history import EpochRow, format_history
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import HISTORY_FILE, Run
from eip_cli.sweeps.plan import PlannedRun, SweepRequest
from eip_cli.sweeps.sweep_directory import Sweep, open_sweep

ANY_REQUEST = SweepRequest((), (), {}, TrainConfig())  # what a sweep was asked for does not matter here

FINGERPRINT = {"ordered": "made up", "unordered": CIFAR10_FINGERPRINT}
PARAMS = {"separable": 58_965, "base": 1_172_410}


def planned(model: str, seed: int, **settings: Any) -> PlannedRun:
    """A run of the plan, named after network, settings and seed."""
    label = "-".join([model, *(f"{name}={value}" for name, value in settings.items())])
    config = resolve_config(TrainConfig(model=model, seed=seed, threads=1, **settings))
    return PlannedRun(f"{label}-seed{seed}", config)


def history_to(accuracy: float, epochs: int, seed: int) -> tuple[EpochRow, ...]:
    """Epochs that rise to ``accuracy``; losses differ from seed to seed, as they do."""
    return tuple(
        EpochRow(
            epoch=epoch,
            learning_rate=0.004,
            loss=1 / epoch + seed / 1000,
            accuracy=0.9,
            val_loss=1.0 / epoch,
            val_accuracy=accuracy * (1 - 0.5**epoch if epoch < epochs else 1),
            seconds=13.0,
        )
        for epoch in range(1, epochs + 1)
    )


def write_run(sweep: Sweep, run: PlannedRun, accuracy: float | None, **changes: Any) -> Run:
    """A finished run that ended at ``accuracy`` on the test images; ``changes`` are of its record."""
    directory = sweep.run_of(run)
    directory.path.mkdir()
    epochs, held_out = run.config.epochs, run.config.validation_split
    assert epochs is not None
    history = history_to(accuracy or 0.5, epochs, run.config.seed)
    best = max(history, key=lambda row: row.val_accuracy)
    record = RunRecord(
        id=run.name,
        status="finished",
        config=run.config,
        started="2026-01-01T00:00:00+00:00",
        params=PARAMS.get(run.config.model, 1_000),
        receptive_field=(44, 44),
        dataset_fingerprint=FINGERPRINT,
        train_images=run.config.limit_train or 50_000,
        epochs_done=epochs,
        final_accuracy=history[-1].val_accuracy,
        best_accuracy=best.val_accuracy,
        best_epoch=best.epoch,
        test_accuracy=accuracy if held_out else None,
    )
    directory.write_record(replace(record, **changes))
    (directory.path / HISTORY_FILE).write_text(format_history(history))
    return directory


def write_sweep(
    path: str,
    accuracies: Mapping[str, Sequence[float | None]],
    changes: dict[str, Any] | None = None,
    **settings: Any,
) -> Sweep:
    """A sweep in ``path``: a configuration a network, a seed an accuracy (None: planned, not begun).

    ``settings`` are of all configurations, ``changes`` of all records.
    """
    sweep = open_sweep(Path(path))
    plan = {}
    for model, values in accuracies.items():
        for seed, accuracy in enumerate(values):
            plan[planned(model, seed, **settings)] = accuracy
    sweep.write_plan(ANY_REQUEST, list(plan))
    for run, accuracy in plan.items():
        if accuracy is not None:
            write_run(sweep, run, accuracy, **(changes or {}))
    return sweep
