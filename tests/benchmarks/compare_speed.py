"""Training speed beside plain Keras and PyTorch, and start-up: ``python tests/benchmarks/compare_speed.py``.

Programs run in turn, never at once, and ratios are taken within a turn, because other work on a
machine comes and goes. PyTorch is left out where it is not installed.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parent
PROGRAMS = {"plain Keras": "plain_keras.py", "plain PyTorch": "plain_torch.py", "eip train": "eip_steps.py"}
BATCH = 128


def main() -> None:
    """Measure, and print a table for each network and one of start-up times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="as for eip train")
    parser.add_argument("--alternations", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    console = Console()
    for network in ("separable", "base"):
        names = [name for name in PROGRAMS if _is_possible(name, network)]
        turns = [
            {name: _measure(PROGRAMS[name], network, options) for name in names}
            for _ in range(options.alternations)
        ]
        console.print(_speed_table(network, turns))
    console.print(_start_table(options))


def _is_possible(name: str, network: str) -> bool:
    if name != "plain PyTorch":
        return True
    return network == "separable" and importlib.util.find_spec("torch") is not None


def _measure(program: str, network: str, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, str(FOLDER / program), "--network", network, "--steps", str(options.steps)]
    if options.data_dir:
        command += ["--data-dir", str(options.data_dir)]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return json.loads(output.splitlines()[-1])


def _speed_table(network: str, turns: list[dict[str, dict[str, Any]]]) -> Table:
    table = Table(title=f"{network}, batch {BATCH}, {len(turns)} turns")
    for header in (
        "program",
        "images/s (median, range)",
        "step ms (median)",
        "peak memory MB",
        "times Keras",
    ):
        table.add_column(header, justify="left" if header == "program" else "right")
    for name in turns[0]:
        medians = [turn[name]["median"] for turn in turns]
        rates = sorted(BATCH / median for median in medians)
        ratio = statistics.median(turn["plain Keras"]["median"] / turn[name]["median"] for turn in turns)
        memory = max(turn[name]["peak_memory_bytes"] for turn in turns)
        table.add_row(
            name,
            f"{statistics.median(rates):.0f} ({rates[0]:.0f}-{rates[-1]:.0f})",
            f"{1000 * statistics.median(medians):.0f}",
            f"{memory / 1e6:,.0f}",
            f"{ratio:.2f}",
        )
    return table


def _start_table(options: argparse.Namespace) -> Table:
    table = Table(title=f"start-up, {options.alternations} starts")
    for header in ("until", "seconds (median, range)"):
        table.add_column(header)
    for name, measure in (
        ("eip --help ends", lambda: _seconds_of("--help")),
        ("eip summary ends", lambda: _seconds_of("summary")),
        ("eip train ends its first step", lambda: _seconds_to_first_step(options)),
    ):
        seconds = sorted(measure() for _ in range(options.alternations))
        table.add_row(name, f"{statistics.median(seconds):.2f} ({seconds[0]:.2f}-{seconds[-1]:.2f})")
    return table


def _seconds_of(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "eip_cli", *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _seconds_to_first_step(options: argparse.Namespace) -> float:
    """From the start of the process to the end of its first step, where it is stopped."""
    program = (
        "import sys, os\n"
        "from pathlib import Path\n"
        "from eip_cli import TrainConfig, train_model\n"
        "from eip_cli.progress import CommandProgress\n"
        "class Stop(CommandProgress):\n"
        "    def step_done(self, *step): os._exit(0)\n"
        "train_model(TrainConfig(data_dir=sys.argv[1] or None), Path('run'), Stop())\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", program, str(options.data_dir.resolve()) if options.data_dir else ""]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, env=os.environ, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
