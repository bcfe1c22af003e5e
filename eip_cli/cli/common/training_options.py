"""How a network is to be trained, as ``train`` and ``sweep`` are told it."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from eip_cli.recipes.augmentation import KINDS, parse_augmentation
from eip_cli.recipes.configuration import LARGEST_SEED, OPTIMIZERS
from eip_cli.recipes.protocols import show_setting
from eip_cli.recipes.schedules import SCHEDULES, parse_schedule, show_form
from eip_cli.runs.recipe_names import find_recipe

from .messages import show_notice
from .options import data_dir_option, dataset_option, pixels_option, trust_option

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_SEEDS = 1000
USUAL_DECAY = 0.999


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


class AugmentList(click.ParamType):
    """``flip,crop=4``: words of recipes.augmentation with commas between them."""

    name = "list"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, ...]:
        """The words, each with its strength, or a usage error."""
        if isinstance(value, tuple):  # Click converts a default twice
            return value
        try:
            return parse_augmentation(tuple(value.split(","))).texts
        except ValueError as error:
            self.fail(f"{error}.", parameter, context)


class JoinedAugmentList(AugmentList):
    """The same inside ``--set``, where commas stand between values: ``flip+crop=4``."""

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, ...]:
        """The words, each with its strength, or a usage error."""
        return super().convert(value.replace("+", ","), parameter, context)


class ScheduleName(click.ParamType):
    """A learning-rate schedule, such as ``cosine`` or ``one-cycle=5``."""

    name = "name"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        """The schedule's own name, or a usage error."""
        try:
            name, _ = parse_schedule(value)
        except ValueError as error:
            self.fail(f"{error}.", parameter, context)
        return name + value[value.index("=") :] if "=" in value else name


def _list_kinds() -> str:
    def show(name: str) -> str:
        return "flip or flip=alternating" if name == "flip" else f"{name}={KINDS[name].default:g}"

    return ", ".join(map(show, KINDS))


# The settings that a sweep may vary, with the type of their values there; alone they have the same.
_VARIABLE = {
    "epochs": click.IntRange(1),
    "batch_size": click.IntRange(1),
    "learning_rate": PositiveNumber(),
    "limit_train": click.IntRange(1),
    "validation_split": click.FloatRange(0, 1, min_open=True, max_open=True),
    "augment": JoinedAugmentList(),
    "optimizer": click.Choice(OPTIMIZERS),
    "schedule": ScheduleName(),
    "warmup": click.FloatRange(0),
    "weight_decay": click.FloatRange(0),
    "label_smoothing": click.FloatRange(0, 1, max_open=True),
    "clip_norm": PositiveNumber(),
    "average_weights": click.FloatRange(0, 1, max_open=True),
}

# What a training is given, alone or as one of a sweep, by name.
_OPTIONS = {
    "recipe": click.option(
        "--recipe",
        metavar="NAME|FILE|RUN",
        help="Settings to begin with: a recipe that eip recipes lists, a .toml file like one, or a run's; "
        "options here override them.",
    ),
    "epochs": click.option(
        "--epochs", type=_VARIABLE["epochs"], help="Epochs. [default: 50 on cifar10 and cifar100, else 10]"
    ),
    "batch_size": click.option(
        "--batch-size",
        type=_VARIABLE["batch_size"],
        help="Images a step. [default: 128, on digits 16]",
    ),
    "learning_rate": click.option(
        "--learning-rate",
        type=_VARIABLE["learning_rate"],
        help="The schedule's rate: its first, or its peak. [default: 0.004; 0.001 for base; 0.1 for sgd, "
        "0.0004 for lion, 0.02 for muon]",
    ),
    "augment": click.option(
        "--augment",
        type=AugmentList(),
        metavar="LIST",
        help=f"Random changes of training images: none, or any of {_list_kinds()}, with commas between them; "
        "applied in this order.",
    ),
    "optimizer": click.option(
        "--optimizer",
        type=_VARIABLE["optimizer"],
        help="Keras's own; sgd has Nesterov momentum 0.9, muon leaves all but matrices to AdamW, also "
        "convolutions. [default: adam, or the network's own]",
    ),
    "schedule": click.option(
        "--schedule",
        type=_VARIABLE["schedule"],
        metavar="NAME[=X]",
        help=f"Learning rate over the training: {', '.join(map(show_form, SCHEDULES))}. [default: report; "
        "constant for base]",
    ),
    "warmup": click.option(
        "--warmup", type=_VARIABLE["warmup"], help="Epochs over which the rate rises from 0. [default: 0]"
    ),
    "weight_decay": click.option(
        "--weight-decay",
        type=_VARIABLE["weight_decay"],
        help="Decoupled decay of kernels other than depthwise ones. [default: none; 0.004 for adamw, muon]",
    ),
    "label_smoothing": click.option(
        "--label-smoothing",
        type=_VARIABLE["label_smoothing"],
        help="Share of each label that is spread over all classes. [default: 0]",
    ),
    "clip_norm": click.option(
        "--clip-norm", type=_VARIABLE["clip_norm"], help="Largest norm of all gradients together."
    ),
    "average_weights": click.option(
        "--average-weights",
        type=_VARIABLE["average_weights"],
        is_flag=False,
        flag_value=USUAL_DECAY,
        metavar="[DECAY]",
        help="Validate and save an exponential average of the weights, which each step keeps this share of. "
        f"[default: none; without a number {USUAL_DECAY}]",
    ),
    "dataset": dataset_option,
    "data_dir": data_dir_option,
    "limit_train": click.option(
        "--limit-train", type=_VARIABLE["limit_train"], help="Use only the first N training images."
    ),
    "validation_split": click.option(
        "--validation-split",
        type=_VARIABLE["validation_split"],
        help="Hold out this fraction of the training images for validation; test images are used once.",
    ),
    "threads": click.option(
        "--threads",
        type=click.IntRange(1),
        help="Processor cores to use. [default: all, shared by the runs of a sweep]",
    ),
    "accelerate": click.option(
        "--accelerate/--no-accelerate",
        default=True,
        show_default=True,
        help="Faster equivalents of layers on a CPU.",
    ),
    "pixels": pixels_option,
    "trust": trust_option,
}


# Of them, what is about more than one step.
_OF_A_WHOLE_TRAINING = frozenset(
    ["epochs", "learning_rate", "schedule", "warmup", "average_weights", "validation_split"]
)


def training_options(command: Command) -> Command:
    """The options that say how a network is trained, for ``train`` and ``sweep``."""
    return _with_options(command, _OPTIONS)


def step_options(command: Command) -> Command:
    """Those of them that say what a step is, for ``find-rate``."""
    return _with_options(command, [name for name in _OPTIONS if name not in _OF_A_WHOLE_TRAINING])


def _with_options(command: Command, names: Iterable[str]) -> Command:
    for name in reversed(list(names)):
        command = _OPTIONS[name](command)
    return command


def given_settings(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Those of ``options`` that the user gave, over the settings of the recipe that they name, if one.

    The data's folder is named such that it means the same everywhere. What overrides the recipe is said.
    """
    given = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if "data_dir" in given:
        given["data_dir"] = str(given["data_dir"].resolve())  # the run may be continued from elsewhere
    named = given.pop("recipe", None)
    if named is None:
        return given
    settings = find_recipe(named).settings
    for name in (name for name in settings if name in given and given[name] != settings[name]):
        ours, theirs = show_setting(given[name]), show_setting(settings[name])
        show_notice(f"{name.replace('_', ' ')} {ours} overrides the recipe's {theirs}")
    return {**settings, **given}


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
