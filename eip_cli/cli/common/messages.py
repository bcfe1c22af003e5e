"""What a command says beside its result, on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from eip_cli.display.training_progress import CommandProgress


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
