"""Options that several commands have."""

import functools
import os
from pathlib import Path

import click

from eip_cli.foundation.errors import EipError
from eip_cli.recipes.configuration import DATASETS, LARGEST_SEED
from eip_cli.recipes.pixels import PIXEL_FORMS, is_pixel_form

FORMATS = ("table", "json", "csv", "markdown")


def _be_verbose(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        # Read by TensorFlow when it is imported, which is after the options are.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"


def is_verbose() -> bool:
    """Whether the user wants to see all that is said."""
    return os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0"


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
    help="Folder with the images or their archive. [default: $EIP_DATA_DIR, else a cache filled by download]",
)

weights_model_option = click.option(
    "--model",
    help="Network that the weights belong to, where the file holds weights only: a known one, "
    "file.py:function, or a .json file of model.to_json().",
)

dataset_option = click.option("--dataset", type=click.Choice(DATASETS), help="Images to use.")

problem_option = click.option(
    "--dataset",
    type=click.Choice(DATASETS),
    help="Data set whose images and classes the network is for. [default: cifar10, or the run's]",
)

seed_option = functools.partial(
    click.option, "--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True
)

trust_option = click.option(
    "--trust",
    is_flag=True,
    help="Allow layer types outside the known ones in a checkpoint; for files of your own only.",
)


rules_option = click.option(
    "--rules",
    metavar="NAME|FILE.toml",
    default="session3",
    show_default=True,
    help="The assignment's rules: those with a name, which eip rules lists, or a file of your own.",
)


def _check_pixels(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_pixel_form(value):
        raise click.BadParameter(
            f"{value!r} is not one of {', '.join(PIXEL_FORMS)}, nor standardised=MEAN/DEVIATION.",
            context,
            parameter,
        )
    return value


pixels_option = click.option(
    "--pixels",
    metavar="|".join(PIXEL_FORMS),
    callback=_check_pixels,
    help="Numbers that pixels are given as; standardised: by each channel's mean and deviation over the "
    "training images. [default: what the network was made for, else 0-1]",
)

PLOT_ENDINGS = (".png", ".svg", ".pdf")


def check_output(path: Path, endings: tuple[str, ...], verb: str = "draw") -> None:
    """Raise EipError where ``path`` cannot become a new file with one of these endings.

    Before the work, not after it: an evaluation takes a while.
    """
    if path.suffix.lower() not in endings:
        raise EipError(f"cannot {verb} {path}: use an ending such as {', '.join(endings)}")
    if path.exists():
        raise EipError(f"{path} exists: name another file, or remove it")
    if not path.parent.is_dir():
        raise EipError(f"cannot {verb} {path}: there is no folder {path.parent}")


def _check_plot(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None:
        check_output(path, PLOT_ENDINGS)
    return path


plot_option = functools.partial(
    click.option,
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=_check_plot,
)
