"""TensorBoard logs of a run: one scalar a column of its history, at each epoch."""

from dataclasses import asdict
from pathlib import Path

from eip_cli.foundation.errors import TrainingError
from eip_cli.runs.history import EpochRow


class EventLog:
    """Writes a run's epochs for TensorBoard; a continued training adds its own file of events.

    Raises TrainingError where TensorFlow or TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import tensorboard  # noqa: F401  # tf.summary looks for it only when it first writes
            import tensorflow as tf
        except ImportError as error:
            raise TrainingError(f"--tensorboard needs {error.name}: pip install {error.name}") from None
        self._summary = tf.summary
        self._writer = tf.summary.create_file_writer(str(folder))

    def add(self, row: EpochRow) -> None:
        """Write an epoch's numbers, at its number, flushed to the file."""
        with self._writer.as_default(step=row.epoch):
            for name, value in asdict(row).items():
                if name != "epoch":
                    self._summary.scalar(name, value)
        self._writer.flush()
