"""Files of predictions in a checkpoint's place: the options that they have, and those that they have not."""

from collections.abc import Sequence
from pathlib import Path

import click

from .options import check_output


def _check_predictions_file(
    context: click.Context, parameter: click.Parameter, path: Path | None
) -> Path | None:
    if path is not None:
        check_output(path, (".npz", ".csv"), "write")
    return path


write_predictions_option = click.option(
    "--write-predictions",
    "predictions",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=_check_predictions_file,
    help="Write what it answers to each test image (.npz, .csv): this file may stand in its place.",
)

params_option = click.option(
    "--params",
    type=click.IntRange(1),
    metavar="N",
    help="Number of parameters behind a file of predictions, which does not show it; marked as stated.",
)


def check_params(context: click.Context, names: Sequence[str], params: int | None) -> None:
    """A usage error where ``params`` is not of one file of predictions among ``names``."""
    if params is None:
        return
    from eip_cli.comparison.evaluation.predictions_file import is_predictions_name

    if sum(map(is_predictions_name, names)) != 1:
        raise click.UsageError(
            "--params states what one file of predictions (.npz, .csv) does not show: name one.", context
        )


def check_network_options(context: click.Context, names: Sequence[str], **given: object) -> None:
    """A usage error where an option ``given`` is about networks, and ``names`` are predictions only."""
    from eip_cli.comparison.evaluation.predictions_file import is_predictions_name

    asked = [name for name, value in given.items() if value]
    if asked and names and all(map(is_predictions_name, names)):
        raise click.UsageError(
            f"--{asked[0]} is about a network, and {names[0]} is a file of predictions.", context
        )
