"""``eip predict``."""

from pathlib import Path

import click

from .common.help_texts import CHECKPOINT_HELP
from .common.messages import shown_progress
from .common.options import (
    data_dir_option,
    dataset_option,
    format_option,
    pixels_option,
    plot_option,
    trust_option,
    verbose_option,
    weights_model_option,
)


@click.command(epilog=CHECKPOINT_HELP)
@click.argument("checkpoint")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@weights_model_option
@click.option(
    "--fit",
    is_flag=True,
    help="Take the whole picture, with white beside it, instead of the largest square in its middle.",
)
@plot_option(help="Draw each picture beside what the network sees of it (.png, .svg, .pdf).")
@dataset_option
@data_dir_option
@pixels_option
@trust_option
@verbose_option
@format_option
def predict(
    checkpoint: str,
    files: tuple[str, ...],
    model: str | None,
    fit: bool,
    plot: Path | None,
    dataset: str | None,
    data_dir: Path | None,
    pixels: str | None,
    trust: bool,
    output_format: str,
) -> None:
    """Have CHECKPOINT classify pictures of your own: PNG, JPEG, WebP, GIF or BMP, of any size.

    Those that cannot be read are named at the end, after the others' answers, with exit status 1.
    """
    from eip_cli.display.images.prediction_report import draw, report_predictions
    from eip_cli.display.printing import print_report
    from eip_cli.foundation.errors import DataError
    from eip_cli.inspection.predictions import predict_pictures

    with shown_progress() as progress:
        found = predict_pictures(
            checkpoint,
            files,
            progress,
            fit=fit,
            network=model,
            dataset=dataset,
            data_dir=data_dir,
            trust=trust,
            pixels=pixels,
        )
    if plot is not None:
        draw(found, plot)
        progress.notice(f"Wrote {plot}")
    print_report(report_predictions(found), output_format)
    if found.failures:
        count = f"{len(found.failures)} of {len(files)} pictures"
        raise DataError(f"{count} could not be read: {'; '.join(found.failures)}")
