"""``eip report``."""

from pathlib import Path

import click

from .common.help_texts import RUN_HELP
from .common.messages import show_notice, show_result
from .common.options import trust_option, verbose_option


@click.command(epilog=f"{RUN_HELP} Runs of the base network are the others' baseline.")
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, with pictures beside it. [default: standard output, without pictures]",
)
@trust_option
@verbose_option
def report(names: tuple[str, ...], output: Path | None, trust: bool) -> None:
    """Write the assignment's report as Markdown.

    Each rule is checked against the network and the history in the run's own files.
    """
    from eip_cli.report.report_files import make_report

    page = make_report(names, output, trust)
    if output is None:
        show_result(page)
    else:
        show_notice(f"Wrote {output}")
