"""Training steps of several programs that are started together and train in turn, never two at once."""

import argparse
import importlib.util
import statistics
import sys
import tempfile
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from children import build_network, read_answer, start, take_turns
from measuring import BATCH
from spread import Row, show_ratio, show_spread

FOLDER = Path(__file__).resolve().parent
CANDIDATES = FOLDER.parents[1] / "examples" / "search" / "networks.py"
NETWORKS = ("separable", "base", "residual", f"{CANDIDATES}:glu3")
SUBJECT = "eip train"


@dataclass(frozen=True)
class Program:
    """A script, the environment variables and the recipe that it is started with."""

    name: str
    script: str
    environment: dict[str, str] = field(default_factory=dict)
    recipe: str | None = None


# All with Adam, on images as they are: what plain Keras does unless it is told more.
PROGRAMS = (
    Program("plain Keras", "plain_keras.py"),
    # What TensorFlow does by itself on processors with AVX512-VNNI or newer.
    Program("plain Keras, oneDNN on", "plain_keras.py", {"TF_ENABLE_ONEDNN_OPTS": "1"}),
    Program("plain PyTorch", "plain_torch.py"),
    Program(SUBJECT, "eip_steps.py", recipe="report"),
    Program(f"{SUBJECT}, every option", "eip_steps.py", recipe=str(FOLDER / "every_option.toml")),
)


@dataclass(frozen=True)
class Turn:
    """Some steps of one program."""

    step_seconds: float  # median
    peak_memory_bytes: int


def measure_steps(network: str, options: argparse.Namespace) -> list[Row]:
    """Images a second of each program on ``network``; PyTorch is left out where it cannot be."""
    turns = _take_turns(network, options)
    subject = [turn.step_seconds for turn in turns[SUBJECT]]
    rows = []
    for name, own in turns.items():
        seconds = [turn.step_seconds for turn in own]
        memory = max(turn.peak_memory_bytes for turn in own) / 1e6
        rows.append(
            Row(
                f"{network.rpartition(':')[2]}, images/s",
                name,
                show_spread([BATCH / one for one in seconds], ".0f"),
                "" if name == SUBJECT else show_ratio(seconds, subject),
                f"step {1000 * statistics.median(seconds):.0f} ms, peak {memory:,.0f} MB",
            )
        )
    return rows


def _take_turns(network: str, options: argparse.Namespace) -> dict[str, list[Turn]]:
    """The turns of each program, all of them started before the first."""
    with ExitStack() as stack:
        file = build_network(network, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        running = {
            program.name: stack.enter_context(_start(program, network, file, options))
            for program in PROGRAMS
            if _is_possible(program, network)
        }
        for process in running.values():
            read_answer(process)  # the warm-up
        answers = take_turns(running, options.turns)
    return {name: [_read_turn(answer) for answer in own] for name, own in answers.items()}


def _is_possible(program: Program, network: str) -> bool:
    """PyTorch has the networks that are measured by default, written out."""
    if program.script != "plain_torch.py":
        return True
    return network in NETWORKS and importlib.util.find_spec("torch") is not None


def _start(
    program: Program, network: str, file: Path, options: argparse.Namespace
) -> AbstractContextManager[Any]:
    command = [sys.executable, str(FOLDER / program.script)]
    command += ["--network", network, "--network-file", str(file), "--turns", str(options.turns)]
    if program.recipe:
        command += ["--recipe", program.recipe]
    if options.data_dir:
        command += ["--data-dir", str(options.data_dir)]
    return start(command, program.environment)


def _read_turn(answer: dict[str, Any]) -> Turn:
    return Turn(statistics.median(answer["step_seconds"]), answer["peak_memory_bytes"])
