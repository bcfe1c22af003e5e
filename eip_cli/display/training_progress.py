"""What is seen while a command works: downloads, steps and epochs, on standard error."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from eip_cli.comparison.record_checks import describe_recipe, is_at_chance
from eip_cli.published.baseline import baseline_for
from eip_cli.runs.history import EpochRow
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import Run

# Batch normalization's moving averages keep 0.99 of themselves at each step: after this many,
# a twentieth of their start is left, and inference sees about what training sees.
STEPS_UNTIL_AVERAGES_SETTLE = 300


class CommandProgress:
    """Shows downloads and trainings: a live bar in a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._record: RunRecord | None = None
        self._steps_per_epoch = 0
        self._is_lag_explained = False
        self._is_chance_told = False

    def start(self, description: str, total_bytes: int) -> None:
        """A download begins, or begins again."""
        self._open_bar(description, total_bytes, DownloadColumn())
        if not self._console.is_terminal:
            size = f"{total_bytes / 1e6:,.0f} MB" if total_bytes >= 1e6 else f"{total_bytes / 1e3:,.0f} kB"
            self.notice(f"{description} ({size})")

    def start_steps(self, description: str, count: int) -> None:
        """Work that is counted in steps begins."""
        self._open_bar(description, count, MofNCompleteColumn())
        if not self._console.is_terminal:
            self.notice(f"{description}: {count} steps")

    def advance(self, n_bytes: int) -> None:
        """Bytes have arrived, or steps are done."""
        if self._bar:
            self._bar.advance(self._bar.task_ids[0], n_bytes)

    def notice(self, text: str) -> None:
        """Show a line that the user should read."""
        # In a pipe a notice stays one line, whatever width the pipe is taken to have.
        self._console.print(text, markup=False, highlight=False, soft_wrap=not self._console.is_terminal)

    def finish(self) -> None:
        """Put the bar away."""
        if self._bar:
            self._bar.stop()
            self._bar = None

    def training_started(self, run: Run, record: RunRecord, steps_per_epoch: int) -> None:
        """Show what is trained, where, and the head of the epochs' lines."""
        self._record, self._steps_per_epoch = record, steps_per_epoch
        config = record.config
        self.notice(
            f"Training {config.model} ({record.params:,} parameters) on {record.train_images:,} images of "
            f"{config.dataset}: {config.epochs} epochs, batch {config.batch_size}, seed {config.seed}, "
            f"{config.threads} threads. Run: {run.path}"
        )
        if (recipe := describe_recipe(config)) is not None:
            self.notice(recipe[0].upper() + recipe[1:])
        if config.selected_on == "test":
            self.notice(
                "Validation images are the test images, as in the report: 'Test' below is no held-out score."
            )
        label = "Test" if config.selected_on == "test" else "Val"
        baseline = baseline_for(config.dataset)
        against = "" if baseline is None else f"{f'vs {100 * baseline:.2f}':>11}"
        head = f"{'Epoch':>7}{'Rate':>14}{'Loss':>8}{'Acc.':>9}{label + ' loss':>11}{label + ' acc.':>11}"
        self._console.print(f"{head}{'Time':>9}{against}", style="bold", highlight=False, soft_wrap=True)
        self._open_bar("", config.epochs or 0, TextColumn("{task.fields[steps]}"))
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=record.epochs_done, steps="")

    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """Move the bar by a step."""
        if self._bar:
            self._bar.update(
                self._bar.task_ids[0],
                completed=epoch - 1 + step / self._steps_per_epoch,
                steps=f"step {step}/{self._steps_per_epoch} loss {loss:.4f} acc. {accuracy:.2%}",
            )

    def epoch_done(self, row: EpochRow, is_best: bool) -> None:
        """Add the epoch's line above the bar; the best so far has a star."""
        assert self._record is not None
        config = self._record.config
        baseline = baseline_for(config.dataset)
        line = (
            f"{row.epoch:>3}/{config.epochs:<3}{row.learning_rate:>14.10g}{row.loss:>8.4f}{row.accuracy:>9.2%}"
            f"{row.val_loss:>11.4f}{row.val_accuracy:>10.2%}{'*' if is_best else ' '}{row.seconds:>8.1f}s"
        )
        style = None
        if baseline is not None:
            is_beaten = row.val_accuracy > baseline
            line += f"{100 * (row.val_accuracy - baseline):>+10.2f}{'!' if is_beaten else ' '}"
            style = "green" if is_beaten else None
        self._console.print(line, style=style, highlight=False, soft_wrap=True)
        self._explain_lag(row)
        self._tell_chance(row)

    def _explain_lag(self, row: EpochRow) -> None:
        few_steps = row.epoch * self._steps_per_epoch < STEPS_UNTIL_AVERAGES_SETTLE
        if few_steps and row.accuracy > 2 * row.val_accuracy and not self._is_lag_explained:
            self._is_lag_explained = True
            self.notice(
                f"{row.val_accuracy:.0%} is low because batch normalization's moving averages need some "
                f"{STEPS_UNTIL_AVERAGES_SETTLE} steps to settle: more epochs or a smaller --batch-size help."
            )

    def _tell_chance(self, row: EpochRow) -> None:
        steps = row.epoch * self._steps_per_epoch
        assert self._record is not None  # a training has started
        if is_at_chance(row, steps, self._record.config.dataset) and not self._is_chance_told:
            self._is_chance_told = True
            self.notice(
                f"{row.accuracy:.2%} right in training after {steps:,} steps is guessing. A network that "
                "gives every image one answer stays there: another --seed or a lower --learning-rate helps."
            )

    def _open_bar(self, description: str, total: float, column: ProgressColumn) -> None:
        self.finish()
        if not self._console.is_terminal:
            return
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            column,
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
        )
        self._bar.add_task(description, total=total, steps="")
        self._bar.start()
