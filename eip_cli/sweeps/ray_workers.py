"""Planned runs on a Ray cluster, which decides where each is trained.

Machines share no files: a run's directory travels to the worker that trains it, and comes back after
every epoch. So a run whose machine is lost continues elsewhere from its last complete epoch, and two
workers never write to one place.
"""

import contextlib
import io
import logging
import os
import queue
import socket
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eip_cli.foundation.errors import EipError, RunError, in_one_line
from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.streams import held_back_errors
from eip_cli.runs.provenance import describe_environment
from eip_cli.runs.run_directory import RECORD_FILE, Run, utc_now

from .plan import PlannedRun
from .sweep_directory import Sweep
from .workers import POLL_SECONDS, RUN_MEMORY_BYTES, SweepObserver

Files = dict[str, bytes]
# A run that loses its worker this often with no epoch in between fails: it may be what kills them.
MOST_LOSSES = 3
CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Update:
    """What a worker sends home: the run's files, and at the end whether and why it failed."""

    files: Files = field(default_factory=dict)
    has_ended: bool = False
    failure: str | None = None


class RunWorker:
    """Trains one planned run in a thread of its own process, in a directory of its own."""

    def __init__(self, planned: PlannedRun, files: Files) -> None:
        self._planned = planned
        self._updates: queue.Queue[Update] = queue.Queue()
        self._folder = tempfile.TemporaryDirectory(prefix="eip-")
        self._path = Path(self._folder.name) / planned.name
        if files:
            self._path.mkdir()
            write_files(self._path, files)
        threading.Thread(target=self._train, daemon=True).start()

    def next_update(self) -> Update:
        """The next news of the training, as soon as there is some."""
        return self._updates.get()

    def _train(self) -> None:
        from eip_cli.training.observers import Silence

        from .run_process import train_planned

        worker = self

        class Reporter(Silence):
            def training_started(self, *_: Any) -> None:
                worker._updates.put(Update(read_files(worker._path)))

            def epoch_done(self, *_: Any) -> None:
                worker._updates.put(Update(read_files(worker._path)))

        try:
            train_planned(self._path, self._planned, Reporter())
            self._updates.put(Update(read_files(self._path), has_ended=True))
        except EipError as error:
            files = read_files(self._path) if self._path.is_dir() else {}
            self._updates.put(Update(files, has_ended=True, failure=in_one_line(error)))
        except Exception as error:  # the cluster's log has the traceback, the user one line
            logging.getLogger(__name__).exception("training failed")
            self._updates.put(Update(has_ended=True, failure=f"{type(error).__name__}: {error}"))


def read_files(path: Path) -> Files:
    """The files of a run directory that make it whole, by name."""
    return {file.name: file.read_bytes() for file in path.iterdir() if not file.name.startswith(".")}


def write_files(path: Path, files: Files) -> None:
    """Replace files of a run directory, the record last: what it tells of is there."""
    for name in sorted(files, key=lambda name: name == RECORD_FILE):
        with write_atomically(path / name) as aside:
            aside.write_bytes(files[name])


class ClusterWorkers:
    """The Ray cluster at ``address`` (``auto``, or host:port). Raises RunError where it cannot be reached."""

    def __init__(self, address: str) -> None:
        # Read when Ray is loaded; a lost machine would fill the terminal with its neighbours' logs.
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        try:
            import ray
        except ImportError:
            raise RunError("--address needs Ray: pip install 'eip-cli[ray]'") from None
        with held_back_errors():
            refusal = _connect(ray, address)
        if refusal is not None:
            raise RunError(f"no Ray cluster at {address}: {refusal}")
        self._ray = ray

    def share_threads(self, runs: int) -> int:
        """The cluster's cores, evenly over ``runs``; no more than its smallest machine with cores has."""
        cores = self._cores()
        return max(1, min(sum(cores) // runs, min(cores, default=1)))

    def _require_cores(self, threads: int) -> None:
        if threads > (most := max(self._cores(), default=0)):
            raise RunError(
                f"{threads} threads are asked for, but no machine of the cluster has more than {most}"
            )

    def _cores(self) -> list[int]:
        nodes = [node["Resources"].get("CPU", 0) for node in self._ray.nodes() if node["Alive"]]
        return [int(cores) for cores in nodes if cores]

    def train(self, sweep: Sweep, runs: Sequence[PlannedRun], observer: SweepObserver) -> None:
        """Hand all of ``runs`` to Ray, and those of lost workers again; then leave the cluster.

        Raises RunError where a run asks for more threads than any machine has.
        """
        # Ray tells of lost machines on standard output, which belongs to the command's result.
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                self._require_cores(max((planned.config.threads or 1 for planned in runs), default=0))
                self._train(sweep, runs, observer)
            finally:
                self._ray.shutdown()

    def _train(self, sweep: Sweep, runs: Sequence[PlannedRun], observer: SweepObserver) -> None:
        posts = {planned.name: _Post(self._ray, sweep, planned) for planned in runs}
        try:
            while posts:
                pending = {post.update: post for post in posts.values()}
                observer.watch([post.planned.name for post in posts.values() if post.has_begun])
                for update in self._ray.wait(list(pending), timeout=POLL_SECONDS)[0]:
                    post = pending[update]
                    if post.receive():
                        del posts[post.planned.name]
                        if post.failure:
                            observer.fail(post.planned.name, post.failure)
        except BaseException:
            observer.stop()
            for post in posts.values():
                post.stop()
            raise


def _connect(ray: Any, address: str) -> str | None:
    """Join the cluster, or say in a line why that is not possible."""
    host, _, port = address.rpartition(":")
    if address != "auto" and not (host and port.isdecimal()):
        return "use auto, or HOST:PORT"
    try:
        if address != "auto":  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, OverflowError, ValueError, RuntimeError) as error:
        return str(error).strip().partition("\n")[0]
    return None


class _Post:
    """A run that is somewhere on the cluster, seen from here."""

    def __init__(self, ray: Any, sweep: Sweep, planned: PlannedRun) -> None:
        self.planned = planned
        self.failure: str | None = None
        self._ray = ray
        self._path = sweep.run_of(planned).path
        self._losses = 0
        self._submit()

    def _submit(self) -> None:
        self.has_begun = False
        threads = self.planned.config.threads
        worker = self._ray.remote(num_cpus=threads, memory=RUN_MEMORY_BYTES, max_restarts=0)(RunWorker)
        files = read_files(self._path) if (self._path / RECORD_FILE).is_file() else {}
        self._worker = worker.options(runtime_env={"env_vars": describe_environment()}).remote(
            self.planned, files
        )
        self.update = self._worker.next_update.remote()

    def receive(self) -> bool:
        """Take in the update that has come, and say whether it was the last."""
        try:
            update: Update = self._ray.get(self.update)
        except self._ray.exceptions.RayError as error:
            return self._lose(error)
        if self.has_begun:
            self._losses = 0  # every update but a worker's first is an epoch's
        self.has_begun = True
        if update.files:
            self._path.mkdir(exist_ok=True)
            write_files(self._path, update.files)
        self.failure = update.failure
        if update.has_ended:
            self._ray.kill(self._worker)
        else:
            self.update = self._worker.next_update.remote()
        return update.has_ended

    def _lose(self, error: Exception) -> bool:
        self._losses += 1
        self._ray.kill(self._worker)
        if self._losses == MOST_LOSSES:
            self.failure = f"its worker was lost {MOST_LOSSES} times: {type(error).__name__}"
            return True
        self._submit()
        return False

    def stop(self) -> None:
        """End the training where it is; its complete epochs are here."""
        self._ray.kill(self._worker)
        run = Run(self._path)
        if run.record_path.is_file():
            run.write_record(replace(run.read_record(), status="interrupted", ended=utc_now()))
