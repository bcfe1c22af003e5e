"""All speeds in one table, beside plain Keras and PyTorch: ``python tests/benchmarks/compare_speed.py``.

Other work on a machine comes and goes, so programs that are compared run in turn and never two at once, and
ratios are taken within a turn. ``--only`` measures a part of it.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from baseline_times import measure_baseline_times
from rich.console import Console
from rich.table import Table
from spread import Row
from starts import measure_first_steps, measure_starts
from steps_in_turn import NETWORKS, measure_steps

WIDTH = 140


def _measure_all_steps(options: argparse.Namespace) -> list[Row]:
    return [row for network in options.networks for row in measure_steps(network, options)]


PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "starts": measure_starts,
    "first-steps": measure_first_steps,
    "steps": _measure_all_steps,
    "baseline": measure_baseline_times,
}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="as for eip train")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--networks", nargs="+", default=NETWORKS, help="whose steps are measured")
    parser.add_argument("--turns", type=int, default=30, help="of the steps, three measured ones each")
    parser.add_argument("--starts", type=int, default=5, help="of each command")
    parser.add_argument("--seeds", type=int, default=3, help="of the trainings to 82.44%%")
    parser.add_argument("--runs", type=Path, help="where these runs are kept [default: nowhere]")
    parser.add_argument("--plot", type=Path, help="draw their accuracy against minutes")
    options = parser.parse_args()
    table = Table(title="medians (middle half), and ratios within a turn (95% interval)")
    for header in ("measured", "program"):
        table.add_column(header)
    for header in ("value", "eip, times faster"):
        table.add_column(header, justify="right")
    table.add_column("")
    for part in options.only:
        for row in PARTS[part](options):
            table.add_row(row.measured, row.program, row.values, row.ratio, row.note)
        table.add_section()
    # Wide enough for the numbers, in a pipe too.
    console = Console()
    Console(width=max(console.width, WIDTH)).print(table)


if __name__ == "__main__":
    main()
