"""``eip runs``."""

from pathlib import Path

import click

from eip_cli.runs.catalogue import list_runs, select_runs
from eip_cli.runs.run_directory import RUNS_FOLDER

from .common.options import format_option


def _parse_where(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str]]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise click.BadParameter(f"{name!r} is not of the form NAME=VALUE.", context, parameter)
    return [(name, value) for name, _, value in pairs]


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path), required=False)
@click.option("--sort", metavar="NAME", help="Order by this fact of the runs; -NAME from high to low.")
@click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parse_where,
    help="Only runs of which this is true.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every setting, not only those that differ.")
@format_option
def runs(
    folder: Path | None, sort: str | None, where: list[tuple[str, str]], show_all: bool, output_format: str
) -> None:
    """List the runs under runs/, or those in FOLDER, such as a sweep's; the newest first."""
    from eip_cli.display.printing import print_report
    from eip_cli.display.run_tables import report_runs

    records = select_runs([record for _, record in list_runs(folder or RUNS_FOLDER)], where, sort)
    print_report(report_runs(records, show_all), output_format)
