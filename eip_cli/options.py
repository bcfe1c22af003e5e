"""Options and parameter types that commands share."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from .errors import EipError
from .protocol import DATASETS

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("table", "json", "csv", "markdown")
LARGEST_SEED = 2**32 - 1
MOST_SEEDS = 1000


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

seed_option = functools.partial(
    click.option, "--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True
)

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
    if path is not None and not path.parent.is_dir():
        raise EipError(f"cannot draw {path}: there is no folder {path.parent}")
    return path


plot_option = functools.partial(
    click.option,
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=_check_plot,
)


class SeedList(click.ParamType):
    """``5`` for seeds 0 to 4, ``3,7`` for those two, ``3,`` for seed 3 alone."""

    name = "count|list"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[int, ...]:
        """The seeds, or a usage error."""
        if isinstance(value, tuple):  # Click converts a default twice
            return value
        words = [word.strip() for word in value.split(",")]
        if len(words) > 1 and not words[-1]:
            words.pop()
        if not all(word.isdecimal() and word.isascii() for word in words):
            self.fail(f"{value!r} is neither a count, such as 5, nor a list of seeds, such as 3,7.")
        seeds = tuple(map(int, words)) if "," in value else tuple(range(min(int(words[0]), MOST_SEEDS + 1)))
        if not 0 < len(seeds) <= MOST_SEEDS:
            self.fail(f"{value!r}: 1 to {MOST_SEEDS:,} seeds are possible.")
        if len(set(seeds)) < len(seeds):
            self.fail(f"{value!r} has a seed twice.")
        if max(seeds) > LARGEST_SEED:
            self.fail(f"{max(seeds)} is no seed: 0 to {LARGEST_SEED} are possible.")
        return seeds


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


# What a training is given, alone or as one of a sweep.
_TRAINING_OPTIONS = (
    click.option("--epochs", type=click.IntRange(1), help="Epochs. [default: 50 on cifar10, 10 on digits]"),
    click.option(
        "--batch-size", type=click.IntRange(1), help="Images a step. [default: 128 on cifar10, 16 on digits]"
    ),
    click.option(
        "--learning-rate", type=PositiveNumber(), help="First epoch's rate. [default: 0.004; 0.001 for base]"
    ),
    dataset_option,
    data_dir_option,
    click.option("--limit-train", type=click.IntRange(1), help="Use only the first N training images."),
    click.option(
        "--validation-split",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Hold out this fraction of the training images for validation; test images are used once.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(1),
        help="Processor cores to use. [default: all, shared by the runs of a sweep]",
    ),
    click.option(
        "--accelerate/--no-accelerate",
        default=True,
        show_default=True,
        help="Faster equivalents of layers on a CPU.",
    ),
    trust_option,
)


def training_options(command: Command) -> Command:
    """The options that say how a network is trained, for ``train`` and ``sweep``."""
    for option in reversed(_TRAINING_OPTIONS):
        command = option(command)
    return command


def given_settings(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Those of ``options`` that the user gave, the data's folder such that it means the same everywhere."""
    given = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if "data_dir" in given:
        given["data_dir"] = str(given["data_dir"].resolve())  # the run may be continued from elsewhere
    return given


# The settings that a sweep may vary, with the type of their values.
_VARIABLE = {
    "epochs": click.IntRange(1),
    "batch_size": click.IntRange(1),
    "learning_rate": PositiveNumber(),
    "limit_train": click.IntRange(1),
    "validation_split": click.FloatRange(0, 1, min_open=True, max_open=True),
}


def parse_settings(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, tuple[Any, ...]]:
    """``NAME=V1,V2`` as often as given -> the values of each setting, or a usage error."""
    settings: dict[str, tuple[Any, ...]] = {}
    for value in values:
        name, equals, words = value.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in _VARIABLE:
            names = ", ".join(_VARIABLE)
            raise click.BadParameter(f"{value!r} is not NAME=V1,V2 with one of {names}.", context, parameter)
        kind = _VARIABLE[name]
        given = tuple(kind.convert(word.strip(), parameter, context) for word in words.split(","))
        if name in settings or len(set(given)) < len(given):
            raise click.BadParameter(f"{name} has a value twice.", context, parameter)
        settings[name] = given
    return settings
