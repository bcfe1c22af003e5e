"""What a training is asked to be, and each known network's own answer where the user is silent."""

import os
from dataclasses import asdict, dataclass, replace
from typing import Any

from .errors import TrainingError
from .kinds import Kind, is_flag, is_number, is_text, is_whole_number, or_none

DATASETS = ("cifar10", "digits")

# Settings of Keras, TensorFlow, oneDNN, XLA and JAX that change what a training computes, by the beginnings
# of their names. Threads and devices are not among them: a run records those that it had.
SETTING_PREFIXES = (
    "KERAS_BACKEND",
    "TF_CPU_",
    "TF_ENABLE_",
    "TF_DETERMINISTIC",
    "TF_ONEDNN_",
    "TF_XLA_",
    "ONEDNN_",
    "DNNL_",
    "XLA_",
    "JAX_",
)


def describe_environment() -> dict[str, str]:
    """The environment's settings in force that change what a training computes."""
    return {name: os.environ[name] for name in sorted(os.environ) if name.startswith(SETTING_PREFIXES)}


@dataclass(frozen=True)
class Protocol:
    """How a network is trained on a dataset unless the user says otherwise; Adam throughout."""

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str


# The report's two trainings. A user's network is trained as the separable one is.
_CIFAR10 = {
    "separable": Protocol(epochs=50, batch_size=128, learning_rate=0.004, schedule="kinked"),
    "base": Protocol(epochs=50, batch_size=128, learning_rate=0.001, schedule="constant"),
}
# 1,438 training images: at batch 128, batch normalization's moving averages (momentum 0.99) would
# lag behind for dozens of epochs, so the batch is small.
_DIGITS = {
    "separable": Protocol(epochs=10, batch_size=16, learning_rate=0.004, schedule="kinked"),
    "base": Protocol(epochs=10, batch_size=16, learning_rate=0.001, schedule="constant"),
}
OWN_SCHEDULE = "own"


@dataclass(frozen=True)
class TrainConfig:
    """A training in full once resolved; None means the network's own protocol decides.

    ``limit_train`` keeps that many training images; ``validation_split`` is the fraction of
    training images held out for validation, and None validates on the test images, as the
    report did. ``learning_rate`` is the first epoch's. ``schedule`` is a name of SCHEDULES, or
    ``own`` for a network that comes compiled with an optimizer of its own. ``trust`` admits unknown
    layers where ``model`` is a checkpoint.
    """

    model: str = "separable"
    dataset: str = "cifar10"
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    seed: int = 0
    threads: int | None = None
    limit_train: int | None = None
    validation_split: float | None = None
    accelerate: bool = True
    tensorboard: bool = False
    data_dir: str | None = None
    trust: bool = False

    def __post_init__(self) -> None:
        for kind, (is_kind, names) in _KINDS.items():
            for name in names:
                value = getattr(self, name)
                _require(is_kind(value), f"{name} is {value!r}, which is no {kind}")
        _require(self.dataset in DATASETS, f"no dataset {self.dataset!r}: use {' or '.join(DATASETS)}")
        for name in ("epochs", "batch_size", "threads", "limit_train"):
            value = getattr(self, name)
            _require(value is None or value >= 1, f"{name} is {value}: at least 1 is needed")
        _require(0 <= self.seed < 2**32, f"seed is {self.seed}: 0 to {2**32 - 1} are possible")
        rate, split = self.learning_rate, self.validation_split
        _require(rate is None or rate > 0, f"learning_rate is {rate}: a positive number is needed")
        _require(split is None or 0 < split < 1, f"validation_split is {split}: it lies between 0 and 1")

    @property
    def selected_on(self) -> str:
        """The images that the best epoch is picked on: ``test`` or ``validation``."""
        return "test" if self.validation_split is None else "validation"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as they stand in ``run.json``."""
        return asdict(self)


# The kinds of a configuration's values: it may have been read from a file.
_KINDS: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "text": (is_text, ("model", "dataset")),
    "text or None": (or_none(is_text), ("schedule", "data_dir")),
    "whole number": (is_whole_number, ("seed",)),
    "whole number or None": (or_none(is_whole_number), ("epochs", "batch_size", "threads", "limit_train")),
    "number or None": (or_none(is_number), ("learning_rate", "validation_split")),
    "truth value": (is_flag, ("accelerate", "tensorboard", "trust")),
}


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise TrainingError(message)


def available_threads() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # absent on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_config(config: TrainConfig, compiled: bool = False, network: str | None = None) -> TrainConfig:
    """``config`` with every open field filled from the network's protocol on its dataset.

    ``compiled``: the network brings its own optimizer, whose learning rate is kept unless given.
    ``network``: the known network that a checkpoint holds.
    """
    protocols = _CIFAR10 if config.dataset == "cifar10" else _DIGITS
    protocol = protocols.get(network or config.model, protocols["separable"])
    schedule, rate = protocol.schedule, protocol.learning_rate
    return replace(
        config,
        epochs=config.epochs or protocol.epochs,
        batch_size=config.batch_size or protocol.batch_size,
        learning_rate=config.learning_rate or (None if compiled else rate),
        schedule=config.schedule or (OWN_SCHEDULE if compiled else schedule),
        threads=config.threads or available_threads(),
    )
