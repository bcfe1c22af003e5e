"""``eip report``."""

from pathlib import Path

import click

from .common.help_texts import RUN_HELP
from .common.messages import show_notice, show_result
from .common.options import rules_option, trust_option, verbose_option


@click.command(
    epilog=f"{RUN_HELP} SWEEP, for a page alone, is a sweep's directory, or its id under sweeps/. Runs of "
    "the base network are the others' baseline."
)
@click.argument("names", nargs=-1, required=True, metavar="RUN|SWEEP...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File to write: page.html is one page with all pictures in it, for a browser; any other name is "
    "Markdown, with pictures beside it. [default: Markdown on standard output, without pictures]",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder with the test images, or their archive, for -o; none are downloaded for a report. "
    "[default: where the run had them, else $EIP_DATA_DIR, else the caches]",
)
@click.option(
    "--rates",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="For a page: what eip find-rate --format json printed, to be drawn in it.",
)
@rules_option
@trust_option
@verbose_option
@click.pass_context
def report(
    context: click.Context,
    names: tuple[str, ...],
    output: Path | None,
    data_dir: Path | None,
    rates: Path | None,
    rules: str,
    trust: bool,
) -> None:
    """Write the assignment's report, as a page (-o page.html) or as Markdown.

    Each of its rules is checked against the network and the history in the run's own files.
    """
    from eip_cli.report.report_files import HTML_ENDINGS, make_report, write_html_report
    from eip_cli.rules.rule_set import load_rules

    rule_set = load_rules(rules)

    if output is not None and output.suffix.lower() in HTML_ENDINGS:
        write_html_report(
            names, output, data_dir=data_dir, rates=rates, trust=trust, rules=rule_set, notice=show_notice
        )
        show_notice(f"Wrote {output}")
        return
    if rates is not None:
        raise click.UsageError("--rates is for a page: give -o page.html.", context)
    page = make_report(names, output, trust, data_dir, show_notice, rule_set)
    if output is None:
        show_result(page)
    else:
        show_notice(f"Wrote {output}")
