"""Each known network's own protocol on a data set: what a training is where the user is silent."""

from dataclasses import dataclass, replace

from eip_cli.foundation.processor import available_threads

from .augmentation import parse_augmentation
from .configuration import OWN, TrainConfig
from .pixels import UNIT_PIXELS
from .schedules import OLD_NAMES


@dataclass(frozen=True)
class Protocol:
    """How a network is trained on a dataset unless the user says otherwise."""

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    optimizer: str = "adam"
    weight_decay: float | None = None
    augment: tuple[str, ...] = ()
    average_weights: float | None = None


# One cycle of AdamW on flipped and shifted images, as the recipe wall.
_ANNEALED = Protocol(50, 128, 0.01, "one-cycle", "adamw", 0.05, ("flip", "crop=3"))
# The same for a few minutes: less shifted, an early peak, and a mean of the weights, which is far above the
# last ones while the rate is high.
_QUICK = Protocol(12, 128, 0.012, "one-cycle=2", "adamw", 0.05, ("flip", "crop=2"), 0.995)
# The report's two trainings. A user's network is trained as the separable one is.
_CIFAR10 = {
    "separable": Protocol(epochs=50, batch_size=128, learning_rate=0.004, schedule="report"),
    "base": Protocol(epochs=50, batch_size=128, learning_rate=0.001, schedule="constant"),
    "residual": _ANNEALED,
    "quick": _QUICK,
}
# 1,438 training images: at batch 128, batch normalization's moving averages (momentum 0.99) would
# lag behind for dozens of epochs, so the batch is small.
_DIGITS = {
    "separable": Protocol(epochs=10, batch_size=16, learning_rate=0.004, schedule="report"),
    "base": Protocol(epochs=10, batch_size=16, learning_rate=0.001, schedule="constant"),
}
# 60,000 small images without colours: after ten epochs little is left to learn.
_MNIST = {
    "separable": Protocol(epochs=10, batch_size=128, learning_rate=0.004, schedule="report"),
    "base": Protocol(epochs=10, batch_size=128, learning_rate=0.001, schedule="constant"),
}
_PROTOCOLS = {
    "cifar10": _CIFAR10,
    "cifar100": _CIFAR10,
    "mnist": _MNIST,
    "fashion-mnist": _MNIST,
    "digits": _DIGITS,
}
# Where the user names an optimizer and no rate. Adam's are the protocols' own; the others' are usual ones.
_RATES = {"sgd": 0.1, "lion": 0.0004, "muon": 0.02}
_WEIGHT_DECAYS = {"adamw": 0.004, "muon": 0.004}  # Keras's defaults


def complete_old_config(config: TrainConfig) -> TrainConfig:
    """A resolved ``config`` as it would be written today: pixels were 0-1, and the optimizer Adam, unsaid."""
    schedule = config.schedule or ""
    return replace(
        config,
        pixels=config.pixels or UNIT_PIXELS.form,
        schedule=OLD_NAMES.get(schedule, config.schedule),
        optimizer=config.optimizer or (OWN if schedule == OWN else "adam"),
        augment=config.augment or (),
    )


def resolve_config(
    config: TrainConfig, compiled: bool = False, network: str | None = None, pixels: str = UNIT_PIXELS.form
) -> TrainConfig:
    """``config`` with every open field filled from the network's protocol on its dataset.

    ``compiled``: the network brings its own optimizer, whose learning rate is kept unless given.
    ``network``: the known network that a checkpoint holds. ``pixels``: what the network takes, by itself.
    """
    protocols = _PROTOCOLS[config.dataset]
    protocol = protocols.get(network or config.model, protocols["separable"])
    has_own = compiled and config.optimizer is None
    optimizer = config.optimizer or (OWN if has_own else protocol.optimizer)
    schedule = config.schedule or (OWN if has_own else protocol.schedule)
    rate = None if schedule == OWN else _RATES.get(optimizer, protocol.learning_rate)
    decay = protocol.weight_decay if optimizer == protocol.optimizer else _WEIGHT_DECAYS.get(optimizer)
    augment = protocol.augment if config.augment is None else config.augment
    average = protocol.average_weights if config.average_weights is None else config.average_weights
    return replace(
        config,
        epochs=config.epochs or protocol.epochs,
        batch_size=config.batch_size or protocol.batch_size,
        learning_rate=config.learning_rate or rate,
        schedule=OLD_NAMES.get(schedule, schedule),
        threads=config.threads or available_threads(),
        pixels=config.pixels or pixels,
        optimizer=optimizer,
        weight_decay=decay if config.weight_decay is None else config.weight_decay,
        augment=parse_augmentation(augment).texts,
        # That there is none is said by 0 where the protocol has one.
        average_weights=average or (None if protocol.average_weights is None else 0.0),
    )


# What makes the training of a network another than by its own protocol, its length and its images aside.
RECIPE_SETTINGS = (
    "batch_size",
    "learning_rate",
    "schedule",
    "pixels",
    "augment",
    "optimizer",
    "weight_decay",
    "label_smoothing",
    "clip_norm",
    "warmup",
    "average_weights",
)


def list_departures(config: TrainConfig, default: TrainConfig) -> dict[str, tuple[str, str]]:
    """The settings in which ``config`` differs from ``default``, by name: both values in words."""
    return {
        name: (show_setting(getattr(config, name)), show_setting(getattr(default, name)))
        for name in RECIPE_SETTINGS
        if getattr(config, name) != getattr(default, name)
    }


def show_setting(value: object) -> str:
    """A setting's value in words: ``flip+crop=4``, ``none``."""
    if isinstance(value, tuple):
        return "+".join(value) or "none"
    return "none" if value is None else str(value)
