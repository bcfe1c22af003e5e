"""Runs -> what the assignment's report says of them, computed from each run's own files.

The network is rebuilt from the run's checkpoint by the safe reader, accuracies come from its
``history.csv``, and the rest from ``run.json``. Where these three do not agree, the results say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eip_cli.comparison.baseline_comparison import name_runs
from eip_cli.comparison.record_checks import ENDED_AT_CHANCE, describe_deviations, has_ended_at_chance
from eip_cli.comparison.row import Comparison
from eip_cli.foundation.backend import keras
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.graphs import list_calls
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.source_text.network_text import write_network_code
from eip_cli.published.baseline import BASELINE_DATASET, BASELINE_NETWORK
from eip_cli.recipes.train_command import describe_changes, write_train_command
from eip_cli.rules.rule_check import RuleCheck
from eip_cli.rules.rule_set import RuleSet
from eip_cli.rules.run_examination import (
    Examination,
    compare_history,
    describe_run,
    examine_run,
    find_obstacle,
    interval_of,
)
from eip_cli.runs.catalogue import find_run
from eip_cli.runs.history import EpochRow
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import Run


@dataclass(frozen=True)
class Measured:
    """An accuracy (a fraction) of one epoch, and its 95% interval where the number of images is known."""

    epoch: int
    accuracy: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class RunResults:
    """All that the report says of one run.

    ``name`` is its id, or its path where another run of the report has that id.
    ``final`` is None until all epochs are done. ``validation_images`` is their number, None where the
    record is at odds with the dataset. ``obstacle`` says why its accuracies are not to be held against
    82.44%, where they are not. ``differences`` is what makes the training unlike the published
    ones; ``disagreements`` is what the run's files say against each other. ``code`` builds the network
    in plain Keras, where it is a chain of Keras's layers.
    """

    run: Run
    name: str
    record: RunRecord
    history: tuple[EpochRow, ...]
    summary: ModelSummary
    channels_first: bool
    rules: tuple[RuleCheck, ...]
    comparison: Comparison
    obstacle: str | None
    test_images: int
    validation_images: int | None
    best: Measured
    last: Measured
    final: Measured | None
    train_seconds: float
    differences: tuple[str, ...]
    disagreements: tuple[str, ...]
    missing_files: tuple[str, ...]
    file_hashes: dict[str, str]
    code: str | None
    command: str
    source_sha256: str | None


@dataclass(frozen=True)
class Subject:
    """A run with its own section, and the runs of the base network on the same dataset."""

    results: RunResults
    baselines: tuple[RunResults, ...]


def find_runs(names: Sequence[str]) -> tuple[Run, ...]:
    """The runs that ``names`` mean, each once. Raises RunError where there is none."""
    found = {run.path.resolve(): run for run in map(find_run, names)}
    return tuple(found.values())


def assess_runs(runs: Sequence[Run], rules: RuleSet, trust: bool = False) -> tuple[Subject, ...]:
    """The subjects among ``runs``, in that order; a base run is one where no other run is on its dataset.

    Raises an EipError where a run's files are missing or damaged.
    """
    names = name_runs(runs)
    results = [replace(assess_run(run, rules, trust), name=names[run.path]) for run in runs]
    bases = [one for one in results if _is_base(one)]
    answered = {one.record.config.dataset for one in results if not _is_base(one)}
    return tuple(
        Subject(one, () if _is_base(one) else tuple(base for base in bases if _share_dataset(base, one)))
        for one in results
        if not (_is_base(one) and one.record.config.dataset in answered)
    )


def _is_base(results: RunResults) -> bool:
    return results.record.config.model == BASELINE_NETWORK


def _share_dataset(one: RunResults, other: RunResults) -> bool:
    return one.record.config.dataset == other.record.config.dataset


def assess_run(run: Run, rules: RuleSet, trust: bool = False) -> RunResults:
    """Everything the report says of ``run``, which is held against ``rules``.

    Raises RunError or CheckpointError where its record, history or checkpoint is missing or damaged.
    """
    examined = examine_run(run, trust)
    record, history, opened = examined.record, examined.history, examined.opened
    obstacle = find_obstacle(record, BASELINE_DATASET)
    last = _measure(history[-1], examined.validation_images)
    hashes = examined.file_hashes
    return RunResults(
        run=run,
        name=record.id,
        record=record,
        history=history,
        summary=examined.summary,
        channels_first=_is_channels_first(opened.model),
        rules=rules.check(describe_run(examined, rules.dataset)),
        comparison=compare_history(examined, obstacle),
        obstacle=obstacle,
        test_images=examined.test_images,
        validation_images=examined.validation_images,
        best=_measure(examined.best, examined.validation_images),
        last=last,
        final=last if examined.is_complete else None,
        train_seconds=sum(row.seconds for row in history),
        differences=tuple(_describe_differences(examined)),
        disagreements=examined.disagreements,
        file_hashes={name: digest for name, digest in hashes.items() if digest is not None},
        missing_files=tuple(name for name, digest in hashes.items() if digest is None),
        code=write_network_code(opened.model),
        command=write_train_command(record.config, opened.network),
        source_sha256=None
        if record.config.model in KNOWN_NETWORKS
        else record.sha256.get(record.config.model),
    )


def _is_channels_first(model: keras.Model) -> bool:
    return any(getattr(call.layer, "data_format", None) == "channels_first" for call in list_calls(model))


def _measure(row: EpochRow, images: int | None) -> Measured:
    return Measured(row.epoch, row.val_accuracy, None if images is None else interval_of(row, images))


def _describe_differences(examined: Examination) -> list[str]:
    """What makes the training unlike the published ones, and unlike its network's own protocol."""
    record, history = examined.record, examined.history
    config = record.config
    found = describe_deviations(record)
    if has_ended_at_chance(record, history):
        found.append(ENDED_AT_CHANCE)
    if not examined.is_complete:
        found.append(f"{record.status} after {len(history)} of {config.epochs} epochs")
    if config.validation_split is not None:
        found.append(
            f"a fraction of {config.validation_split:g} of the training images held out for validation"
        )
    return found + describe_changes(config, examined.opened.network)
