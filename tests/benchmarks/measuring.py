"""What the measured programs share: the images, and steps taken in turn with the other programs."""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from eip_cli.datasets.loading import load_dataset

BATCH = 128
# Tracing and compiling, not training.
WARM_UP_STEPS = 5
# The first step of a turn finds the caches full of another program's arrays.
STEPS_PER_TURN = 4


def read_arguments() -> argparse.Namespace:
    """What the measured programs are told.

    ``--data-dir``, ``--turns`` after the warm-up, ``--network`` as for ``eip train`` and the file that it was
    built to, and ``--recipe``.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--network", default="separable")
    parser.add_argument("--network-file", type=Path)
    parser.add_argument("--recipe")
    return parser.parse_args()


def load_images(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """The first training images that the steps need: uint8 (n, 32, 32, 3), labels int64 (n,)."""
    dataset = load_dataset("cifar10", options.data_dir)
    count = BATCH * (WARM_UP_STEPS + options.turns * STEPS_PER_TURN)
    if count > len(dataset.train_images):
        raise SystemExit(f"{options.turns} turns need {count} images, more than there are")
    return dataset.train_images[:count], dataset.train_labels[:count]


class TurnClock:
    """Seconds of each training step; before each turn it waits for a line on standard input."""

    def __init__(self) -> None:
        self._steps = -WARM_UP_STEPS
        self._seconds: list[float] = []

    def begin_step(self) -> None:
        """The next step may begin: at once, or when it is this program's turn."""
        if self._steps >= 0 and self._steps % STEPS_PER_TURN == 0:
            self._end_turn()
            sys.stdin.readline()
        self._began = time.perf_counter()

    def end_step(self) -> None:
        """The step is done."""
        self._seconds.append(time.perf_counter() - self._began)
        self._steps += 1

    def finish(self) -> None:
        """Print the last turn."""
        self._end_turn()

    def _end_turn(self) -> None:
        """Print the steps of the turn but the first, and the peak resident memory in bytes."""
        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB on Linux
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        print(json.dumps({"step_seconds": self._seconds[1:], "peak_memory_bytes": peak}), flush=True)
        self._seconds = []
