"""``eip doctor``."""

import click

from .common.options import format_option, verbose_option


@click.command()
@verbose_option
@format_option
@click.pass_context
def doctor(context: click.Context, output_format: str) -> None:
    """Say what is installed, found and set here, and whether a training could start.

    Trains nothing and downloads nothing. Exits with 1 where a training could not start.
    """
    from eip_cli.diagnosis.diagnosis import diagnose
    from eip_cli.display.diagnosis_table import report_diagnosis
    from eip_cli.display.printing import print_report

    diagnosis = diagnose()
    print_report(report_diagnosis(diagnosis), output_format)
    context.exit(1 if diagnosis.faults else 0)
