"""The learning rate of each step of a training, put in force on its optimizer."""

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.recipes.configuration import OWN, TrainConfig
from eip_cli.recipes.schedules import Moment, rate_at
from eip_cli.runs.history import EpochRow


class LearningRate:
    """Follows the schedule of a resolved ``config``; an optimizer of the network's own keeps its rate."""

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, config: TrainConfig, steps_per_epoch: int
    ) -> None:
        self._optimizer = optimizer
        self._config = config
        self._steps_per_epoch = steps_per_epoch
        self._in_force: float | None = None
        self._losses: list[float] = []  # of complete epochs, which the plateau schedule watches

    def epoch_done(self, row: EpochRow) -> None:
        """Take in a complete epoch, in order."""
        # Validation on test images is for the reader alone: what trains must not look at it.
        self._losses.append(row.loss if self._config.selected_on == "test" else row.val_loss)

    @property
    def has_schedule(self) -> bool:
        """Whether rates are set here: not where the network's own optimizer keeps its own."""
        return self._config.schedule != OWN

    def set(self, epoch: int, step: int) -> float:
        """Put the rate of a step in force and return it; ``epoch`` and its ``step`` count from 0."""
        (rate,) = self.plan(epoch, step, 1)
        if self.has_schedule:
            self.put_in_force(rate)
        return rate

    def plan(self, epoch: int, first: int, steps: int) -> list[float]:
        """The rates of ``steps`` steps of ``epoch`` from ``first`` on, without putting them in force."""
        config = self._config
        if not self.has_schedule:
            own = float(str(np.float32(self._optimizer.learning_rate)))  # 0.001, not its float32 image
            return [own] * steps
        assert config.schedule is not None
        assert config.learning_rate is not None
        assert config.epochs is not None
        rates = []
        begin = epoch * self._steps_per_epoch + first
        for step in range(begin, begin + steps):
            moment = Moment(step, self._steps_per_epoch, config.epochs, self._losses)
            rates.append(rate_at(config.schedule, moment, config.learning_rate, config.warmup))
        return rates

    def put_in_force(self, rate: float) -> None:
        """Let the next steps go by ``rate``, whatever the schedule."""
        if rate != self._in_force:
            self._optimizer.learning_rate = self._in_force = rate

    def was_put_in_force(self, rate: float) -> None:
        """Take in that a program has gone by rates that were planned here, by ``rate`` at last."""
        if self.has_schedule:
            self._in_force = rate
