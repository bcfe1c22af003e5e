"""Learning-rate schedules: pure functions of the step, so that a resumed run needs no state of theirs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

# Where a one-cycle schedule begins, as a share of its peak, and when it peaks unless it is told.
ONE_CYCLE_START = 0.1
ONE_CYCLE_PEAK = 0.25
# The step schedule divides by ten at these shares of a training, as He et al. 2016 did on CIFAR-10.
STEP_SHARES = (0.5, 0.75)
# The plateau schedule divides by ten after so many epochs in a row without a loss lower by so much. Keras's
# ReduceLROnPlateau does the same, and waits five epochs in its documentation's example.
PLATEAU = "plateau"
PLATEAU_PATIENCE = 5
PLATEAU_FALL = 1e-4


@dataclass(frozen=True)
class Moment:
    """A step of a training, counted from 0 over all ``epochs``.

    ``losses`` are those of the epochs behind it that plateau watches. ``number`` is the schedule's own, if
    one is given: one-cycle's peak, plateau's patience, in epochs.
    """

    step: int
    steps_per_epoch: int
    epochs: int
    losses: Sequence[float] = ()
    number: float | None = None

    @property
    def epoch(self) -> int:
        """The epoch that the step is in, from 0."""
        return self.step // self.steps_per_epoch

    @property
    def share(self) -> float:
        """How much of the training is behind: 0 at the first step, 1 at the last."""
        return self.step / max(1, self.steps_per_epoch * self.epochs - 1)


Schedule = Callable[[Moment, float], float]


def kinked_rate(epoch: int, initial_rate: float) -> float:
    """The report's schedule: inverse decay whose factor drops from 0.309 to 0.289 at epoch 31.

    ``epoch`` counts from 0. The drop makes the rate rise once, from 0.0003894839 (epoch 30) to
    0.0004016468 (epoch 31), for an initial rate of 0.004. Ten decimals, as in the report's log,
    which this reproduces exactly.
    """
    factor = 0.309 if epoch <= 30 else 0.289
    return round(initial_rate / (1 + factor * epoch), 10)


def constant_rate(epoch: int, initial_rate: float) -> float:
    """The same rate in every epoch."""
    return initial_rate


def step_rate(moment: Moment, rate: float) -> float:
    """A tenth after half of the epochs, and a hundredth after three quarters."""
    return rate * 0.1 ** sum(moment.epoch >= share * moment.epochs for share in STEP_SHARES)


def cosine_rate(moment: Moment, rate: float) -> float:
    """Half a cosine from ``rate`` to 0 at the last step (Loshchilov and Hutter 2017, without restarts)."""
    return rate * (1 + math.cos(math.pi * moment.share)) / 2


def linear_rate(moment: Moment, rate: float) -> float:
    """A line from ``rate`` to 0 at the last step."""
    return rate * (1 - moment.share)


def one_cycle_rate(moment: Moment, rate: float) -> float:
    """Up from a tenth of ``rate`` to all of it at the peak, then down to 0 at the last step, in lines.

    After Smith and Topin 2019; the peak is at a quarter of the training unless an epoch is given.
    """
    last = max(1, moment.steps_per_epoch * moment.epochs - 1)
    share = ONE_CYCLE_PEAK if moment.number is None else moment.number / moment.epochs
    peak = min(share * last, last)
    if moment.step < peak:
        return rate * (ONE_CYCLE_START + (1 - ONE_CYCLE_START) * moment.step / peak)
    return rate * (last - moment.step) / (last - peak) if last > peak else rate


def plateau_rate(moment: Moment, rate: float) -> float:
    """A tenth, again and again, after each five epochs (or the given number) without a lower loss.

    Keras's ReduceLROnPlateau, computed anew from all epochs so far.
    """
    patience = moment.number or PLATEAU_PATIENCE
    lowest, waited, drops = math.inf, 0, 0
    for loss in moment.losses[: moment.epoch]:
        if loss < lowest - PLATEAU_FALL:
            lowest, waited = loss, 0
            continue
        waited += 1
        if waited >= patience:
            drops, waited = drops + 1, 0
    return rate * 0.1**drops


SCHEDULES: dict[str, Schedule] = {
    "report": lambda moment, rate: kinked_rate(moment.epoch, rate),
    "constant": lambda moment, rate: constant_rate(moment.epoch, rate),
    "step": step_rate,
    "cosine": cosine_rate,
    "linear": linear_rate,
    "one-cycle": one_cycle_rate,
    PLATEAU: plateau_rate,
}
# What the number behind a schedule's name is, where it may have one: one-cycle=5.
NUMBERS = {"one-cycle": "PEAK_EPOCH", PLATEAU: "PATIENCE"}
OLD_NAMES = {"kinked": "report"}


def show_form(name: str) -> str:
    """A schedule's name with the number that may follow it: ``one-cycle[=PEAK_EPOCH]``."""
    return f"{name}[={NUMBERS[name]}]" if name in NUMBERS else name


def parse_schedule(text: str) -> tuple[str, float | None]:
    """``one-cycle=5`` -> its name, and the number of epochs if one is given. Raises ValueError for none."""
    name, equals, number = text.partition("=")
    name = OLD_NAMES.get(name, name)
    if name not in SCHEDULES or (equals and name not in NUMBERS):
        raise ValueError(f"no schedule {text!r}: use {', '.join(map(show_form, SCHEDULES))}")
    if not equals:
        return name, None
    try:
        epochs = float(number)
    except ValueError:
        epochs = math.nan
    if not 0 < epochs < math.inf:
        raise ValueError(f"{text}: {NUMBERS[name]} is a number of epochs above 0")
    return name, epochs


def rate_at(schedule: str, moment: Moment, rate: float, warmup_epochs: float = 0) -> float:
    """The learning rate of a step: ``rate`` by ``schedule``, rising from 0 in a line over the first epochs.

    Raises ValueError where there is no such schedule.
    """
    name, number = parse_schedule(schedule)
    value = SCHEDULES[name](replace(moment, number=number), rate)
    warmup_steps = warmup_epochs * moment.steps_per_epoch
    return value * min(1.0, (moment.step + 1) / warmup_steps) if warmup_steps else value
