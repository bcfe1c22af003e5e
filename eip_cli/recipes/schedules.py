"""Learning-rate schedules: pure functions of the step, so that a resumed run needs no state of theirs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

# Where a one-cycle schedule begins, as a share of its peak, and when it peaks unless it is told.
ONE_CYCLE_START = 0.1
ONE_CYCLE_PEAK = 0.25
# The step schedule divides by ten at these shares of a training, as He et al. 2016 did on CIFAR-10.
STEP_SHARES = (0.5, 0.75)


@dataclass(frozen=True)
class Moment:
    """A step of a training, counted from 0 over all ``epochs``; ``peak_epoch`` is one-cycle's, if given."""

    step: int
    steps_per_epoch: int
    epochs: int
    peak_epoch: float | None = None

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

    After Smith and Topin 2019; the peak is at a quarter of the training unless ``peak_epoch`` says.
    """
    last = max(1, moment.steps_per_epoch * moment.epochs - 1)
    share = ONE_CYCLE_PEAK if moment.peak_epoch is None else moment.peak_epoch / moment.epochs
    peak = min(share * last, last)
    if moment.step < peak:
        return rate * (ONE_CYCLE_START + (1 - ONE_CYCLE_START) * moment.step / peak)
    return rate * (last - moment.step) / (last - peak) if last > peak else rate


SCHEDULES: dict[str, Schedule] = {
    "report": lambda moment, rate: kinked_rate(moment.epoch, rate),
    "constant": lambda moment, rate: constant_rate(moment.epoch, rate),
    "step": step_rate,
    "cosine": cosine_rate,
    "linear": linear_rate,
    "one-cycle": one_cycle_rate,
}
OLD_NAMES = {"kinked": "report"}


def parse_schedule(text: str) -> tuple[str, float | None]:
    """``one-cycle=5`` -> its name, and its peak's epoch where one is given. Raises ValueError for none."""
    name, equals, peak = text.partition("=")
    name = OLD_NAMES.get(name, name)
    if name not in SCHEDULES or (equals and name != "one-cycle"):
        raise ValueError(f"no schedule {text!r}: use {', '.join(SCHEDULES)}, or one-cycle=PEAK_EPOCH")
    if not equals:
        return name, None
    try:
        epoch = float(peak)
    except ValueError:
        epoch = math.nan
    if not 0 < epoch < math.inf:
        raise ValueError(f"{text}: the epoch of the peak is a number above 0")
    return name, epoch


def rate_at(schedule: str, moment: Moment, rate: float, warmup_epochs: float = 0) -> float:
    """The learning rate of a step: ``rate`` by ``schedule``, rising from 0 in a line over the first epochs.

    Raises ValueError where there is no such schedule.
    """
    name, peak = parse_schedule(schedule)
    moment = Moment(moment.step, moment.steps_per_epoch, moment.epochs, peak)
    value = SCHEDULES[name](moment, rate)
    warmup_steps = warmup_epochs * moment.steps_per_epoch
    return value * min(1.0, (moment.step + 1) / warmup_steps) if warmup_steps else value
