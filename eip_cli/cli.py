"""The command line: a command parses, calls the core, and hands the result to render.

Modules that import Keras are imported inside the commands, so that help and usage errors
answer at once.
"""

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from . import __version__
from .errors import EipError, RunError
from .options import (
    SeedList,
    data_dir_option,
    dataset_option,
    format_option,
    given_settings,
    parse_settings,
    plot_option,
    seed_option,
    training_options,
    trust_option,
    verbose_option,
)
from .progress import CommandProgress
from .protocol import TrainConfig
from .quiet import mend_standard_streams
from .runs import RUNS_FOLDER, find_run, list_runs, select_runs

MODEL_HELP = (
    "MODEL is separable (the default), base, file.py:function or module:function (a function that returns a "
    "Keras model; its code runs), or a CHECKPOINT."
)
CHECKPOINT_HELP = (
    "CHECKPOINT is a model file (.h5, .keras), a run's directory or id (its best checkpoint), or latest. "
    "A bare file name that is not here is looked for in the runs, newest first."
)
COMPARED_HELP = (
    "RUN is compared by the final accuracy in its record, its last epoch's; a CHECKPOINT, such as RUN's "
    "checkpoint.h5, by evaluating it. RUN is a run's directory, its id, or latest; CHECKPOINT is a model "
    "file (.h5, .keras); SWEEP is a sweep's directory, or its id under sweeps/."
)
RUN_HELP = "RUN is a run's directory, an id that eip runs lists, or latest (the run started last)."
INTERRUPTED = 130


class ExperimentGroup(click.Group):
    """Turns expected failures into Click's own one line and exit status 1, and Ctrl-C into 130."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run the program, whatever its standard streams are."""
        mend_standard_streams()
        return super().main(*arguments, **settings)

    def invoke(self, context: click.Context) -> Any:
        """Run the command that ``context`` names."""
        try:
            return super().invoke(context)
        except EipError as error:
            raise click.ClickException(" ".join(str(error).split())) from error
        except BrokenPipeError:
            raise  # Click ends quietly where the reader has gone
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{place}{error.strerror or error}") from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            context.exit(INTERRUPTED)


@click.group(cls=ExperimentGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="eip")
@verbose_option
def cli() -> None:
    """Small convolutional networks on CIFAR-10, measured honestly against a baseline of 82.44%.

    Three commands do the whole experiment: eip train, eip summary --show-rf, and
    eip evaluate checkpoint.h5.
    """


@cli.command(epilog=MODEL_HELP)
@click.argument("model", default="separable")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write the untrained model (.h5 or .keras)."
)
@seed_option(help="Initial weights.")
@trust_option
@verbose_option
@format_option
def build(model: str, output: Path | None, seed: int, trust: bool, output_format: str) -> None:
    """Build MODEL, print its totals, and write it with -o."""
    from .checkpoint import save_model
    from .errors import CheckpointError
    from .inspection import summarize_model
    from .network_reports import report_totals
    from .render import print_report
    from .sources import open_model

    if output is not None and output.exists():
        raise CheckpointError(f"{output} exists: name another file, or remove it")
    opened = open_model(model, seed, trust)
    summary = summarize_model(opened.model, opened.name)
    if output is not None:
        save_model(opened.model, output)
    _show_notice(opened.notice)
    print_report(report_totals(summary, str(output) if output else None), output_format)


@cli.command(epilog=MODEL_HELP)
@click.argument("model", default="separable")
@click.option("--show-rf", is_flag=True, help="Receptive field, effective stride and padding of each layer.")
@click.option("--show-macs", is_flag=True, help="Multiply-accumulates of each layer.")
@trust_option
@verbose_option
@format_option
def summary(model: str, show_rf: bool, show_macs: bool, trust: bool, output_format: str) -> None:
    """Show MODEL layer by layer."""
    from .inspection import summarize_model
    from .network_reports import report_summary
    from .render import print_report
    from .sources import open_model

    opened = open_model(model, trust=trust)
    _show_notice(opened.notice)
    result = summarize_model(opened.model, opened.name)
    print_report(report_summary(result, show_rf, show_macs), output_format)


@cli.command(epilog=MODEL_HELP)
@click.option("--model", default="separable", show_default=True, help="Network to train.")
@training_options
@seed_option(help="Source of all chance.")
@click.option(
    "--run-dir", type=click.Path(path_type=Path), help="The run's own, new directory. [default: runs/<id>]"
)
@click.option(
    "--resume", metavar="RUN", help="Continue RUN (a directory, an id, or latest) as it was started."
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

    from .render import print_report
    from .reports import report_run
    from .session import resume_training, train_model

    with _progress() as progress:
        if resume:
            run, record = resume_training(find_run(resume), progress, given)
        else:
            run, record = train_model(TrainConfig(**given), run_dir, progress)
    print_report(report_run(str(run.path), record), output_format)
    if record.status == "interrupted":
        kept = f"{record.epochs_done} complete epochs are kept in {run.path}"
        progress.notice(
            f"Interrupted: {kept}. Continue with: eip train --resume {shlex.quote(str(run.path))}"
        )
        context.exit(INTERRUPTED)


@cli.command(epilog=MODEL_HELP)
@click.option(
    "--model", "models", multiple=True, help="Network to train; again for more. [default: separable]"
)
@click.option(
    "--seeds", type=SeedList(), default=(), help="How many (0, 1, ...), or which: 3,7. [default: 5]"
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=V1,V2",
    callback=parse_settings,
    help="Train with each of these values of a setting, such as learning_rate=0.004,0.002.",
)
@training_options
@click.option(
    "--sweep-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The sweep's own directory; one that is there is continued. [default: a new sweeps/<id>]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Runs at once on this machine; give 1 for a GPU. [default: as cores and memory allow]",
)
@click.option("--address", help="Train on the Ray cluster there (auto, or HOST:PORT), not on this machine.")
@verbose_option
@format_option
@click.pass_context
def sweep(
    context: click.Context,
    models: tuple[str, ...],
    seeds: tuple[int, ...],
    settings: dict[str, tuple[Any, ...]],
    sweep_dir: Path | None,
    jobs: int | None,
    address: str | None,
    output_format: str,
    **options: Any,
) -> None:
    """Train networks with several seeds and settings, and compare them.

    Each training is an ordinary run with a process of its own. With --sweep-dir alone a sweep
    continues where it stopped; with more seeds, networks or values it grows, and what is not
    said again stays as it was. Complete runs are not repeated.
    """
    given = given_settings(context, options)
    if both := sorted(settings.keys() & given.keys()):
        raise click.UsageError(f"{both[0]} is given by itself and by --set: give one of them.")
    if jobs and address:
        raise click.UsageError("--jobs is about this machine, --address about a cluster: give one of them.")

    from .cluster import ClusterWorkers
    from .comparison import compare_with_baseline
    from .locking import held_exclusively
    from .render import print_report
    from .reports import report_comparison
    from .sweep_display import SweepDisplay
    from .sweeping import check_images, extend_request, plan_sweep, run_sweep
    from .sweeps import PLAN_FILE, Sweep, open_sweep
    from .workers import LocalWorkers

    old = Sweep(sweep_dir) if sweep_dir is not None and (sweep_dir / PLAN_FILE).is_file() else None
    is_changed = bool(models or seeds or settings or given)
    if sweep_dir is not None and old is None and not is_changed:
        raise RunError(f"no sweep in {sweep_dir}: say what is to be trained there, with --model or --seeds")
    workers = ClusterWorkers(address) if address else LocalWorkers(jobs)
    with ExitStack() as stack:
        if old is not None:
            stack.enter_context(held_exclusively(old.path))
        with _progress() as progress:
            request = old.read_request() if old else None
            plan = old.read_plan() if old else ()
            if is_changed or request is None:
                request = extend_request(request, models, seeds, settings, given)
                request, plan = plan_sweep(request, plan, workers, progress)
            if not address:
                check_images(plan, progress)
        sweep = open_sweep(sweep_dir)
        if old is None:
            stack.enter_context(held_exclusively(sweep.path))
        sweep.write_plan(request, plan)
        with SweepDisplay(sweep, plan) as display:
            outcome = run_sweep(sweep, workers, display)
    print_report(report_comparison(compare_with_baseline([str(sweep.path)])), output_format)
    for name, reason in outcome.failures.items():
        click.echo(f"{name} failed: {reason}", err=True)
    where = f" --address {shlex.quote(address)}" if address else ""
    again = f"eip sweep --sweep-dir {shlex.quote(str(sweep.path))}{where}"
    if outcome.is_interrupted:
        click.echo(f"Interrupted: complete epochs are kept. Continue with: {again}", err=True)
        context.exit(INTERRUPTED)
    if outcome.failures:
        raise RunError(f"{len(outcome.failures)} of {len(plan)} runs failed; to try them again: {again}")


@cli.command(epilog=CHECKPOINT_HELP)
@click.argument("checkpoint")
@click.option("--model", help="Network that the weights belong to, where the file holds weights only.")
@dataset_option
@data_dir_option
@click.option("--per-class", is_flag=True, help="Accuracy of each class.")
@click.option("--confusion-matrix", is_flag=True, help="Images by true and predicted class.")
@plot_option(help="Draw the confusion matrix (.png, .svg, .pdf).")
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
    trust: bool,
    output_format: str,
) -> None:
    """Measure CHECKPOINT on the test images."""
    from .assessment import evaluate_checkpoint
    from .plots import draw_confusion_matrix
    from .render import print_report
    from .reports import report_evaluation

    with _progress() as progress:
        evaluation = evaluate_checkpoint(
            checkpoint, progress, network=model, dataset=dataset, data_dir=data_dir, trust=trust
        )
    if plot is not None:
        title = f"{evaluation.model} on {evaluation.dataset}: {evaluation.accuracy:.2%} of {evaluation.n:,}"
        draw_confusion_matrix(evaluation.confusion_matrix, tuple(evaluation.per_class), title, plot)
        progress.notice(f"Wrote {plot}")
    print_report(report_evaluation(evaluation, per_class, confusion_matrix), output_format)


@cli.command(epilog=COMPARED_HELP)
@click.argument("names", nargs=-1, metavar="[RUN|SWEEP|CHECKPOINT]...")
@plot_option(help="Draw accuracy against epochs, mean and band for a sweep (.png, .svg, .pdf).")
@click.option(
    "--require-better",
    is_flag=True,
    help="Exit with 1 unless all that is given is better than 82.44, and no planned run of a sweep failed or "
    "is missing; a sweep's own base network is not judged.",
)
@data_dir_option
@trust_option
@verbose_option
@format_option
@click.pass_context
def compare_baseline(
    context: click.Context,
    names: tuple[str, ...],
    plot: Path | None,
    require_better: bool,
    data_dir: Path | None,
    trust: bool,
    output_format: str,
) -> None:
    """Compare runs, sweeps and checkpoints with published ones.

    A sweep has a row for each configuration, averaged over its seeds.
    """
    if require_better and not names:
        raise click.UsageError("--require-better needs a run or a checkpoint to judge.", context)

    from .baseline import published_comparisons
    from .render import print_report
    from .reports import report_comparison

    published = published_comparisons()
    rows = []
    if names:
        from .comparison import compare_with_baseline

        with _progress() as progress:
            rows = compare_with_baseline(names, progress, data_dir=data_dir, trust=trust)
    if plot is not None:
        from .comparison import collect_curves
        from .plots import draw_comparison

        draw_comparison(collect_curves(names), plot)
        _show_notice(f"Wrote {plot}")
    print_report(report_comparison([*published, *rows]), output_format)
    if require_better:
        from .comparison import are_all_better

        context.exit(0 if are_all_better(rows) else 1)


def _parse_where(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str]]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise click.BadParameter(f"{name!r} is not of the form NAME=VALUE.", context, parameter)
    return [(name, value) for name, _, value in pairs]


@cli.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path), required=False)
@click.option("--sort", metavar="NAME", help="Order by this fact of the runs; -NAME from high to low.")
@click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parse_where,
    help="Only runs of which this is true.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every setting, not only those that differ.")
@format_option
def runs(
    folder: Path | None, sort: str | None, where: list[tuple[str, str]], show_all: bool, output_format: str
) -> None:
    """List the runs under runs/, or those in FOLDER, such as a sweep's; the newest first."""
    from .render import print_report
    from .reports import report_runs

    records = select_runs([record for _, record in list_runs(folder or RUNS_FOLDER)], where, sort)
    print_report(report_runs(records, show_all), output_format)


@cli.command(epilog=f"{RUN_HELP} Runs of the base network are the others' baseline.")
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, with pictures beside it. [default: standard output, without pictures]",
)
@trust_option
@verbose_option
def report(names: tuple[str, ...], output: Path | None, trust: bool) -> None:
    """Write the assignment's report as Markdown.

    Each rule is checked against the network and the history in the run's own files.
    """
    from .report_files import make_report

    page = make_report(names, output, trust)
    if output is None:
        click.echo(page, nl=False)
    else:
        _show_notice(f"Wrote {output}")


@cli.command()
@data_dir_option
@verbose_option
def data(data_dir: Path | None) -> None:
    """Fetch and check CIFAR-10 ahead of time."""
    from .data import fetch_cifar10

    with _progress() as progress:
        folder = fetch_cifar10(data_dir, progress)
    click.echo(f"CIFAR-10 is complete in {folder}")


@contextmanager
def _progress() -> Iterator[CommandProgress]:
    progress = CommandProgress()
    try:
        yield progress
    finally:
        progress.finish()


def _show_notice(notice: str | None) -> None:
    if notice:
        click.echo(notice, err=True)
