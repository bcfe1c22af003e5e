"""``eip find-rate``."""

from pathlib import Path
from typing import Any

import click

from eip_cli.recipes.configuration import TrainConfig

from .common.help_texts import MODEL_HELP
from .common.messages import shown_progress
from .common.options import format_option, plot_option, verbose_option
from .common.training_options import SeedList, given_settings, step_options


@click.command(epilog=MODEL_HELP)
@click.argument("model", default="separable")
@click.option(
    "--seeds", type=SeedList(), default="3", show_default=True, help="How many (0, 1, ...), or which: 3,7."
)
@click.option("--steps", type=click.IntRange(50), default=180, show_default=True, help="Rates to try a seed.")
@plot_option(help="Draw loss against rate, with a band over the seeds (.png, .svg, .pdf).")
@step_options
@verbose_option
@format_option
@click.pass_context
def find_rate(
    context: click.Context,
    model: str,
    seeds: tuple[int, ...],
    steps: int,
    plot: Path | None,
    output_format: str,
    **options: Any,
) -> None:
    """Try learning rates on MODEL: where does the training loss fall fastest, where does it turn up?

    A step at each rate from 1e-5 to 10, with fresh weights for each seed, on training images alone. Nothing
    is written. Where the seeds disagree by more than three times, no rate stands out, and none is named.
    """
    given = given_settings(context, {"model": model, **options})

    from eip_cli.display.printing import print_report
    from eip_cli.display.rate_tables import report_rate_test
    from eip_cli.pictures.rate_curves import draw_rate_curves
    from eip_cli.training.range_test.rate_test import find_learning_rate

    with shown_progress() as progress:
        test = find_learning_rate(TrainConfig(**given), seeds, steps, progress)
    report = report_rate_test(test)
    if plot is not None:
        curves = [(curve.rates, curve.smoothed) for curve in test.curves]
        agreement = test.agreement
        draw_rate_curves(curves, agreement.steepest, agreement.rises_from, report.grids[0].title, plot)
        progress.notice(f"Wrote {plot}")
    print_report(report, output_format)
