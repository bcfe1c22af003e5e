"""Training speed beside plain Keras and PyTorch, and start-up: ``python tests/benchmarks/compare_speed.py``.

Other work on a machine comes and goes, so the programs of a network are started together and train
in turn, a few steps each and never two at once, and ratios are taken within a turn. PyTorch is left
out where it is not installed.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from children import read_answer, start
from rich.console import Console
from rich.table import Table
from spread import show_ratio, show_spread

FOLDER = Path(__file__).resolve().parent
BATCH = 128
SUBJECT = "eip train"
OWN_NETWORK = f"{FOLDER.parents[1] / 'examples' / 'my_network.py'}:bottleneck"


@dataclass(frozen=True)
class Program:
    """One row of a table: a script, the environment variables and the recipe that it is started with."""

    name: str
    script: str
    environment: dict[str, str] = field(default_factory=dict)
    recipe: str | None = None


PROGRAMS = (
    Program("plain Keras", "plain_keras.py"),
    # What TensorFlow does by itself on processors with AVX512-VNNI or newer.
    Program("plain Keras, oneDNN on", "plain_keras.py", {"TF_ENABLE_ONEDNN_OPTS": "1"}),
    Program("plain PyTorch", "plain_torch.py"),
    Program(SUBJECT, "eip_steps.py"),
    Program(f"{SUBJECT}, every option", "eip_steps.py", recipe="every_option.toml"),
)


@dataclass(frozen=True)
class Turn:
    """Some steps of one program."""

    step_seconds: float  # median
    peak_memory_bytes: int


def main() -> None:
    """Measure, and print a table for each network and one of start-up times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="as for eip train")
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    console = Console()
    for network in ("separable", "base"):
        programs = [program for program in PROGRAMS if _is_possible(program, network)]
        console.print(_speed_table(network, _measure(programs, network, options)))
    console.print(_start_table(options))


def _is_possible(program: Program, network: str) -> bool:
    if program.script != "plain_torch.py":
        return True
    return network == "separable" and importlib.util.find_spec("torch") is not None


def _measure(programs: Sequence[Program], network: str, options: argparse.Namespace) -> dict[str, list[Turn]]:
    """The turns of each program; the order of programs is reversed from turn to turn."""
    with ExitStack() as stack:
        running = {
            program.name: stack.enter_context(_start(program, network, options)) for program in programs
        }
        for process in running.values():
            _read_turn(process)  # the warm-up
        turns: dict[str, list[Turn]] = {name: [] for name in running}
        for number in range(options.turns):
            for name, process in list(running.items())[:: -1 if number % 2 else 1]:
                process.stdin.write("\n")
                process.stdin.flush()
                turns[name].append(_read_turn(process))
        return turns


def _start(program: Program, network: str, options: argparse.Namespace) -> AbstractContextManager[Any]:
    command = [sys.executable, str(FOLDER / program.script)]
    command += ["--network", network, "--turns", str(options.turns)]
    if program.recipe:
        command += ["--recipe", str(FOLDER / program.recipe)]
    if options.data_dir:
        command += ["--data-dir", str(options.data_dir)]
    return start(command, program.environment)


def _read_turn(process: Any) -> Turn:
    content = read_answer(process)
    return Turn(statistics.median(content["step_seconds"]), content["peak_memory_bytes"])


def _speed_table(network: str, turns: dict[str, list[Turn]]) -> Table:
    table = Table(title=f"{network}, batch {BATCH}, {len(turns[SUBJECT])} turns")
    table.add_column("program")
    for header in ("images/s", "step ms", "peak MB", f"{SUBJECT}, times faster"):
        table.add_column(header, justify="right")
    for name, own in turns.items():
        seconds = [turn.step_seconds for turn in own]
        table.add_row(
            name,
            show_spread([BATCH / one for one in seconds], ".0f"),
            show_spread([1000 * one for one in seconds], ".0f"),
            f"{max(turn.peak_memory_bytes for turn in own) / 1e6:,.0f}",
            "" if name == SUBJECT else show_ratio(seconds, [turn.step_seconds for turn in turns[SUBJECT]]),
        )
    return table


def _start_table(options: argparse.Namespace) -> Table:
    table = Table(title=f"start-up, {options.starts} starts")
    for header in ("until", "seconds (median, range)"):
        table.add_column(header)
    for name, measure in (
        ("eip --help ends", lambda: _seconds_of("--help")),
        ("eip summary ends", lambda: _seconds_of("summary")),
        ("eip summary of a file ends", lambda: _seconds_of("summary", OWN_NETWORK)),
        ("eip train ends its first step, no programs kept", lambda: _seconds_to_first_step(options, "off")),
        ("eip train ends its first step, programs kept", lambda: _seconds_to_first_step(options, "on")),
    ):
        measure()  # the first one reads files from the disk, and compiles what is kept
        seconds = sorted(measure() for _ in range(options.starts))
        table.add_row(name, f"{statistics.median(seconds):.2f} ({seconds[0]:.2f}-{seconds[-1]:.2f})")
    return table


def _seconds_of(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "eip_cli", *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _seconds_to_first_step(options: argparse.Namespace, kept: str) -> float:
    """From the start of the process to the end of its first step, where it is stopped.

    ``kept``: on or off, whether compiled programs are kept from one process to the next.
    """
    program = (
        "import sys, os\n"
        "from pathlib import Path\n"
        "from eip_cli import TrainConfig, train_model\n"
        "from eip_cli.display.training_progress import CommandProgress\n"
        "from eip_cli.foundation.compiled_programs.keeping import share_compiled_programs\n"
        "class Stop(CommandProgress):\n"
        "    def step_done(self, *step): share_compiled_programs(); os._exit(0)\n"
        "train_model(TrainConfig(data_dir=sys.argv[1] or None), Path('run'), Stop())\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", program, str(options.data_dir.resolve()) if options.data_dir else ""]
        began = time.perf_counter()
        settings = os.environ | {"EIP_COMPILE_CACHE": kept}
        subprocess.run(command, cwd=folder, env=settings, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
