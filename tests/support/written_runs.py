"""Runs that no training made."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.foundation.files import file_sha256
from eip_cli.published.baseline import CIFAR10_FINGERPRINT
from eip_cli.published.logs import PUBLISHED_RUNS, read_published_log
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.history import EpochRow, format_history
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, HISTORY_FILE, Run, create_run

SEPARABLE_LOG, BASE_LOG = (
    tuple(row["val_accuracy"] for row in read_published_log(run))
    for run in sorted(PUBLISHED_RUNS, key=lambda run: run.network, reverse=True)
)


def write_run(
    name: str,
    model: keras.Model,
    accuracies: tuple[float, ...] = SEPARABLE_LOG,
    *,
    config: TrainConfig = TrainConfig(model="net.py:tiny"),  # noqa: B008  # frozen
    folder: Path = Path("runs"),
    **facts: Any,
) -> Run:
    """A run in ``folder`` as a finished training leaves it; ``facts`` replace those of its record."""
    run = create_run(folder / name, "net", 0)
    save_model(model, run.path / BEST_FILE)
    shutil.copy(run.path / BEST_FILE, run.path / FINAL_FILE)
    history = tuple(
        EpochRow(epoch, 0.004, 1.5, 0.4, 1.6, accuracy, 13.0)
        for epoch, accuracy in enumerate(accuracies, start=1)
    )
    (run.path / HISTORY_FILE).write_text(format_history(history))
    best = max(history, key=lambda row: row.val_accuracy)
    digest = file_sha256(run.path / BEST_FILE)
    record = RunRecord(
        id=name,
        status="finished",
        config=resolve_config(replace(config, threads=2, epochs=config.epochs or len(history))),
        started="2026-01-01T00:00:00+00:00",
        ended="2026-01-01T01:00:00+00:00",
        params=model.count_params(),
        dataset_fingerprint={"unordered": CIFAR10_FINGERPRINT},
        train_images=50_000,
        epochs_done=len(history),
        final_accuracy=history[-1].val_accuracy,
        best_accuracy=best.val_accuracy,
        best_epoch=best.epoch,
        sha256={BEST_FILE: digest, FINAL_FILE: digest},
    )
    run.write_record(replace(record, **facts))
    return run
