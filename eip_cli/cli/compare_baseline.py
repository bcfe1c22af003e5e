"""``eip compare-baseline``."""

from pathlib import Path

import click

from .common.help_texts import COMPARED_HELP
from .common.messages import show_notice, shown_progress
from .common.options import (
    data_dir_option,
    format_option,
    pixels_option,
    plot_option,
    trust_option,
    verbose_option,
)
from .common.predictions import check_network_options, check_params, params_option


@click.command(epilog=COMPARED_HELP)
@click.argument("names", nargs=-1, metavar="[RUN|SWEEP|CHECKPOINT]...")
@plot_option(help="Draw accuracy against epochs, mean and band for a sweep (.png, .svg, .pdf).")
@click.option(
    "--require-better",
    is_flag=True,
    help="Exit with 1 unless all that is given is better than 82.44, and no planned run of a sweep failed or "
    "is missing; a sweep's own base network is not judged.",
)
@params_option
@data_dir_option
@pixels_option
@trust_option
@verbose_option
@format_option
@click.pass_context
def compare_baseline(
    context: click.Context,
    names: tuple[str, ...],
    plot: Path | None,
    require_better: bool,
    params: int | None,
    data_dir: Path | None,
    pixels: str | None,
    trust: bool,
    output_format: str,
) -> None:
    """Compare runs, sweeps and checkpoints with published ones.

    A sweep has a row for each configuration, averaged over its seeds.
    """
    if require_better and not names:
        raise click.UsageError("--require-better needs a run or a checkpoint to judge.", context)
    check_params(context, names, params)
    check_network_options(context, names, pixels=pixels, trust=trust)

    from eip_cli.comparison.row import published_comparisons
    from eip_cli.display.comparison_tables import report_comparison
    from eip_cli.display.printing import print_report

    published = published_comparisons()
    rows = []
    if names:
        from eip_cli.comparison.baseline_comparison import compare_with_baseline

        with shown_progress() as progress:
            rows = compare_with_baseline(
                names, progress, data_dir=data_dir, trust=trust, pixels=pixels, params=params
            )
    if plot is not None:
        from eip_cli.comparison.curve_collection import collect_curves
        from eip_cli.pictures.curves import draw_comparison

        draw_comparison(collect_curves(names), plot)
        show_notice(f"Wrote {plot}")
    print_report(report_comparison([*published, *rows]), output_format)
    if require_better:
        from eip_cli.comparison.baseline_comparison import are_all_better

        context.exit(0 if are_all_better(rows) else 1)
