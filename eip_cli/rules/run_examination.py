"""A run's files, read and held against each other: what the report and the rules take as given.

The network is rebuilt from a checkpoint by the safe reader, accuracies come from ``history.csv``, and the
rest from ``run.json``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.checkpoints.opening import OpenedModel, open_checkpoint
from eip_cli.comparison.record_checks import NOT_CIFAR10, is_on_cifar10
from eip_cli.comparison.row import Comparison, compare
from eip_cli.comparison.statistics import wilson_interval
from eip_cli.datasets.loading import COLLECTIONS, load_dataset
from eip_cli.foundation.errors import RunError
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.graphs import list_calls
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.summary import summarize_model
from eip_cli.networks.users_code import is_user_network
from eip_cli.published.baseline import BASELINE_ACCURACY, baseline_for
from eip_cli.recipes.train_command import portable_source
from eip_cli.runs.history import EpochRow
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, Run

from .consistency import find_disagreements, hash_files, read_sound_history
from .subject import FinalAccuracy, Network, Subject, Training


@dataclass(frozen=True, eq=False)
class Examination:
    """What a run's files say.

    ``opened`` is its best checkpoint. ``validation_images`` is the number of images behind each validation
    accuracy, None where the record is at odds with the dataset. ``disagreements`` is what the files say
    against each other; ``file_hashes`` are SHA-256, None for a recorded file that is not there.
    """

    run: Run
    record: RunRecord
    history: tuple[EpochRow, ...]
    opened: OpenedModel
    summary: ModelSummary
    test_images: int
    validation_images: int | None
    disagreements: tuple[str, ...]
    file_hashes: dict[str, str | None]

    @property
    def is_complete(self) -> bool:
        """Whether all planned epochs are done."""
        return self.record.status == "finished" and len(self.history) == self.record.config.epochs

    @property
    def best(self) -> EpochRow:
        """The epoch with the highest validation accuracy, the first of several."""
        return max(self.history, key=lambda row: row.val_accuracy)


def examine_run(run: Run, trust: bool = False, network: str | None = None) -> Examination:
    """Read the files of ``run``, and hold them against each other; ``network`` builds its network, if given.

    Raises RunError or CheckpointError where its record, history or checkpoint is missing or damaged.
    """
    record, history = run.read_record(), read_sound_history(run)
    if not (run.path / BEST_FILE).is_file():  # a bare name would be looked for in other runs
        raise RunError(f"{run.path} has no {BEST_FILE}: there is no network to check")
    opened = open_checkpoint(str(run.path / BEST_FILE), network, trust)
    summary = summarize_model(opened.model, record.config.model)
    train_images, test_images = _count_images(record.config.dataset)
    images = _count_validation_images(record, train_images, test_images)
    hashes = hash_files(run, record)
    found = find_disagreements(record, history, hashes, opened.network, summary, images)
    return Examination(run, record, history, opened, summary, test_images, images, tuple(found), hashes)


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


def find_obstacle(record: RunRecord, dataset: str) -> str | None:
    """Why its validation accuracies are not those of the test images of ``dataset``; None where they are."""
    if record.config.dataset != dataset:
        if baseline_for(dataset) is not None:
            return f"{BASELINE_ACCURACY:.2%} is of CIFAR-10, this run of {record.config.dataset}"
        return f"the rules are of {dataset}, this run of {record.config.dataset}"
    if baseline_for(dataset) is not None and not is_on_cifar10(record):
        return f"its accuracies were {NOT_CIFAR10}"
    if record.config.validation_split is not None:
        return "its validation accuracies are of held-out training images, not of the test images"
    return None


def compare_history(examined: Examination, obstacle: str | None) -> Comparison:
    """The run's row beside the published ones, by its history and network instead of by its record."""
    last, best = examined.history[-1], examined.best
    return compare(
        examined.record.id,
        "run",
        last.val_accuracy if examined.is_complete and obstacle is None else None,
        params=examined.summary.total_params,
        receptive_field=examined.summary.receptive_field,
        whole_image_seen=examined.summary.whole_image_seen,
        model=examined.record.config.model,
        epochs=len(examined.history),
        best_accuracy=best.val_accuracy,
        best_epoch=best.epoch,
        selected_on=examined.record.config.selected_on,
    )


def describe_run(examined: Examination, dataset: str) -> Subject:
    """The run as rules of ``dataset`` see it, by what its own files say."""
    obstacle = find_obstacle(examined.record, dataset)
    last = examined.history[-1]
    is_final = examined.is_complete and obstacle is None
    interval = None
    if examined.validation_images is not None:
        interval = interval_of(last, examined.validation_images)
    return Subject(
        network=Network(tuple(list_calls(examined.opened.model)), examined.summary),
        training=describe_training(examined, obstacle),
        final=FinalAccuracy(
            last.val_accuracy,
            f"after epoch {last.epoch}",
            interval,
            compare_history(examined, obstacle) if baseline_for(dataset) is not None else None,
        )
        if is_final
        else None,
        no_final=obstacle or f"not finished: {last.val_accuracy:.2%} after epoch {last.epoch}",
    )


def describe_training(
    examined: Examination, obstacle: str | None, contradictions: Sequence[str] = ()
) -> Training:
    """The run's epochs as rules see them; ``contradictions`` are why they are not to be believed."""
    model = examined.record.config.model
    is_built = model in KNOWN_NETWORKS or is_user_network(model)
    assert examined.record.config.epochs is not None  # a record's configuration is a resolved one
    return Training(
        examined.history,
        examined.record.config.epochs,
        examined.is_complete,
        start=None if is_built else portable_source(model),
        obstacle=obstacle,
        doubt=f"the run contradicts itself: {contradictions[0]}" if contradictions else None,
    )


def interval_of(row: EpochRow, images: int) -> tuple[float, float]:
    """Wilson's 95% interval of an epoch's validation accuracy on so many images."""
    return wilson_interval(round(row.val_accuracy * images), images)
