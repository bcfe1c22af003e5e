"""``eip build``."""

from pathlib import Path

import click

from .common.help_texts import MODEL_HELP
from .common.messages import show_notice
from .common.options import format_option, problem_option, seed_option, trust_option, verbose_option


@click.command(epilog=MODEL_HELP)
@click.argument("model", default="separable")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write the untrained model (.h5 or .keras)."
)
@seed_option(help="Initial weights.")
@problem_option
@trust_option
@verbose_option
@format_option
def build(
    model: str, output: Path | None, seed: int, dataset: str | None, trust: bool, output_format: str
) -> None:
    """Build MODEL, print its totals, and write it with -o."""
    from eip_cli.datasets.loading import problem_of
    from eip_cli.display.network_tables import report_totals
    from eip_cli.display.printing import print_report
    from eip_cli.foundation.errors import CheckpointError
    from eip_cli.foundation.problem import CIFAR10_PROBLEM
    from eip_cli.networks.known_facts.reading import read_known_facts

    if output is not None and output.exists():
        raise CheckpointError(f"{output} exists: name another file, or remove it")
    problem = problem_of(dataset) if dataset else None
    known = read_known_facts(model, problem or CIFAR10_PROBLEM) if output is None else None
    if known is not None:
        print_report(report_totals(known, None), output_format)
        return

    from eip_cli.checkpoints.checkpoint_file import save_model
    from eip_cli.checkpoints.opening import open_model
    from eip_cli.networks.summary import summarize_model

    opened = open_model(model, seed, trust, problem)
    summary = summarize_model(opened.model, opened.name)
    if output is not None:
        save_model(opened.model, output)
    show_notice(opened.notice)
    print_report(report_totals(summary, str(output) if output else None), output_format)
