"""``eip summary``."""

import click

from .common.help_texts import MODEL_HELP
from .common.messages import show_notice
from .common.options import format_option, problem_option, trust_option, verbose_option


@click.command(epilog=MODEL_HELP)
@click.argument("model", default="separable")
@click.option("--show-rf", is_flag=True, help="Receptive field, effective stride and padding of each layer.")
@click.option("--show-macs", is_flag=True, help="Multiply-accumulates of each layer.")
@problem_option
@trust_option
@verbose_option
@format_option
def summary(
    model: str, show_rf: bool, show_macs: bool, dataset: str | None, trust: bool, output_format: str
) -> None:
    """Show MODEL layer by layer."""
    from eip_cli.checkpoints.opening import open_model
    from eip_cli.datasets.loading import problem_of
    from eip_cli.display.network_tables import report_summary
    from eip_cli.display.printing import print_report
    from eip_cli.networks.summary import require_receptive_field, summarize_model

    opened = open_model(model, trust=trust, problem=problem_of(dataset) if dataset else None)
    show_notice(opened.notice)
    result = summarize_model(opened.model, opened.name)
    if show_rf:
        require_receptive_field(result)
    print_report(report_summary(result, show_rf, show_macs), output_format)
