"""How long commands and first steps take from the start of a process, first ones and later ones."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from children import build_network
from spread import Row, show_ratio, show_spread

FOLDER = Path(__file__).resolve().parent
OWN_NETWORK = f"{FOLDER.parents[1] / 'examples' / 'my_network.py'}:bottleneck"
EIP = [sys.executable, "-m", "eip_cli"]
COMMANDS = {
    "eip --help": [*EIP, "--help"],
    "eip summary": [*EIP, "summary", "--show-rf"],
    "eip build -o FILE": [*EIP, "build", "-o", "network.keras"],
    "eip compare-baseline": [*EIP, "compare-baseline"],
    "eip summary FILE:FUNCTION": [*EIP, "summary", OWN_NETWORK],
    "import keras": [sys.executable, "-c", "import keras"],
}
# Ends with the first step done, so that nothing of the second one counts.
FIRST_STEP_OF_EIP = """
import sys, os
from pathlib import Path
from eip_cli import TrainConfig, train_model
from eip_cli.display.training_progress import CommandProgress
from eip_cli.foundation.compiled_programs.keeping import share_compiled_programs
class Stop(CommandProgress):
    def step_done(self, *step):
        share_compiled_programs()
        os._exit(0)
train_model(TrainConfig(data_dir=sys.argv[1] or None), Path("run"), Stop())
"""
FIRST_STEP_OF_KERAS = """
import os, sys
import keras
import numpy as np
class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        os._exit(0)
model = keras.saving.load_model(sys.argv[2], compile=False)
model.compile(keras.optimizers.Adam(0.004), loss="categorical_crossentropy", metrics=["accuracy"])
images = np.zeros((50000, 32, 32, 3), "float32")
model.fit(images, np.eye(10, dtype="float32")[np.zeros(50000, int)], batch_size=128, callbacks=[Stop()])
"""


def measure_starts(options: argparse.Namespace) -> list[Row]:
    """Processor seconds of each command until it ends, ``options.starts`` times in turn.

    The first time is with no bytecode of Python's; the files themselves may be in memory.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:

        def without_bytecode() -> dict[str, str]:
            return {"PYTHONPYCACHEPREFIX": tempfile.mkdtemp(dir=folder)}

        for kind, environment in (("first", without_bytecode), ("later", dict)):
            seconds = _in_turn(COMMANDS, options.starts, environment, folder)
            rows += [
                Row(
                    f"{kind} start, processor s",
                    name,
                    show_spread(own, ".2f"),
                    "" if name == "import keras" else show_ratio(seconds["import keras"], own),
                )
                for name, own in seconds.items()
            ]
    return rows


def measure_first_steps(options: argparse.Namespace) -> list[Row]:
    """Seconds from the start of a process to the end of its first training step, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        images = str(options.data_dir.resolve()) if options.data_dir else ""
        file = str(build_network("separable", Path(folder)))
        programs = {
            "plain Keras": [sys.executable, "-c", FIRST_STEP_OF_KERAS, images, file],
            "eip train": [sys.executable, "-c", FIRST_STEP_OF_EIP, images],
        }
        kept = {"EIP_COMPILE_CACHE": "on"}
        later = _in_turn(programs, options.starts, lambda: kept, folder, in_processor_seconds=False)
        first = _in_turn(
            {"eip train": programs["eip train"]},
            options.starts,
            lambda: {"EIP_COMPILE_CACHE": "off"},
            folder,
            in_processor_seconds=False,
        )
    measured = "first step, s"
    return [
        Row(measured, "plain Keras", show_spread(later["plain Keras"], ".1f"), ""),
        *(
            Row(measured, name, show_spread(own, ".1f"), show_ratio(later["plain Keras"], own))
            for name, own in (
                ("eip train, nothing kept", first["eip train"]),
                ("eip train, programs kept", later["eip train"]),
            )
        ),
    ]


def _in_turn(
    commands: Mapping[str, Sequence[str]],
    times: int,
    environment: Callable[[], dict[str, str]],
    folder: str,
    in_processor_seconds: bool = True,
) -> dict[str, list[float]]:
    """Seconds of each command, each time; one more at the beginning reads the files, and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(times + 1):
        for name, command in commands.items():
            with tempfile.TemporaryDirectory(dir=folder) as place:
                wall, processor = _time(command, environment(), place)
            if number:
                seconds[name].append(processor if in_processor_seconds else wall)
    return seconds


def _time(command: Sequence[str], environment: Mapping[str, str], place: str) -> tuple[float, float]:
    began, before = time.perf_counter(), os.times()
    subprocess.run(
        command,
        cwd=place,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, spent
