"""From the command to the first epoch above 82.44%: the recipe for it, and the report's on plain Keras."""

import argparse
import csv
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from children import build_network, give_turn, read_answer, start
from spread import Row, show_ratio, show_spread

from eip_cli.published.baseline import BASELINE_ACCURACY
from eip_cli.published.logs import PUBLISHED_RUNS, read_published_log

FOLDER = Path(__file__).resolve().parent
REPORTS_BEST = 0.8515
LEVELS = (BASELINE_ACCURACY, REPORTS_BEST)
POLL_SECONDS = 0.1
PLAIN_EPOCHS = 3  # of plain Keras, of which the first one compiles


@dataclass(frozen=True)
class Curve:
    """Validation accuracy after each epoch, and the seconds from the command to its end."""

    seconds: Sequence[float]
    accuracies: Sequence[float]

    def time_to(self, level: float) -> float:
        """Seconds to the first epoch above ``level``; infinite where there is none."""
        reached = zip(self.seconds, self.accuracies, strict=True)
        return next((seconds for seconds, accuracy in reached if accuracy > level), float("inf"))


def measure_baseline_times(options: argparse.Namespace) -> list[Row]:
    """Seconds to 82.44% and to 85.15%, the report's best; draws the curves where ``options.plot`` says."""
    with ExitStack() as stack:
        place = options.runs or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        curves = [_train_quick(seed, place / f"quick-seed{seed}", options) for seed in range(options.seeds)]
        plain, epoch_seconds = _extrapolate_plain(options)
    if options.plot:
        _draw(curves, plain, options.plot)
    rows = []
    for level in LEVELS:
        measured = f"seconds to the first epoch above {100 * level:.2f}%"
        own, other = [curve.time_to(level) for curve in curves], plain.time_to(level)
        rows += [
            Row(measured, "eip train --recipe quick", show_spread(own, ".0f"), "", f"{len(own)} seeds"),
            Row(
                measured,
                "the report's training, plain Keras",
                f"{other:,.0f}" if math.isfinite(other) else "never",
                show_ratio([other] * len(own), own) if math.isfinite(other) else "",
                f"its published log, at {epoch_seconds:.0f} s an epoch as measured here",
            ),
        ]
    return rows


def _train_quick(seed: int, run: Path, options: argparse.Namespace) -> Curve:
    """Watches the history that the command writes, as a user at its terminal would."""
    command = [sys.executable, "-m", "eip_cli", "train", "--recipe", "quick"]
    command += ["--seed", str(seed), "--run-dir", str(run)]
    if options.data_dir:
        command += ["--data-dir", str(options.data_dir)]
    began = time.perf_counter()
    seconds: list[float] = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
            passed = time.perf_counter() - began
            seconds += [passed] * (len(_read_accuracies(run)) - len(seconds))
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    accuracies = _read_accuracies(run)
    return Curve(seconds + [passed] * (len(accuracies) - len(seconds)), accuracies)


def _read_accuracies(run: Path) -> list[float]:
    """So far; the file is replaced as a whole after each epoch."""
    try:
        lines = (run / "history.csv").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [float(row["val_accuracy"]) for row in csv.DictReader(lines)]


def _extrapolate_plain(options: argparse.Namespace) -> tuple[Curve, float]:
    """The published log of the report's training at the speed that plain Keras has here."""
    with tempfile.TemporaryDirectory() as folder:
        file = build_network("separable", Path(folder))
        command = [sys.executable, str(FOLDER / "keras_epochs.py"), "--network-file", str(file)]
        command += ["--turns", str(PLAIN_EPOCHS - 1)]
        if options.data_dir:
            command += ["--data-dir", str(options.data_dir)]
        with start(command, {}) as process:
            first = read_answer(process)["epoch_seconds"]
            epoch = statistics.median(give_turn(process)["epoch_seconds"] for _ in range(PLAIN_EPOCHS - 1))
    published = next(run for run in PUBLISHED_RUNS if run.network == "separable")
    accuracies = [row["val_accuracy"] for row in read_published_log(published)]
    return Curve([first + number * epoch for number in range(len(accuracies))], accuracies), epoch


def _draw(curves: Sequence[Curve], plain: Curve, path: Path) -> None:
    """Accuracy against minutes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(
        [seconds / 60 for seconds in plain.seconds],
        [100 * accuracy for accuracy in plain.accuracies],
        color="tab:gray",
        label="the report's network and recipe: its published log, at plain Keras's speed here",
    )
    for number, curve in enumerate(curves):
        axes.plot(
            [seconds / 60 for seconds in curve.seconds],
            [100 * accuracy for accuracy in curve.accuracies],
            color="tab:blue",
            marker="o",
            markersize=3,
            label=f"eip train --recipe quick, {len(curves)} seeds" if not number else None,
        )
    for level, name in zip(LEVELS, ("the base network", "the report's best epoch"), strict=True):
        axes.axhline(100 * level, color="tab:red", linewidth=0.8, linestyle="--")
        axes.annotate(
            f"{100 * level:.2f}%, {name}",
            (1, 100 * level),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize="small",
        )
    axes.set(xlabel="minutes from the command", ylabel="accuracy on the test images, %", ylim=(40, 92))
    axes.set_xlim(left=0)
    axes.legend(loc="lower right", fontsize="small")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)
