"""``eip data``."""

from pathlib import Path

import click

from .common.messages import show_result, shown_progress
from .common.options import data_dir_option, verbose_option


@click.command()
@data_dir_option
@verbose_option
def data(data_dir: Path | None) -> None:
    """Fetch and check CIFAR-10 ahead of time."""
    from eip_cli.datasets.cifar10 import fetch_cifar10

    with shown_progress() as progress:
        folder = fetch_cifar10(data_dir, progress)
    show_result(f"CIFAR-10 is complete in {folder}")
