"""Options and parameter types that commands share."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .errors import EipError
from .protocol import DATASETS

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("table", "json", "csv", "markdown")


def _be_verbose(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        # Read by TensorFlow when it is imported, which is after the options are.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"


verbose_option = click.option(
    "--verbose",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_be_verbose,
    help="Let TensorFlow's and Keras's own messages through.",
)

format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Form of the output; all but table leave standard output to it alone.",
)

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder with CIFAR-10 or its archive. [default: $EIP_DATA_DIR, else a cache filled by download]",
)

dataset_option = click.option("--dataset", type=click.Choice(DATASETS), help="Images to use.")

trust_option = click.option(
    "--trust",
    is_flag=True,
    help="Allow layer types outside the known ones in a checkpoint; for files of your own only.",
)

PLOT_ENDINGS = (".png", ".svg", ".pdf")


def _check_plot(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    # Before the work, not after it: an evaluation takes a while.
    if path is not None and path.suffix.lower() not in PLOT_ENDINGS:
        raise EipError(f"cannot draw {path}: use an ending such as {', '.join(PLOT_ENDINGS)}")
    if path is not None and path.exists():
        raise EipError(f"{path} exists: name another file, or remove it")
    return path


plot_option = functools.partial(
    click.option,
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=_check_plot,
)


class PositiveNumber(click.ParamType):
    """A finite number above zero."""

    name = "number"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """``value`` as a float, or a usage error."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number.", parameter, context)
        if not 0 < number < float("inf"):
            self.fail(f"{value} is not a positive number.", parameter, context)
        return number
