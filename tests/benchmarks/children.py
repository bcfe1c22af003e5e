"""Programs that are measured in processes of their own, and answer in lines of JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def start(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Any]:
    """The process of ``command``, ended with the block; ``environment`` is set beside this one's."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | environment,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def build_network(network: str, folder: Path) -> Path:
    """The untrained ``network`` (as for ``eip train``) as a file in ``folder`` that plain Keras opens."""
    path = folder / "network.keras"
    subprocess.run(
        [sys.executable, "-m", "eip_cli", "build", network, "-o", str(path)],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return path


def take_turns(running: Mapping[str, Any], turns: int) -> dict[str, list[Any]]:
    """What each process answers in each of its turns; their order is reversed from turn to turn."""
    answers: dict[str, list[Any]] = {name: [] for name in running}
    for number in range(turns):
        for name in list(running)[:: -1 if number % 2 else 1]:
            answers[name].append(give_turn(running[name]))
    return answers


def give_turn(process: Any) -> Any:
    """What a process answers that waits for a line."""
    process.stdin.write("\n")
    process.stdin.flush()
    return read_answer(process)


def read_answer(process: Any) -> Any:
    """What the next line of its output holds. Ends the program where there is none."""
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args[1]} ended before its time")
    return json.loads(line)
