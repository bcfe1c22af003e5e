"""What the three measured programs share: the images, and the line of JSON that they print."""

import argparse
import json
import resource
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eip_cli.data import load_dataset

BATCH = 128
# Tracing and compiling, not training.
WARM_UP_STEPS = 5


def read_arguments() -> argparse.Namespace:
    """``--data-dir``, ``--steps`` after the warm-up, and ``--network``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--network", choices=["separable", "base"], default="separable")
    return parser.parse_args()


def load_images(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """The first training images that the steps need: uint8 (n, 32, 32, 3), labels int64 (n,)."""
    dataset = load_dataset("cifar10", options.data_dir)
    count = BATCH * (options.steps + WARM_UP_STEPS)
    return dataset.train_images[:count], dataset.train_labels[:count]


def report(step_seconds: Sequence[float]) -> None:
    """Print the steps after the warm-up, and the peak resident memory in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB on Linux
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    steps = list(step_seconds[WARM_UP_STEPS:])
    print(json.dumps({"step_seconds": steps, "median": statistics.median(steps), "peak_memory_bytes": peak}))
