"""What is seen of a sweep while it goes on: a table of all runs in a terminal, a line a change elsewhere."""

from collections import Counter
from collections.abc import Collection, Sequence
from types import TracebackType

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from eip_cli.foundation.errors import RunError
from eip_cli.runs.history import read_history
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import HISTORY_FILE
from eip_cli.sweeps.plan import PlannedRun
from eip_cli.sweeps.sweep_directory import Sweep
from eip_cli.sweeps.workers import SweepObserver

# Lines of a terminal that the table's head, its foot and the notice above need.
_OTHER_LINES = 5


class SweepDisplay(SweepObserver):
    """Shows ``plan``'s runs as their directories and the workers tell of them."""

    def __init__(self, sweep: Sweep, plan: Sequence[PlannedRun]) -> None:
        super().__init__()
        self._sweep = sweep
        self._plan = plan
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False)
        self._complete: dict[str, RunRecord] = {}  # these change no more, and are not read again and again
        self._statuses = {planned.name: self._status(planned, ()) for planned in plan}

    def __enter__(self) -> "SweepDisplay":
        done = sum(status == "finished" for status in self._statuses.values())
        threads = ", ".join(sorted({str(planned.config.threads) for planned in self._plan}))
        text = f"Sweep {self._sweep.path}: {len(self._plan)} runs, {done} finished, {threads} threads each"
        self._console.print(text, markup=False, highlight=False, soft_wrap=not self._console.is_terminal)
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watch(())
        self._live.stop()

    def watch(self, running: Collection[str]) -> None:
        """Show the runs again, those in ``running`` as being trained."""
        statuses = {planned.name: self._status(planned, running) for planned in self._plan}
        if self._live.is_started:
            self._live.update(self._draw(statuses), refresh=True)
        elif not self._console.is_terminal:
            self._tell_changes(statuses)
        self._statuses = statuses

    def stop(self) -> None:
        """Say why nothing moves for a few seconds."""
        text = "Stopping the runs in order; Ctrl-C again ends them at once."
        self._console.print(text, markup=False, highlight=False)

    def _status(self, planned: PlannedRun, running: Collection[str]) -> str:
        if planned.name in self.failures:
            return "failed"
        if planned.name in running:
            return "training"
        record = self._read(planned)
        if record is None:
            return "waiting"
        return "finished" if record.is_complete else record.status.replace("running", "waiting")

    def _read(self, planned: PlannedRun) -> RunRecord | None:
        if planned.name in self._complete:
            return self._complete[planned.name]
        try:
            record = self._sweep.run_of(planned).read_record()
        except RunError:  # not begun; a damaged one is refused by whoever works with it
            return None
        if record.is_complete:
            self._complete[planned.name] = record
        return record

    def _tell_changes(self, statuses: dict[str, str]) -> None:
        for planned in self._plan:
            status = statuses[planned.name]
            if status != self._statuses[planned.name]:
                _, epochs, last, _, _ = self._cells(planned)
                told = f", epoch {epochs}, {last}" if last else ""
                line = f"{planned.name}: {status}{told}"
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw(self, statuses: dict[str, str]) -> Table:
        counts = Counter(statuses.values())
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, show_footer=False)
        table.add_column("Run", overflow="fold")
        table.add_column("Status")
        for header in ("Epochs", "Last", "Best", "Images/s"):
            table.add_column(header, justify="right", no_wrap=True)
        room = max(1, self._console.height - _OTHER_LINES)
        shown = list(self._plan)
        if len(shown) > room:
            shown = [planned for planned in self._plan if statuses[planned.name] == "training"][:room]
        for planned in shown:
            name, *cells = self._cells(planned)
            style = {"training": "bold", "failed": "red", "finished": "green"}.get(statuses[planned.name])
            table.add_row(name, statuses[planned.name], *cells, style=style)
        table.caption = ", ".join(f"{count} {status}" for status, count in counts.items())
        return table

    def _cells(self, planned: PlannedRun) -> tuple[str, str, str, str, str]:
        record = self._read(planned)
        if record is None or record.best_accuracy is None:
            return planned.name, f"0/{planned.config.epochs}", "", "", ""
        last = "" if (accuracy := self._last_accuracy(planned, record)) is None else f"{accuracy:.2%}"
        speed = "" if record.images_per_second is None else f"{record.images_per_second:,.0f}"
        epochs = f"{record.epochs_done}/{record.config.epochs}"
        return planned.name, epochs, last, f"{record.best_accuracy:.2%}", speed

    def _last_accuracy(self, planned: PlannedRun, record: RunRecord) -> float | None:
        if record.final_accuracy is not None:
            return record.final_accuracy
        try:
            return read_history(self._sweep.run_of(planned).path / HISTORY_FILE)[-1].val_accuracy
        except (RunError, IndexError):
            return None
