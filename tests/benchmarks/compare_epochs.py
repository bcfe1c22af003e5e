"""Whole epochs beside plain Keras's ``fit``, on what Keras computes on here, and on the backend it has.

``python tests/benchmarks/compare_epochs.py`` on a GPU (``KERAS_BACKEND=jax`` for the other backend), or with
``--dataset digits --limit-train 256 --batch-size 16 --turns 2`` on a CPU, to see that it works. The programs
are started one after another and train in turn, an epoch each and never two at once.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from children import build_network, read_answer, start, take_turns
from epochs_in_turn import add_options
from rich.console import Console
from rich.table import Table
from spread import show_ratio, show_spread

FOLDER = Path(__file__).resolve().parent
SUBJECT = "eip train"
WIDTH = 120
LENGTH = 50  # epochs, as the report trained
Programs = dict[str, tuple[str, dict[str, str]]]  # by their names: a script and the environment it gets
PROGRAMS: Programs = {"plain Keras, fit": ("keras_epochs.py", {}), SUBJECT: ("eip_epochs.py", {})}
STEPWISE: Programs = {f"{SUBJECT}, step by step": ("eip_epochs.py", {"EIP_RESIDENT_LOOP": "off"})}
# Each takes the memory that it needs, and not all of the device's.
SHARED_DEVICE = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


@dataclass(frozen=True)
class Epoch:
    """An epoch of a program, and its speed in training."""

    epoch_seconds: float
    images_per_second: float


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    backend, accelerators = _look_at_backend()
    # Without an accelerator steps are taken one by one anyway.
    programs = PROGRAMS | STEPWISE if accelerators or os.environ.get("EIP_RESIDENT_LOOP") else PROGRAMS
    with tempfile.TemporaryDirectory() as folder:
        options.network_file = build_network(options.network, Path(folder))
        epochs = _measure(programs, options)
    device = ", ".join(accelerators) or "the processor"
    # Wide enough for the numbers, in a pipe too.
    Console(width=max(Console().width, WIDTH)).print(
        _table(f"{options.network} on {device}, {backend}", epochs, options)
    )


def _look_at_backend() -> tuple[str, list[str]]:
    """Keras's backend and its accelerators, by a process that leaves them: this one takes no memory there."""
    program = (
        "import json\n"
        "from eip_cli.foundation.backend import accelerator_names, keras\n"
        "print(json.dumps([keras.backend.backend(), accelerator_names()]))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    backend, accelerators = json.loads(found.stdout)
    return backend, accelerators


def _measure(programs: Programs, options: argparse.Namespace) -> dict[str, list[Epoch]]:
    """The epochs of each program, its first included."""
    with ExitStack() as stack:
        running, first = {}, {}
        for name, (script, environment) in programs.items():
            running[name] = stack.enter_context(_start(script, environment, options))
            first[name] = read_answer(running[name])
        later = take_turns(running, options.turns)
    return {name: [Epoch(**one) for one in (first[name], *later[name])] for name in running}


def _start(
    script: str, environment: dict[str, str], options: argparse.Namespace
) -> AbstractContextManager[Any]:
    command = [sys.executable, str(FOLDER / script)]
    for name, value in vars(options).items():
        if value is not None:
            command += [f"--{name.replace('_', '-')}", str(value)]
    return start(command, SHARED_DEVICE | os.environ | environment)


def _table(title: str, epochs: dict[str, list[Epoch]], options: argparse.Namespace) -> Table:
    table = Table(title=f"{title}, batch {options.batch_size}, {options.turns} epochs after the first")
    table.add_column("program")
    headers = ("images/s", "epoch s", "first epoch s", f"{LENGTH} epochs s", f"{SUBJECT}, times faster")
    for header in headers:
        table.add_column(header, justify="right")
    seconds = {name: [one.epoch_seconds for one in own[1:]] for name, own in epochs.items()}
    for name, (first, *others) in epochs.items():
        all_epochs = first.epoch_seconds + (LENGTH - 1) * statistics.median(seconds[name])
        table.add_row(
            name,
            show_spread([one.images_per_second for one in others], ",.0f"),
            show_spread(seconds[name], ".2f"),
            f"{first.epoch_seconds:.1f}",
            f"{all_epochs:,.0f}",
            "" if name == SUBJECT else show_ratio(seconds[name], seconds[SUBJECT]),
        )
    return table


if __name__ == "__main__":
    main()
