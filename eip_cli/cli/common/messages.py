"""What a command says: its result on standard output, all else on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from eip_cli.display.training_progress import CommandProgress
from eip_cli.foundation.streams import result_output


@contextmanager
def shown_progress() -> Iterator[CommandProgress]:
    """Progress of downloads and trainings, put away however the block ends."""
    progress = CommandProgress()
    try:
        yield progress
    finally:
        progress.finish()


def show_notice(notice: str | None) -> None:
    """A line for the user, if there is one."""
    if notice:
        click.echo(notice, err=True)


def show_result(text: str) -> None:
    """A result that is text, with a line's end where it has none; what has rows goes to ``print_report``."""
    with result_output():
        click.echo(text, nl=not text.endswith("\n"))
