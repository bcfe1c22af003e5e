"""``eip train``."""

import shlex
from pathlib import Path
from typing import Any

import click

from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.catalogue import find_run

from .common.group import INTERRUPTED
from .common.help_texts import MODEL_HELP
from .common.messages import shown_progress
from .common.options import format_option, seed_option, verbose_option
from .common.training_options import given_settings, training_options


@click.command(epilog=MODEL_HELP)
@click.option("--model", default="separable", show_default=True, help="Network to train.")
@training_options
@seed_option(help="Source of all chance.")
@click.option(
    "--run-dir", type=click.Path(path_type=Path), help="The run's own, new directory. [default: runs/<id>]"
)
@click.option(
    "--resume",
    metavar="RUN",
    help="Continue RUN (a directory, an id, or latest) as it was started; runs its network's file.",
)
@click.option("--tensorboard", is_flag=True, help="Also write TensorBoard logs into the run.")
@verbose_option
@format_option
@click.pass_context
def train(
    context: click.Context, resume: str | None, run_dir: Path | None, output_format: str, **options: Any
) -> None:
    """Train a network and write a run.

    A run is a directory with checkpoints, history, curves, and a record of what made them.

    Ctrl-C stops in order: complete epochs are kept, and --resume continues with the next.
    """
    given = given_settings(context, options)
    if resume and run_dir:
        raise click.UsageError("--run-dir names a new run, --resume an old one: give one of them.")

    from eip_cli.display.images.run_pictures import draw_run_pictures
    from eip_cli.display.printing import print_report
    from eip_cli.display.run_tables import report_run
    from eip_cli.training.session import resume_training, train_model

    with shown_progress() as progress:
        if resume:
            run, record = resume_training(find_run(resume), progress, given)
        else:
            run, record = train_model(TrainConfig(**given), run_dir, progress)
        if record.status == "finished":
            progress.finish()
            progress.notice(draw_run_pictures(run))
    print_report(report_run(str(run.path), record), output_format)
    if record.status == "interrupted":
        kept = f"{record.epochs_done} complete epochs are kept in {run.path}"
        progress.notice(
            f"Interrupted: {kept}. Continue with: eip train --resume {shlex.quote(str(run.path))}"
        )
        context.exit(INTERRUPTED)
