"""What a run came to and what made it, as rows of a name and a value."""

from typing import Any

from eip_cli.comparison.statistics import wilson_interval
from eip_cli.datasets.loading import COLLECTIONS
from eip_cli.display.formatting import format_percent, format_receptive_field
from eip_cli.networks.facts import ModelSummary
from eip_cli.recipes.configuration import OWN, TrainConfig
from eip_cli.recipes.train_command import portable_source

from .lettering import MARKDOWN, Lettering
from .run_results import Measured, RunResults

DATASET_NAMES = {
    **{name: collection.title for name, collection in COLLECTIONS.items()},
    "digits": "scikit-learn's handwritten digits",
}
BYTES_PER_GIB = 2**30
MOST_BYTES = 2**63


def format_measured(measured: Measured) -> str:
    """An accuracy with its interval: ``84.41% (83.69% to 85.11%)``."""
    if measured.interval is None:
        return format_percent(measured.accuracy)
    low, high = measured.interval
    return f"{format_percent(measured.accuracy)} ({format_percent(low)} to {format_percent(high)})"


def list_facts(results: RunResults, lettering: Lettering = MARKDOWN) -> list[list[str]]:
    """Accuracies, the network's totals, the training and its time, the machine, and the files."""
    return [
        *_list_accuracies(results),
        *_list_network(results, lettering),
        *_list_training(results, lettering),
        *_list_machine(results, lettering),
        *_list_files(results, lettering),
    ]


def _list_accuracies(results: RunResults) -> list[list[str]]:
    record, last, best = results.record, results.last, results.best
    dataset = DATASET_NAMES[record.config.dataset]
    held_out = record.config.validation_split is not None
    number = "" if results.validation_images is None else f"{results.validation_images:,} "
    images = f"{number}{'held-out training' if held_out else 'test'} images of {dataset}"
    final = f"{format_measured(last)} after epoch {last.epoch}"
    if results.final is None:
        final = f"none yet; {final} of {record.config.epochs}"
    rows = [
        ["Final validation accuracy", final],
        [
            "Best validation accuracy",
            f"{format_measured(best)} at epoch {best.epoch}, picked on the same images: too high",
        ],
        ["Measured on", f"{images}; in brackets Wilson's 95% interval"],
    ]
    if record.test_accuracy is not None:
        tested = format_percent(record.test_accuracy)
        if results.test_images:
            interval = wilson_interval(round(record.test_accuracy * results.test_images), results.test_images)
            tested = format_measured(Measured(best.epoch, record.test_accuracy, interval))
        rows.append(["Test accuracy", f"{tested} of {results.test_images:,} test images, once"])
    return rows


def _list_network(results: RunResults, lettering: Lettering) -> list[list[str]]:
    summary = results.summary
    return [
        ["Network", lettering.code(portable_source(results.record.config.model))],
        [
            "Parameters",
            f"{summary.total_params:,} ({summary.trainable_params:,} trainable, "
            f"{summary.non_trainable_params:,} not)",
        ],
        ["Receptive field", _describe_receptive_field(summary)],
    ]


def _describe_receptive_field(summary: ModelSummary) -> str:
    if summary.receptive_field_unknown and not summary.whole_image_seen:
        return "unknown"
    return format_receptive_field(summary.receptive_field, summary.whole_image_seen, "the whole image")


def _list_training(results: RunResults, lettering: Lettering) -> list[list[str]]:
    record, config = results.record, results.record.config
    rate = "its own" if config.learning_rate is None else f"{config.learning_rate:g}"
    seconds = results.train_seconds
    time = (
        f"{seconds:,.1f} s for {len(results.history)} epochs ({seconds / len(results.history):,.1f} s each)"
    )
    if record.images_per_second is not None:
        time += f", {record.images_per_second:,.0f} images/s in training steps"
    return [
        ["Trained on", f"{record.train_images:,} images of {DATASET_NAMES[config.dataset]}"],
        ["Data fingerprint", _show(record.dataset_fingerprint.get("unordered"), lettering)],
        ["Pixels", lettering.words(record.pixel_scale or str(config.pixels))],
        ["Seed", str(config.seed)],
        ["Batch size", str(config.batch_size)],
        ["Augmentation", lettering.words(", ".join(config.augment or ()) or "none")],
        ["Optimizer", _describe_optimizer(config)],
        ["Learning rate", f"{rate}, schedule {lettering.code(str(config.schedule))}"],
        ["Training time", time],
        ["Started", lettering.code(record.started)],
        ["Ended", lettering.code(str(record.ended)) if record.ended else "not yet"],
    ]


def _describe_optimizer(config: TrainConfig) -> str:
    if config.optimizer == OWN:
        return "the network's own"
    settings = {
        "weight decay": config.weight_decay,
        "gradient norm at most": config.clip_norm,
        "label smoothing": config.label_smoothing,
        "warm-up epochs": config.warmup,
        "weights averaged, keeping": config.average_weights,
    }
    words = [f"{name} {value:g}" for name, value in settings.items() if value]
    return ", ".join([f"{str(config.optimizer).capitalize()}, Keras's defaults", *words])


def _list_machine(results: RunResults, lettering: Lettering) -> list[list[str]]:
    record, hardware = results.record, results.record.hardware
    memory = hardware.get("memory_bytes")
    size = (
        f", {memory / BYTES_PER_GIB:.1f} GiB of memory"
        if isinstance(memory, int) and 0 < memory < MOST_BYTES
        else ""
    )
    cores = f"{_show(hardware.get('cores'), lettering)} cores, of which {record.config.threads} threads used"
    accelerators = hardware.get("accelerators")
    names = accelerators if isinstance(accelerators, list) else []
    versions = ", ".join(
        f"{lettering.code(name)} {_show(value, lettering)}" for name, value in record.versions.items()
    )
    return [
        ["Hardware", f"{_show(hardware.get('processor'), lettering)}, {cores}{size}"],
        ["Accelerators", ", ".join(_show(name, lettering) for name in names) or "none"],
        ["System", _show(hardware.get("system"), lettering)],
        ["Versions", versions or "not recorded"],
    ]


def _list_files(results: RunResults, lettering: Lettering) -> list[list[str]]:
    rows = [
        [lettering.code(name), f"SHA-256 {lettering.code(digest)}"]
        for name, digest in results.file_hashes.items()
    ]
    absent = [
        [lettering.code(name), "not in the run's folder, so not checked"] for name in results.missing_files
    ]
    return rows + absent


def _show(value: Any, lettering: Lettering) -> str:
    return "unknown" if value is None else lettering.code(str(value))
