"""A training's life: begun or continued, epochs committed one by one, ended well.

The state file is the point of commitment (see state.py); history, checkpoints, curves and the
record follow from it, in that order, and are made again when a training is continued.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.foundation.backend import is_deterministic
from eip_cli.foundation.compiled_programs.keeping import share_compiled_programs
from eip_cli.foundation.errors import EipError, RunError
from eip_cli.foundation.files import file_sha256, remove_leftovers, write_atomically
from eip_cli.foundation.interruption import Interrupted, InterruptionGuard
from eip_cli.foundation.processor import processor_name
from eip_cli.networks.model import weights_swapped
from eip_cli.pictures.curves import draw_curves
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.history import EpochRow, format_history
from eip_cli.runs.locks import held_exclusively
from eip_cli.runs.provenance import computing_settings, describe_environment, describe_versions
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import (
    BEST_FILE,
    CURVES_FILE,
    FINAL_FILE,
    HISTORY_FILE,
    STATE_FILE,
    Run,
    create_run,
    utc_now,
)

from .loop.trainer import LabelledImages
from .observers import SILENT, TrainObserver
from .preparation import Prepared, prepare, require_same_images, require_same_network, start_record
from .state import TrainingState, read_state, write_state
from .tensorboard_log import EventLog

TENSORBOARD_FOLDER = "tensorboard"


def train_model(
    config: TrainConfig, run_dir: Path | str | None = None, observer: TrainObserver = SILENT
) -> tuple[Run, RunRecord]:
    """Train as ``config`` says, in this process, and write a run to ``run_dir`` (a free one under ``runs/``).

    Nothing is written before network and data are known to be fit for it. On the first Ctrl-C
    the run is left whole, with status ``interrupted``, and so is the record returned.
    Raises an EipError that says what to mend.
    """
    folder = None if run_dir is None else Path(run_dir)
    if folder is not None and folder.exists():
        raise RunError(f"{folder} exists: name another --run-dir")
    prepared = prepare(config, observer)
    run = create_run(folder, prepared.config.model, prepared.config.seed)
    record = start_record(run, prepared)
    with held_exclusively(run.path):
        run.write_record(record)
        return _run_session(run, record, prepared, None, observer)


def resume_training(
    run: Run, observer: TrainObserver = SILENT, changes: dict[str, Any] | None = None
) -> tuple[Run, RunRecord]:
    """Continue ``run`` after its last complete epoch, with its own configuration.

    ``changes``: fields of TrainConfig to set. ``epochs`` may rise; ``threads`` may differ, which the
    record then shows as not deterministic; ``data_dir`` may. Raises RunError where another field
    would change, or the run cannot be continued.
    """
    if not run.path.is_dir():
        raise RunError(f"no run {run.path}")
    with held_exclusively(run.path):
        record = run.read_record()
        state = read_state(run.state_path)
        config = _change_config(run, record.config, changes or {})
        assert config.epochs is not None  # run.json holds a resolved configuration
        # A training killed between its last epoch and its record has its end still to write.
        if record.status == "finished" and record.epochs_done >= config.epochs:
            raise RunError(
                f"{run.path} has all its {record.epochs_done} epochs: raise --epochs to continue it"
            )
        if record.test_accuracy is not None:
            raise RunError(f"{run.path} has used its test images, which it may do once: start another run")
        if state is None and record.epochs_done:
            raise RunError(f"{run.path} has lost its {STATE_FILE}: it cannot be continued")
        require_same_network(run, record)
        prepared = prepare(config, observer)
        require_same_images(run, record, prepared)
        record = replace(
            record,
            config=prepared.config,
            status="running",
            ended=None,
            final_accuracy=None,
            sha256={name: value for name, value in record.sha256.items() if name != FINAL_FILE},
            deterministic=_is_deterministic_again(record, prepared.config),
        )
        return _run_session(run, record, prepared, state, observer)


_CHANGEABLE = ("epochs", "threads", "data_dir")


def _change_config(run: Run, config: TrainConfig, changes: dict[str, Any]) -> TrainConfig:
    for name, value in changes.items():
        recorded = getattr(config, name)
        if name not in _CHANGEABLE and value != recorded:
            raise RunError(
                f"{run.path} was started with {name} {recorded}: it cannot be continued with {value}"
            )
    assert config.epochs is not None  # run.json holds a resolved configuration
    if changes.get("epochs", config.epochs) < config.epochs:
        raise RunError(f"{run.path} was started for {config.epochs} epochs: --epochs can only raise that")
    return replace(config, **changes)


def _is_deterministic_again(record: RunRecord, config: TrainConfig) -> bool:
    same_versions = describe_versions() == record.versions
    same_threads = config.threads == record.config.threads
    # Kernels are chosen by the processor, and add up in another order on another one.
    same_processor = processor_name() == record.hardware.get("processor")
    # So do TensorFlow's settings: oneDNN's kernels or its own, the graph optimizer, XLA.
    same_settings = computing_settings(describe_environment()) == computing_settings(record.environment)
    same = same_threads and same_versions and same_processor and same_settings
    return record.deterministic and same and is_deterministic()


def _run_session(
    run: Run, record: RunRecord, prepared: Prepared, state: TrainingState | None, observer: TrainObserver
) -> tuple[Run, RunRecord]:
    with InterruptionGuard() as guard:
        session = _Session(run, record, prepared, state)
        try:
            session.start(observer)
            try:
                session.train(observer, guard)
                session.finish("finished")
            except (Interrupted, KeyboardInterrupt):
                session.finish("interrupted")
        except BaseException as error:
            # Where the disk is full, the record of the failure may not fit either.
            with suppress(OSError, EipError):
                session.finish("failed")
            if isinstance(error, OSError):
                raise RunError(
                    f"cannot write to {run.path}: {error.strerror}; "
                    f"its {session.epochs_done} complete epochs are kept"
                ) from error
            raise
    return run, session.record


class _Session:
    """One process's part of a run: commits epochs, and writes the files that follow from them."""

    def __init__(self, run: Run, record: RunRecord, prepared: Prepared, state: TrainingState | None) -> None:
        self.run = run
        self.record = record
        self._prepared = prepared
        self._trainer = prepared.trainer
        self._state = state
        self._earlier_rates = state.step_rates if state else np.empty(0, dtype="float32")

    @property
    def epochs_done(self) -> int:
        return self._state.epochs_done if self._state else 0

    def start(self, observer: TrainObserver) -> None:
        """Take up the state of an earlier process, and make anew the files that follow from it."""
        remove_leftovers(self.run.path)
        if self._state is not None:
            (self.run.path / FINAL_FILE).unlink(missing_ok=True)  # it will no longer be the last epoch's
            try:
                self._trainer.restore(self._state)
            except ValueError:
                raise RunError(
                    f"{self.run.state_path} does not fit the network or optimizer of today's Keras"
                ) from None
            self._write_files(rewrite_best=True)
        observer.training_started(self.run, self.record, self._trainer.steps_per_epoch)

    def train(self, observer: TrainObserver, guard: InterruptionGuard) -> None:
        """Run the epochs that are left, committing each."""
        assert self._prepared.config.epochs is not None
        log = EventLog(self.run.path / TENSORBOARD_FOLDER) if self._prepared.config.tensorboard else None
        for epoch in range(self.epochs_done, self._prepared.config.epochs):
            row = self._trainer.run_epoch(epoch, observer, guard.check)
            is_best = self._commit(row)
            share_compiled_programs()
            if fault := self._trainer.describe_overflow():
                observer.notice(f"Epoch {row.epoch}: {fault}")
            if log:
                log.add(row)
            observer.epoch_done(row, is_best)
        assert self._state is not None
        self._save(self._trainer.resulting_weights, FINAL_FILE)
        self.record = replace(
            self.record,
            final_accuracy=self._state.history[-1].val_accuracy,
            test_accuracy=self._test_once(guard),
        )

    def finish(self, status: str) -> None:
        """Record how the training ended, and draw its curves."""
        self.record = replace(self.record, status=status, ended=utc_now())
        self.run.write_record(self.record)
        if self._state is not None:
            draw_curves(self._state.history, self.record.config, self.run.path / CURVES_FILE)

    def _commit(self, row: EpochRow) -> bool:
        earlier = self._state
        is_best = earlier is None or row.val_accuracy > earlier.best_row.val_accuracy
        reached = self._trainer.resulting_weights
        state = TrainingState(
            history=(*(earlier.history if earlier else ()), row),
            weights=self._trainer.weights,
            optimizer=self._trainer.optimizer_state,
            best_weights=reached if earlier is None or is_best else earlier.best_weights,
            best_epoch=row.epoch if earlier is None or is_best else earlier.best_epoch,
            step_rates=np.concatenate([self._earlier_rates, self._trainer.step_rates]),
            average=self._trainer.average_state,
        )
        write_state(self.run.state_path, state)
        self._state = state  # only now: what could not be written is not committed
        self._write_files(rewrite_best=is_best)
        return is_best

    def _write_files(self, rewrite_best: bool) -> None:
        """Write what follows from the state: best checkpoint, history, record."""
        state = self._state
        assert state is not None
        if rewrite_best:
            self._save(state.best_weights, BEST_FILE)
        with write_atomically(self.run.path / HISTORY_FILE) as aside:
            aside.write_bytes(format_history(state.history).encode())
        rates = state.step_rates
        self.record = replace(
            self.record,
            epochs_done=state.epochs_done,
            best_accuracy=state.best_row.val_accuracy,
            best_epoch=state.best_epoch,
            train_seconds=round(sum(row.seconds for row in state.history), 3),
            images_per_second=round(float(np.median(rates)), 1) if len(rates) else None,
        )
        self.run.write_record(self.record)

    def _save(self, weights: tuple[np.ndarray, ...], name: str) -> None:
        """Write a plain Keras model with ``weights``, compiled but without optimizer state."""
        model = self._prepared.opened.model
        path = self.run.path / name
        with weights_swapped(model, weights):
            save_model(model, path, self._prepared.rehearsal.weights_only)
        self.record = replace(self.record, sha256={**self.record.sha256, name: file_sha256(path)})

    def _test_once(self, guard: InterruptionGuard) -> float | None:
        """With a validation split: the best checkpoint's accuracy on the test images, measured just here."""
        if self._prepared.config.validation_split is None:
            return None
        assert self._state is not None
        dataset = self._prepared.dataset
        test = LabelledImages(dataset.test_images, dataset.test_labels)
        with weights_swapped(self._prepared.opened.model, self._state.best_weights):
            return self._trainer.measure(test, guard.check).accuracy
