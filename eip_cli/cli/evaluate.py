"""``eip evaluate``."""

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
@weights_model_option
@dataset_option
@data_dir_option
@click.option("--per-class", is_flag=True, help="Accuracy of each class.")
@click.option("--confusion-matrix", is_flag=True, help="Images by true and predicted class.")
@plot_option(help="Draw the confusion matrix (.png, .svg, .pdf).")
@pixels_option
@trust_option
@verbose_option
@format_option
def evaluate(
    checkpoint: str,
    model: str | None,
    dataset: str | None,
    data_dir: Path | None,
    per_class: bool,
    confusion_matrix: bool,
    plot: Path | None,
    pixels: str | None,
    trust: bool,
    output_format: str,
) -> None:
    """Measure CHECKPOINT on the test images."""
    from eip_cli.comparison.evaluation.subjects import evaluate_checkpoint
    from eip_cli.display.evaluation_tables import report_evaluation
    from eip_cli.display.images.run_pictures import draw_confusion
    from eip_cli.display.printing import print_report

    with shown_progress() as progress:
        evaluation = evaluate_checkpoint(
            checkpoint,
            progress,
            network=model,
            dataset=dataset,
            data_dir=data_dir,
            trust=trust,
            pixels=pixels,
        )
    if plot is not None:
        draw_confusion(evaluation, plot)
        progress.notice(f"Wrote {plot}")
    print_report(report_evaluation(evaluation, per_class, confusion_matrix), output_format)
