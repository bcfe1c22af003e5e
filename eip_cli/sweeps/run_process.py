"""One planned run of a sweep, trained or continued by the process that it has to itself.

``python -m eip_cli.sweeps.run_process SWEEP RUN`` is such a process. It stops in order, as on Ctrl-C,
when its standard input ends: whoever started it closes the pipe, or has died.
"""

import os
import sys
import threading
import traceback
from _thread import interrupt_main
from pathlib import Path

from eip_cli.checkpoints.naming import require_source
from eip_cli.foundation.errors import EipError, RunError, in_one_line
from eip_cli.foundation.files import remove_leftovers
from eip_cli.networks.users_mistakes.failures import blame_users_code
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import LOCK_FILE, Run
from eip_cli.training.observers import SILENT, TrainObserver
from eip_cli.training.session import resume_training, train_model

from .plan import PlannedRun, require_planned
from .sweep_directory import Sweep, is_unused


def train_planned(path: Path, planned: PlannedRun, observer: TrainObserver = SILENT) -> RunRecord:
    """Train ``planned`` in the run directory ``path``, or continue what is there, to its last epoch.

    Returns the record, whose status is ``interrupted`` where a stop was asked for. Raises an
    EipError where it cannot be trained, or the directory holds another training.
    """
    run = Run(path)
    if not run.record_path.is_file():
        _clear_unbegun(path)
        require_source(planned.config.model, planned.source_sha256, "the sweep was planned")
        return train_model(planned.config, path, observer)[1]
    record = run.read_record()
    require_planned(path, record.config, planned)
    if record.is_complete:
        return record
    moved = planned.config.data_dir != record.config.data_dir
    return resume_training(run, observer, {"data_dir": planned.config.data_dir} if moved else None)[1]


def _clear_unbegun(path: Path) -> None:
    """Remove what a training killed before its first record left."""
    if path.is_dir():
        if not is_unused(path):
            raise RunError(f"{path} exists and is not a run: remove it, or name another --sweep-dir")
        remove_leftovers(path)
        (path / LOCK_FILE).unlink(missing_ok=True)
        path.rmdir()


def _stop_when_input_ends() -> None:
    # Not through sys.stdin, whose lock this thread would still hold when the interpreter ends.
    os.read(0, 1)
    interrupt_main()


def main(sweep_dir: str, name: str) -> int:
    """The process's exit status: 0 done, 1 failed with one line on standard error, 130 interrupted."""
    threading.Thread(target=_stop_when_input_ends, daemon=True).start()
    sweep = Sweep(Path(sweep_dir))
    try:
        planned = next(planned for planned in sweep.read_plan() if planned.name == name)
        record = train_planned(sweep.run_of(planned).path, planned)
    except EipError as error:
        sys.stderr.write(in_one_line(error) + "\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        traceback.print_exc()  # only its last line is shown, where it need not be the matter
        reason = blame_users_code(error) or f"{type(error).__name__}: {in_one_line(error)}"
        sys.stderr.write(reason + "\n")
        return 1
    return 0 if record.status == "finished" else 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
