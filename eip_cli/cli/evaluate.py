"""``eip evaluate``."""

from pathlib import Path

import click

from .common.help_texts import MEASURED_HELP
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
from .common.predictions import (
    check_network_options,
    check_params,
    params_option,
    write_predictions_option,
)


@click.command(epilog=MEASURED_HELP)
@click.argument("checkpoint")
@weights_model_option
@dataset_option
@data_dir_option
@click.option("--per-class", is_flag=True, help="Accuracy of each class.")
@click.option("--confusion-matrix", is_flag=True, help="Images by true and predicted class.")
@plot_option(help="Draw the confusion matrix (.png, .svg, .pdf).")
@write_predictions_option
@params_option
@pixels_option
@trust_option
@verbose_option
@format_option
@click.pass_context
def evaluate(
    context: click.Context,
    checkpoint: str,
    model: str | None,
    dataset: str | None,
    data_dir: Path | None,
    per_class: bool,
    confusion_matrix: bool,
    plot: Path | None,
    predictions: Path | None,
    params: int | None,
    pixels: str | None,
    trust: bool,
    output_format: str,
) -> None:
    """Measure CHECKPOINT on the test images."""
    check_params(context, [checkpoint], params)
    check_network_options(context, [checkpoint], model=model, pixels=pixels, trust=trust)

    from eip_cli.comparison.evaluation.predictions_file import write_predictions
    from eip_cli.comparison.evaluation.subjects import assess_subject
    from eip_cli.display.evaluation_tables import report_evaluation
    from eip_cli.display.printing import print_report

    with shown_progress() as progress:
        assessment, images = assess_subject(
            checkpoint,
            progress,
            network=model,
            dataset=dataset,
            data_dir=data_dir,
            trust=trust,
            pixels=pixels,
            params=params,
        )
    if plot is not None:
        from eip_cli.display.images.run_pictures import draw_confusion

        draw_confusion(assessment.evaluation, plot)
        progress.notice(f"Wrote {plot}")
    if predictions is not None:
        write_predictions(assessment, images, predictions)
        progress.notice(f"Wrote {predictions}")
    print_report(report_evaluation(assessment.evaluation, per_class, confusion_matrix), output_format)
