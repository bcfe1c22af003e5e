"""What is seen while submissions are graded: a bar with the time left, or a line each."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from eip_cli.foundation.plain_text import show_plainly
from eip_cli.grading.grade import Grade


class GradingProgress:
    """A bar on standard error in a terminal; elsewhere a line for each submission."""

    def __init__(self, total: int) -> None:
        self._console = Console(stderr=True)
        self._total = total
        self._done = 0
        self._progress = Progress(
            TextColumn("Grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> "GradingProgress":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def tell(self, grade: Grade) -> None:
        """One more is graded."""
        self._done += 1
        self._progress.advance(self._task)
        if not self._console.is_terminal:
            words = grade.reason or f"{grade.points:g} points"
            line = f"{self._done} of {self._total}: {show_plainly(grade.name)}: {show_plainly(words)}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
