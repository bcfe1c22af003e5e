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

    def set(self, epoch: int, step: int) -> float:
        """Put the rate of a step in force and return it; ``epoch`` and its ``step`` count from 0."""
        config = self._config
        if config.schedule == OWN:
            return float(str(np.float32(self._optimizer.learning_rate)))  # 0.001, not its float32 image
        assert config.schedule is not None
        assert config.learning_rate is not None
        assert config.epochs is not None
        steps = self._steps_per_epoch
        moment = Moment(epoch * steps + step, steps, config.epochs, self._losses)
        rate = rate_at(config.schedule, moment, config.learning_rate, config.warmup)
        self.put_in_force(rate)
        return rate

    def put_in_force(self, rate: float) -> None:
        """Let the next steps go by ``rate``, whatever the schedule."""
        if rate != self._in_force:
            self._optimizer.learning_rate = self._in_force = rate
