"""What the programs share that are measured by whole epochs: options, and epochs in turn with the others."""

import argparse
import json
import sys
import time
from pathlib import Path


def read_arguments() -> argparse.Namespace:
    """The options of ``compare_epochs.py``, which hands them on."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args()


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is trained, and how many epochs after the first."""
    parser.add_argument("--network", default="separable", help="as for eip train")
    parser.add_argument("--network-file", type=Path, help=argparse.SUPPRESS)  # what plain Keras trains
    parser.add_argument("--dataset", choices=["cifar10", "digits"], default="cifar10")
    parser.add_argument("--data-dir", type=Path, help="as for eip train")
    parser.add_argument("--limit-train", type=int, help="that many training images [default: all]")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--turns", type=int, default=10, help="epochs of each program, after its first")


class EpochClock:
    """Seconds of each epoch and of its training steps; before each but the first it waits for a line."""

    def __init__(self, images: int) -> None:
        self._images = images
        self._began = self._trained = time.perf_counter()

    def trained(self) -> None:
        """The training steps so far are done; the last such call of an epoch counts."""
        self._trained = time.perf_counter()

    def end_epoch(self) -> None:
        """The epoch is done: print it, and begin the next one when it is this program's turn."""
        seconds = time.perf_counter() - self._began
        rate = self._images / (self._trained - self._began)
        print(json.dumps({"epoch_seconds": seconds, "images_per_second": rate}), flush=True)
        sys.stdin.readline()
        self._began = self._trained = time.perf_counter()
