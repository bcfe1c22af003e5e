"""Each known network's own protocol on a data set: what a training is where the user is silent."""

from dataclasses import dataclass, replace

from eip_cli.foundation.processor import available_threads

from .configuration import TrainConfig
from .pixels import UNIT_PIXELS


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


def complete_old_config(config: TrainConfig) -> TrainConfig:
    """A resolved ``config`` that was written before there was a choice of pixels: all networks had 0-1."""
    return config if config.pixels else replace(config, pixels=UNIT_PIXELS.form)


def resolve_config(
    config: TrainConfig, compiled: bool = False, network: str | None = None, pixels: str = UNIT_PIXELS.form
) -> TrainConfig:
    """``config`` with every open field filled from the network's protocol on its dataset.

    ``compiled``: the network brings its own optimizer, whose learning rate is kept unless given.
    ``network``: the known network that a checkpoint holds. ``pixels``: what the network takes, by itself.
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
        pixels=config.pixels or pixels,
    )
