"""The learning-rate range test of a network: several seeds, on training images alone, nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eip_cli.foundation.errors import TrainingError
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import build_model
from eip_cli.networks.users_code import is_user_network
from eip_cli.recipes.configuration import OWN, TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.recipes.train_command import write_train_command
from eip_cli.training.observers import SILENT, CountingObserver
from eip_cli.training.preparation import Prepared, prepare
from eip_cli.training.state import TrainingState

from .curves import Agreement, Explosion, RateCurve, compare_curves, count_ignored, read_curve

LOWEST_RATE, HIGHEST_RATE = 1e-5, 10.0
STEPS = 180  # thirty a decade


@dataclass(frozen=True, eq=False)
class RateTest:
    """A range test's outcome. ``suggested`` and ``command`` are None where no rate stands out."""

    model: str
    config: TrainConfig
    curves: tuple[RateCurve, ...]
    agreement: Agreement
    suggested: float | None
    command: str | None


def find_learning_rate(
    config: TrainConfig,
    seeds: Sequence[int] = (0, 1, 2),
    steps: int = STEPS,
    observer: CountingObserver = SILENT,
) -> RateTest:
    """Train ``steps`` steps at rates from 1e-5 to 10, in equal ratios, with each of ``seeds``.

    Each seed has weights of its own (but a checkpoint's, which stay) and other images in another order: those
    of epochs of its own of one training. Raises an EipError that says what to mend.
    """
    prepared = prepare(replace(config, seed=seeds[0], average_weights=0.0), observer)
    if prepared.config.optimizer == OWN:
        # What its schedule would make of a rate is its own affair; a number can be replaced, a schedule not.
        _require_free_rate(prepared)
    start = _Start(prepared)
    rates = np.geomspace(LOWEST_RATE, HIGHEST_RATE, steps).tolist()
    observer.start_steps(f"Trying rates on {len(prepared.train):,} training images", len(seeds) * steps)
    curves = []
    for place, seed in enumerate(seeds):
        start.take_up(seed)
        curves.append(_try_rates(prepared, place, seed, rates, observer))
    observer.finish()
    agreement = compare_curves(curves)
    suggested = None if agreement.steepest is None else float(f"{agreement.steepest:.2g}")
    command = None
    if suggested is not None:
        tried = replace(prepared.config, learning_rate=suggested, average_weights=config.average_weights)
        found = resolve_config(tried, network=prepared.opened.network)
        command = write_train_command(found, prepared.opened.network)
    return RateTest(prepared.opened.name, prepared.config, tuple(curves), agreement, suggested, command)


class _Start:
    """What a training begins with, to begin again: the network's weights and the optimizer's state."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._optimizer = tuple(array.copy() for array in prepared.trainer.optimizer_state)
        self._weights = tuple(array.copy() for array in prepared.trainer.weights)

    def take_up(self, seed: int) -> None:
        """Begin anew with the weights of ``seed``, without another trace of the step."""
        model = self._prepared.config.model
        weights = self._weights
        if model in KNOWN_NETWORKS or is_user_network(model):
            network = build_model(model, seed, *self._prepared.dataset.problem)
            weights = tuple(np.asarray(weight) for weight in network.weights)
        state = TrainingState((), weights, self._optimizer, (), 0, np.empty(0))
        self._prepared.trainer.restore(state)


def _try_rates(
    prepared: Prepared, place: int, seed: int, rates: list[float], observer: CountingObserver
) -> RateCurve:
    """The curve of ``seed``, the one at ``place`` of all."""
    trainer = prepared.trainer
    epochs_a_seed = -(-len(rates) // trainer.steps_per_epoch)
    explosion = Explosion(len(rates))
    losses: list[float] = []
    for loss in trainer.try_rates(rates, epoch=place * epochs_a_seed):
        if explosion.has_come(loss):
            if len(losses) <= count_ignored(len(rates)):
                raise TrainingError(
                    f"the loss is {loss:g} at a rate of {rates[len(losses)]:.2g}: nothing falls"
                )
            break
        losses.append(loss)
        observer.advance(1)
    observer.advance(len(rates) - len(losses))  # what need not be tried any more
    return read_curve(seed, rates[: len(losses)], losses, len(rates))


def _require_free_rate(prepared: Prepared) -> None:
    try:
        prepared.opened.model.optimizer.learning_rate = LOWEST_RATE
    except TypeError:
        raise TrainingError(
            f"{prepared.opened.name} is compiled with a learning-rate schedule: give --optimizer"
        ) from None
