"""The runs of a sweep's configuration -> a sample of accuracies, or why they are none.

Averages and intervals mean something only over trainings that differ by their seeds alone, so
every run is held against the plan, against its own history and against the others first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.history import EpochRow
from eip_cli.runs.provenance import computing_settings
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import HISTORY_FILE
from eip_cli.sweeps.plan import INCIDENTAL, Configuration, PlannedRun, group_runs
from eip_cli.sweeps.sweep_directory import Sweep

from .record_checks import find_contradictions, read_history_if_any


@dataclass(frozen=True)
class FinishedRun:
    """A run that has all its epochs: what was planned, recorded, and logged (None: no readable log)."""

    planned: PlannedRun
    record: RunRecord
    history: tuple[EpochRow, ...] | None


@dataclass(frozen=True)
class Sample:
    """The finished runs of a configuration. ``faults`` say why they cannot be averaged, if they cannot.

    ``unfinished`` holds the planned runs that have not ended: name and status, ``planned`` where there
    is no record yet. ``config`` is the plan's; its seed means nothing.
    """

    sweep: Path
    name: str
    config: TrainConfig
    runs: tuple[FinishedRun, ...]
    unfinished: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Test accuracies (fractions), one a run; empty where they cannot be averaged.

        With a validation split that of the best checkpoint by the held-out images, measured once;
        else that of the last epoch.
        """
        return self._collect(test_accuracy_of)

    @property
    def final_accuracies(self) -> tuple[float, ...]:
        """Accuracies of the last epoch on the images that each run validated on, as ``accuracies``."""
        return self._collect(lambda record: record.final_accuracy)

    def _collect(self, read: Callable[[RunRecord], float | None]) -> tuple[float, ...]:
        found = [] if self.faults else [read(run.record) for run in self.runs]
        return tuple(accuracy for accuracy in found if accuracy is not None)

    @property
    def n_planned(self) -> int:  # noqa: D102
        return len(self.runs) + len(self.unfinished)

    @property
    def seeds(self) -> tuple[int, ...]:  # noqa: D102
        return tuple(run.record.config.seed for run in self.runs)

    @property
    def record(self) -> RunRecord | None:
        """A record to read what all of them share."""
        return self.runs[0].record if self.runs else None


def test_accuracy_of(record: RunRecord) -> float | None:
    """The final accuracy on the test images; None where the record has none."""
    return record.final_accuracy if record.config.validation_split is None else record.test_accuracy


def read_samples(sweep: Sweep) -> list[Sample]:
    """A sample for each configuration of ``sweep``, in the plan's order.

    Raises RunError where the plan or a record is damaged.
    """
    return [_read_sample(sweep, configuration) for configuration in group_runs(sweep.read_plan())]


def _read_sample(sweep: Sweep, configuration: Configuration) -> Sample:
    finished, unfinished = [], []
    for planned, record in zip(configuration.runs, sweep.read_records(configuration.runs), strict=True):
        if record is None or record.status != "finished":
            unfinished.append((planned.name, record.status if record else "planned"))
        else:
            finished.append(FinishedRun(planned, record, read_history_if_any(sweep.run_of(planned))))
    return Sample(
        sweep=sweep.path,
        name=configuration.name,
        config=configuration.runs[0].config,
        runs=tuple(finished),
        unfinished=tuple(unfinished),
        faults=(*(fault for run in finished for fault in _check_run(run)), *_check_together(finished)),
    )


def _check_run(run: FinishedRun) -> list[str]:
    """Where a run is not the training that was planned, or its record not true."""
    record, planned = run.record, run.planned
    faults = []
    wanted = planned.config.to_dict()
    for name, value in record.config.to_dict().items():
        if value != wanted[name] and (name == "seed" or name not in INCIDENTAL):
            faults.append(f"its {name} is {value!r}, not {wanted[name]!r} as planned")
    if record.sha256.get(record.config.model) != planned.source_sha256:
        faults.append("its network's file is not the one of the plan (its SHA-256 differs)")
    faults.extend(find_contradictions(record, run.history))
    if run.history is None:
        faults.append(f"it has no readable {HISTORY_FILE} to check its accuracy against")
    elif not len(run.history) == record.epochs_done == record.config.epochs:
        faults.append(
            f"it is called finished with {record.epochs_done} epochs recorded and {len(run.history)} "
            f"logged of {record.config.epochs}"
        )
    if not faults and None in (record.final_accuracy, test_accuracy_of(record)):
        faults.append("it has no final test accuracy")
    return [f"{planned.name}: {fault}" for fault in faults]


# What the runs of a configuration must have in common, and in words.
_COMMON: tuple[tuple[str, Callable[[RunRecord], Any]], ...] = (
    ("network files", lambda record: record.sha256.get(record.config.model)),
    ("numbers of parameters", lambda record: record.params),
    ("images (their fingerprints differ)", lambda record: record.dataset_fingerprint),
    ("numbers of training images", lambda record: record.train_images),
)


def _check_together(runs: Sequence[FinishedRun]) -> list[str]:
    """Where runs are not trainings of one thing, or one training counted more than once."""
    faults = []
    for first, run in ((runs[0], run) for run in runs[1:]):
        for what, read in _COMMON:
            if read(first.record) != read(run.record):
                faults.append(f"{first.planned.name} and {run.planned.name} have different {what}")
    seen: dict[tuple[str, Any], FinishedRun] = {}
    for run in runs:
        marks = _identify(run)
        earlier = next((seen[mark] for mark in marks if mark in seen), None)
        if earlier is not None:
            faults.append(f"{earlier.planned.name} and {run.planned.name} are one training, not two")
        for mark in marks:
            seen.setdefault(mark, run)
    return faults


def describe_conditions(records: Sequence[RunRecord]) -> list[str]:
    """What trainings of one thing were not alike in, by their records: versions, settings, machines."""
    conditions = [_list_conditions(record) for record in records]
    names = dict.fromkeys(name for one in conditions for name in one)
    found = []
    for name in names:
        values = dict.fromkeys(ascii(one.get(name)) for one in conditions)  # a stranger's text, escaped
        if len(values) > 1:
            found.append(f"{ascii(name)[1:-1]} {' and '.join(values)}")
    return found


def _list_conditions(record: RunRecord) -> dict[str, Any]:
    machine = {name: record.hardware.get(name) for name in ("processor", "accelerators")}
    settings = computing_settings(record.environment)
    return {**record.versions, **settings, **machine, "accelerated": record.accelerated}


def _identify(run: FinishedRun) -> list[tuple[str, Any]]:
    """What two trainings never share: seed, id, and losses and accuracies of all epochs.

    Even runs of the same accuracy differ in the digits of their losses if their seeds do; a copy of a
    run with another seed written into it does not.
    """
    marks: list[tuple[str, Any]] = [("seed", run.record.config.seed), ("id", run.record.id)]
    if run.history:
        log = tuple((row.loss, row.accuracy, row.val_loss, row.val_accuracy) for row in run.history)
        marks.append(("log", log))
    return marks
