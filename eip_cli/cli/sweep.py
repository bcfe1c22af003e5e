"""``eip sweep``."""

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eip_cli.foundation.errors import RunError

from .common.group import INTERRUPTED
from .common.help_texts import MODEL_HELP
from .common.messages import shown_progress
from .common.options import format_option, verbose_option
from .common.training_options import SeedList, given_settings, parse_settings, training_options

if TYPE_CHECKING:
    from eip_cli.sweeps.conductor import SweepOutcome


@click.command(epilog=MODEL_HELP)
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
    if network := given.pop("model", None):  # the recipe's
        models = models or (network,)
    if both := sorted(settings.keys() & given.keys()):
        raise click.UsageError(f"{both[0]} is given by itself and by --set: give one of them.")
    if jobs and address:
        raise click.UsageError("--jobs is about this machine, --address about a cluster: give one of them.")

    from eip_cli.comparison.baseline_comparison import compare_with_baseline
    from eip_cli.display.comparison_tables import report_comparison
    from eip_cli.display.printing import print_report
    from eip_cli.display.sweep_progress import SweepDisplay
    from eip_cli.runs.locks import held_exclusively
    from eip_cli.sweeps.conductor import check_images, extend_request, plan_sweep, run_sweep
    from eip_cli.sweeps.local_workers import LocalWorkers
    from eip_cli.sweeps.ray_workers import ClusterWorkers
    from eip_cli.sweeps.sweep_directory import PLAN_FILE, Sweep, open_sweep

    old = Sweep(sweep_dir) if sweep_dir is not None and (sweep_dir / PLAN_FILE).is_file() else None
    is_changed = bool(models or seeds or settings or given)
    if sweep_dir is not None and old is None and not is_changed:
        raise RunError(f"no sweep in {sweep_dir}: say what is to be trained there, with --model or --seeds")
    workers = ClusterWorkers(address) if address else LocalWorkers(jobs)
    with ExitStack() as stack:
        if old is not None:
            stack.enter_context(held_exclusively(old.path))
        with shown_progress() as progress:
            request = old.read_request() if old else None
            plan = old.read_plan() if old else ()
            if is_changed or request is None:
                request = extend_request(request, models, seeds, settings, given)
                request, plan = plan_sweep(request, plan, workers, progress)
            if not address:
                check_images(plan, progress)
        begun = open_sweep(sweep_dir)
        if old is None:
            stack.enter_context(held_exclusively(begun.path))
        begun.write_plan(request, plan)
        with SweepDisplay(begun, plan) as display:
            outcome = run_sweep(begun, workers, display)
    print_report(report_comparison(compare_with_baseline([str(begun.path)])), output_format)
    _end(context, outcome, len(plan), begun.path, address)


def _end(
    context: click.Context, outcome: "SweepOutcome", planned: int, path: Path, address: str | None
) -> None:
    """Say what failed or was stopped, and how to go on; the exit status is that of the sweep."""
    for name, reason in outcome.failures.items():
        click.echo(f"{name} failed: {reason}", err=True)
    where = f" --address {shlex.quote(address)}" if address else ""
    again = f"eip sweep --sweep-dir {shlex.quote(str(path))}{where}"
    if outcome.is_interrupted:
        click.echo(f"Interrupted: complete epochs are kept. Continue with: {again}", err=True)
        context.exit(INTERRUPTED)
    if outcome.failures:
        raise RunError(f"{len(outcome.failures)} of {planned} runs failed; to try them again: {again}")
