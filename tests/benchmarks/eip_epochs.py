"""The epochs of ``eip train``: validated, and the run's files written, as a user has them."""

import tempfile
from pathlib import Path

from epochs_in_turn import EpochClock, read_arguments

from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.history import EpochRow
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import Run
from eip_cli.training.observers import Silence
from eip_cli.training.session import train_model


class EpochTimes(Silence):
    """Tells the clock of each epoch."""

    def training_started(self, run: Run, record: RunRecord, steps_per_epoch: int) -> None:
        self._clock = EpochClock(record.train_images)

    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        self._clock.trained()

    def epoch_done(self, row: EpochRow, is_best: bool) -> None:
        self._clock.end_epoch()


def main() -> None:
    options = read_arguments()
    config = TrainConfig(
        model=options.network,
        dataset=options.dataset,
        data_dir=str(options.data_dir.resolve()) if options.data_dir else None,
        limit_train=options.limit_train,
        batch_size=options.batch_size,
        epochs=options.turns + 1,
    )
    with tempfile.TemporaryDirectory() as folder:
        train_model(config, Path(folder) / "run", EpochTimes())


if __name__ == "__main__":
    main()
