"""Trainings that die at chosen moments, each in a process of its own: ``python fatal_training.py``.

Reads lines of RUN_DIR, MOMENT and SIGNAL, separated by tabs, and prints the status that each training
ended with. MOMENT is ``replace:N:before`` or ``:after`` (around the N-th file that appears), ``write:N``
(while that file's content is written), ``step:E:S`` (after a step), ``validate:E`` (in validation), or
``import`` (as Keras is about to be imported). The dying is the process's own doing, so that the moment
is exact. Processes are forked, before TensorFlow has started a thread, to import it but once.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eip_cli.display.training_progress import CommandProgress


def main() -> None:
    for line in sys.stdin:
        run_dir, moment, signal_name = line.rstrip("\n").split("\t")
        if moment != "import":
            import tests.training.test_training  # noqa: F401  # and with it Keras, once for all that follow
        child = os.fork()
        if child == 0:
            train(run_dir, moment, signal_name)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def train(run_dir: str, moment: str, signal_name: str) -> None:
    """Train until the moment, or to the end, and end this process."""
    kind, *place = moment.split(":")

    def die() -> None:
        os.kill(os.getpid(), getattr(signal, signal_name))

    if kind == "import":
        die()
    from eip_cli.foundation import files
    from eip_cli.training import session
    from eip_cli.training.loop import stepwise
    from tests.training.test_training import TINY

    if kind == "replace":
        _wrap(files.os, "replace", int(place[0]), die, place[1], Path(run_dir))
    elif kind == "write":
        _wrap(files, "_flush", int(place[0]), die, "before", Path(run_dir))
    elif kind == "validate":
        _wrap(stepwise, "collect_outputs", int(place[0]), die, "before")

    class Watcher(CommandProgress):
        def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
            if kind == "step" and (epoch, step) == tuple(map(int, place)):
                die()

    _, record = session.train_model(TINY, Path(run_dir), Watcher())
    sys.exit(130 if record.status == "interrupted" else 0)


def _wrap(
    owner: Any, name: str, number: int, die: Callable[[], None], when: str, folder: Path | None = None
) -> None:
    """Have the ``number``-th call die; of calls on files, the ``number``-th on one in ``folder``."""
    original = getattr(owner, name)
    calls = 0

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        is_counted = folder is None or Path(arguments[0]).parent.resolve() == folder.resolve()
        calls += is_counted
        is_the_one = is_counted and calls == number
        if is_the_one and when == "before":
            die()
        result = original(*arguments, **options)
        if is_the_one and when == "after":
            die()
        return result

    setattr(owner, name, wrapped)


if __name__ == "__main__":
    main()
