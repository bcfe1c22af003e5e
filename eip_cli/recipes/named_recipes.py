"""Recipes as they are written down: TOML with the settings of a training, and those that have a name.

A named recipe is a file of ``named/``; ``report`` and ``base`` are what the known networks are trained by
unless the user says otherwise.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from eip_cli.foundation.errors import TrainingError
from eip_cli.foundation.named_texts import list_names, read_named
from eip_cli.foundation.nearest_name import offer_nearest
from eip_cli.foundation.records import PositiveCount

from .configuration import OWN, TrainConfig


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings of a training; None leaves one to the network's own protocol.

    ``model`` is the network that it was made for, which is trained unless the user names another.
    """

    description: str = ""
    model: str | None = None
    epochs: PositiveCount | None = None
    batch_size: PositiveCount | None = None
    optimizer: str | None = None
    learning_rate: Annotated[float, Meta(gt=0)] | None = None
    schedule: str | None = None
    warmup: Annotated[float, Meta(ge=0)] | None = None
    weight_decay: Annotated[float, Meta(ge=0)] | None = None
    label_smoothing: Annotated[float, Meta(ge=0, lt=1)] | None = None
    clip_norm: Annotated[float, Meta(gt=0)] | None = None
    average_weights: Annotated[float, Meta(ge=0, lt=1)] | None = None
    augment: tuple[str, ...] | None = None
    pixels: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What it says, as fields of TrainConfig."""
        said = {name: getattr(self, name) for name in _SAID}
        return {name: value for name, value in said.items() if value is not None}


_SAID = tuple(name for name in Recipe.__struct_fields__ if name != "description")
# What a run's training can be taken over by, whatever its network was.
SETTINGS = tuple(name for name in _SAID if name != "model")
_WING = "recipes"


def list_recipes() -> dict[str, Recipe]:
    """The named recipes, by name."""
    texts = {name: read_named_recipe(name) for name in list_names(_WING)}
    return {name: parse_recipe(text, f"{name}.toml") for name, text in texts.items() if text is not None}


def read_named_recipe(name: str) -> str | None:
    """The text of the recipe called ``name``; None where there is none."""
    return read_named(_WING, name)


def parse_recipe(text: str, where: str) -> Recipe:
    """The recipe that ``text`` holds; ``where`` names it in messages.

    Raises TrainingError where it is no TOML, has a setting that there is not, or a value that none can be.
    """
    try:
        recipe = msgspec.toml.decode(text.encode(), type=Recipe)
    except msgspec.ValidationError as error:
        raise TrainingError(f"{where}: {_explain(str(error))}") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise TrainingError(f"{where} is no TOML: {error}") from None
    try:
        TrainConfig(**recipe.settings)
    except TrainingError as error:
        raise TrainingError(f"{where}: {error}") from None
    return recipe


def take_recipe(config: TrainConfig, where: str) -> Recipe:
    """The recipe that a run was trained by, from its resolved configuration.

    Raises TrainingError where its optimizer was the network's own, which no recipe can say.
    """
    if OWN in (config.optimizer, config.schedule):
        raise TrainingError(f"{where} was trained by its network's own optimizer, which is no recipe")
    return Recipe(**{name: getattr(config, name) for name in SETTINGS})


def _explain(message: str) -> str:
    unknown = re.search(r"unknown field `(.*?)`", message)
    if unknown is None:
        return re.sub("^Expected", "expected", message.replace("`", "").replace(" - at $.", " at "))
    return f"there is no setting {unknown[1]!a}: {offer_nearest(unknown[1], _SAID)}"
