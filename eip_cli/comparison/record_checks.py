"""What a run's record must be asked before its accuracy is compared: is it true, and of what training?"""

import math
from collections.abc import Sequence

from eip_cli.foundation.errors import RunError
from eip_cli.published.baseline import BASELINE_EPOCHS, CIFAR10_FINGERPRINT, baseline_for
from eip_cli.recipes.configuration import OWN, TrainConfig
from eip_cli.recipes.protocols import list_departures, resolve_config
from eip_cli.runs.history import EpochRow, read_history
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import HISTORY_FILE, RECORD_FILE, Run

# Times the share of one class, which a network is right in that gives every image the same answer; the
# largest class of all is MNIST's ones, 1.12 times its share.
NEAR_CHANCE = 1.2
# The networks of the experiment are above 25% in the first epoch of all of CIFAR-10, 391 steps.
STEPS_UNTIL_ABOVE_CHANCE = 300
HELD_OUT = "final is of held-out training images and not compared; test is of the best checkpoint, once"
ENDED_AT_CHANCE = "ended no better than guessing: says nothing of what the network can learn"
NOT_CIFAR10 = "measured on images that are not CIFAR-10's own 60,000"


def find_contradictions(record: RunRecord, history: tuple[EpochRow, ...] | None) -> list[str]:
    """What ``record`` says of its accuracies that is not what ``history`` says, if known."""
    if history is None:
        return []
    found = []
    last = history[-1].val_accuracy if history else None
    if record.final_accuracy is not None and record.final_accuracy != last:
        found.append(
            f"its {RECORD_FILE} says that it ended at {record.final_accuracy}, its {HISTORY_FILE} at {last}"
        )
    # A training that goes on has its history written before its record.
    if record.status != "finished" and len(history) != record.epochs_done:
        return found
    best = max(history, key=lambda row: row.val_accuracy, default=None)
    known = (best.val_accuracy, best.epoch) if best else (None, None)
    recorded = (record.best_accuracy, record.best_epoch)
    if record.best_accuracy is not None and recorded != known:
        found.append(
            "its {} says that it was best with {} at epoch {}, its {} with {} at epoch {}".format(
                RECORD_FILE, *recorded, HISTORY_FILE, *known
            )
        )
    return found


def read_history_if_any(run: Run) -> tuple[EpochRow, ...] | None:
    """The history of ``run``; None where it has none, or a damaged one."""
    try:
        return read_history(run.path / HISTORY_FILE)
    except RunError:
        return None


def is_at_chance(row: EpochRow, steps: int, dataset: str) -> bool:
    """Whether the network was still guessing in the epoch of ``row``, whose last step was the ``steps``-th.

    By the accuracy in training: in validation it is also low where moving averages have not settled.
    A plain network whose ReLUs have died stays there, with ten classes at a loss of ln 10 = 2.3026.
    """
    from eip_cli.datasets.loading import problem_of  # with NumPy, which a help text does without

    return steps >= STEPS_UNTIL_ABOVE_CHANCE and row.accuracy < NEAR_CHANCE / problem_of(dataset).classes


def has_ended_at_chance(record: RunRecord, history: Sequence[EpochRow] | None) -> bool:
    """Whether the last epoch of the run was no better than guessing; False where it is not known."""
    if not history or record.config.batch_size is None:
        return False
    steps_per_epoch = math.ceil(record.train_images / record.config.batch_size)
    return is_at_chance(history[-1], history[-1].epoch * steps_per_epoch, record.config.dataset)


def is_on_cifar10(record: RunRecord) -> bool:
    """Whether the run's images were CIFAR-10's own, by their fingerprint."""
    is_known = record.dataset_fingerprint.get("unordered") == CIFAR10_FINGERPRINT
    return baseline_for(record.config.dataset) is not None and is_known


def is_comparable(record: RunRecord) -> bool:
    """Whether the run's final accuracy may be held against 82.44%: it is of CIFAR-10's own test images."""
    return is_on_cifar10(record) and record.config.validation_split is None


def describe_recipe(config: TrainConfig) -> str | None:
    """In what the training departs from its network's own protocol, in a few words; None where in nothing."""
    default = resolve_config(
        TrainConfig(model=config.model, dataset=config.dataset), compiled=config.optimizer == OWN
    )
    departures = list_departures(config, default)
    words = [f"{name.replace('_', ' ')} {ours}" for name, (ours, _) in departures.items()]
    return f"another recipe than the network's own: {', '.join(words)}" if words else None


def describe_deviations(record: RunRecord) -> list[str]:
    """What makes the training of ``record`` unlike the published ones, its recipe aside."""
    config = record.config
    on_baseline_data = baseline_for(config.dataset) is not None
    deviations = [] if on_baseline_data else [f"trained on {config.dataset}"]
    if on_baseline_data and not is_on_cifar10(record):
        deviations.append(NOT_CIFAR10)
    if config.limit_train is not None:
        deviations.append(f"trained on {record.train_images:,} images only")
    if on_baseline_data and config.epochs != BASELINE_EPOCHS:
        deviations.append(f"trained for {config.epochs} epochs, not the {BASELINE_EPOCHS} of the published")
    return deviations
