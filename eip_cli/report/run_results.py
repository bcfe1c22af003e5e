"""Runs -> what the assignment's report says of them, computed from each run's own files.

The network is rebuilt from the run's checkpoint by the safe reader, accuracies come from its
``history.csv``, and the rest from ``run.json``. Where these three do not agree, the results say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eip_cli.checkpoints.opening import open_checkpoint
from eip_cli.comparison.baseline_comparison import name_runs
from eip_cli.comparison.record_checks import (
    ENDED_AT_CHANCE,
    NOT_CIFAR10,
    describe_deviations,
    has_ended_at_chance,
    is_on_cifar10,
)
from eip_cli.comparison.row import Comparison, compare
from eip_cli.comparison.statistics import wilson_interval
from eip_cli.datasets.loading import COLLECTIONS, load_dataset
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import RunError
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.graphs import list_calls
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.source_text.network_text import write_network_code
from eip_cli.networks.summary import summarize_model
from eip_cli.networks.users_code import is_user_network
from eip_cli.published.baseline import BASELINE_ACCURACY, BASELINE_NETWORK, baseline_for
from eip_cli.recipes.train_command import (
    describe_changes,
    portable_source,
    write_train_command,
)
from eip_cli.runs.catalogue import find_run
from eip_cli.runs.history import EpochRow
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, Run

from .consistency import find_disagreements, hash_files, read_sound_history
from .rules import RuleCheck, check_baseline, check_network, check_training


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


def assess_runs(runs: Sequence[Run], trust: bool = False) -> tuple[Subject, ...]:
    """The subjects among ``runs``, in that order; a base run is one where no other run is on its dataset.

    Raises an EipError where a run's files are missing or damaged.
    """
    names = name_runs(runs)
    results = [replace(assess_run(run, trust), name=names[run.path]) for run in runs]
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


def assess_run(run: Run, trust: bool = False) -> RunResults:
    """Everything the report says of ``run``.

    Raises RunError or CheckpointError where its record, history or checkpoint is missing or damaged.
    """
    record, history = run.read_record(), read_sound_history(run)
    if not (run.path / BEST_FILE).is_file():  # a bare name would be looked for in other runs
        raise RunError(f"{run.path} has no {BEST_FILE}: there is no network to check")
    opened = open_checkpoint(str(run.path / BEST_FILE), trust=trust)
    config = record.config
    assert config.epochs is not None
    summary = summarize_model(opened.model, config.model)
    train_images, test_images = _count_images(config.dataset)
    images = _count_validation_images(record, train_images, test_images)
    is_complete = _is_complete(record, history)
    obstacle = _find_obstacle(record)
    comparison = _compare(record, history, summary, obstacle)
    best = max(history, key=lambda row: row.val_accuracy)
    start = (
        None
        if config.model in KNOWN_NETWORKS or is_user_network(config.model)
        else portable_source(config.model)
    )
    last = _measure(history[-1], images)
    hashes = hash_files(run, record)
    return RunResults(
        run=run,
        name=record.id,
        record=record,
        history=history,
        summary=summary,
        channels_first=_is_channels_first(opened.model),
        rules=(
            *check_network(opened.model),
            check_training(history, config.epochs, is_complete, start),
            *check_baseline(history, comparison, obstacle),
        ),
        comparison=comparison,
        obstacle=obstacle,
        test_images=test_images,
        validation_images=images,
        best=_measure(best, images),
        last=last,
        final=last if is_complete else None,
        train_seconds=sum(row.seconds for row in history),
        differences=tuple(_describe_differences(record, history, opened.network)),
        disagreements=tuple(find_disagreements(record, history, hashes, opened.network, summary, images)),
        file_hashes={name: digest for name, digest in hashes.items() if digest is not None},
        missing_files=tuple(name for name, digest in hashes.items() if digest is None),
        code=write_network_code(opened.model),
        command=write_train_command(config, opened.network),
        source_sha256=None if config.model in KNOWN_NETWORKS else record.sha256.get(config.model),
    )


def _is_channels_first(model: keras.Model) -> bool:
    return any(getattr(call.layer, "data_format", None) == "channels_first" for call in list_calls(model))


def _count_images(dataset: str) -> tuple[int, int]:
    """The training and the test images of a whole dataset."""
    if dataset in COLLECTIONS:  # known without fetching them
        return sum(COLLECTIONS[dataset].train_counts), sum(COLLECTIONS[dataset].test_counts)
    loaded = load_dataset(dataset)
    return len(loaded.train_labels), len(loaded.test_labels)


def _count_validation_images(record: RunRecord, train_images: int, test_images: int) -> int | None:
    """How many images each validation accuracy is of: the test images, or what was held out."""
    if record.config.validation_split is None:
        return test_images
    held_out = min(train_images, record.config.limit_train or train_images) - record.train_images
    return held_out if held_out > 0 else None


def _measure(row: EpochRow, images: int | None) -> Measured:
    interval = None if images is None else wilson_interval(round(row.val_accuracy * images), images)
    return Measured(row.epoch, row.val_accuracy, interval)


def _compare(
    record: RunRecord, history: Sequence[EpochRow], summary: ModelSummary, obstacle: str | None
) -> Comparison:
    """The run's row beside the published ones, by its history and network instead of by its record."""
    best = max(history, key=lambda row: row.val_accuracy)
    is_complete = _is_complete(record, history)
    return compare(
        record.id,
        "run",
        history[-1].val_accuracy if is_complete and obstacle is None else None,
        params=summary.total_params,
        receptive_field=summary.receptive_field,
        whole_image_seen=summary.whole_image_seen,
        model=record.config.model,
        epochs=len(history),
        best_accuracy=best.val_accuracy,
        best_epoch=best.epoch,
        selected_on=record.config.selected_on,
    )


def _is_complete(record: RunRecord, history: Sequence[EpochRow]) -> bool:
    return record.status == "finished" and len(history) == record.config.epochs


def _find_obstacle(record: RunRecord) -> str | None:
    """Why the run's validation accuracies are not to be held against 82.44%; None where they may be."""
    if baseline_for(record.config.dataset) is None:
        return f"{BASELINE_ACCURACY:.2%} is of CIFAR-10, this run of {record.config.dataset}"
    if not is_on_cifar10(record):
        return f"its accuracies were {NOT_CIFAR10}"
    if record.config.validation_split is not None:
        return "its validation accuracies are of held-out training images, not of the test images"
    return None


def _describe_differences(record: RunRecord, history: Sequence[EpochRow], network: str | None) -> list[str]:
    """What makes the training unlike the published ones, and unlike its network's own protocol."""
    config = record.config
    found = describe_deviations(record)
    if has_ended_at_chance(record, history):
        found.append(ENDED_AT_CHANCE)
    if not _is_complete(record, history):
        found.append(f"{record.status} after {len(history)} of {config.epochs} epochs")
    if config.validation_split is not None:
        found.append(
            f"a fraction of {config.validation_split:g} of the training images held out for validation"
        )
    return found + describe_changes(config, network)
