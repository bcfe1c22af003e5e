"""A training that dies at a chosen moment: ``python fatal_training.py RUN_DIR MOMENT SIGNAL``.

MOMENT is ``replace:N:before`` or ``:after`` (around the N-th file that appears), ``write:N`` (while
that file's content is written), ``step:E:S`` (after a step), ``validate:E`` (in validation), or
``import`` (as Keras is about to be imported). The dying is this process's own doing, so that the
moment is exact.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eip_cli.progress import CommandProgress


def main(run_dir: str, moment: str, signal_name: str) -> None:
    kind, *place = moment.split(":")

    def die() -> None:
        os.kill(os.getpid(), getattr(signal, signal_name))

    if kind == "import":
        die()
    from test_training import TINY

    from eip_cli import files, session, training

    if kind == "replace":
        _wrap(files.os, "replace", int(place[0]), die, place[1])
    elif kind == "write":
        _wrap(files, "_flush", int(place[0]), die, "before")
    elif kind == "validate":
        _wrap(training, "measure", int(place[0]), die, "before")

    class Watcher(CommandProgress):
        def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
            if kind == "step" and (epoch, step) == tuple(map(int, place)):
                die()

    _, record = session.train_model(TINY, Path(run_dir), Watcher())
    sys.exit(130 if record.status == "interrupted" else 0)


def _wrap(owner: Any, name: str, number: int, die: Callable[[], None], when: str) -> None:
    original = getattr(owner, name)
    calls = 0

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and when == "before":
            die()
        result = original(*arguments, **options)
        if calls == number and when == "after":
            die()
        return result

    setattr(owner, name, wrapped)


if __name__ == "__main__":
    main(*sys.argv[1:])
