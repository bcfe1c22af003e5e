"""What a user's name for a recipe means: one with a name, a TOML file, or the settings of a run."""

from pathlib import Path

from eip_cli.foundation.errors import TrainingError
from eip_cli.recipes.named_recipes import Recipe, list_recipes, parse_recipe, read_named_recipe, take_recipe

from .catalogue import find_run, is_run_id
from .run_directory import RECORD_FILE


def find_recipe(name: str) -> Recipe:
    """The recipe that ``name`` means.

    Raises TrainingError or RunError where there is none, or its file is damaged.
    """
    text = read_named_recipe(name)
    if text is not None:
        return parse_recipe(text, name)
    path = Path(name)
    if path.suffix == ".toml":
        try:
            return parse_recipe(path.read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(
                f"cannot read the recipe {name}: {getattr(error, 'strerror', error)}"
            ) from None
    if name == "latest" or is_run_id(name) or (path / RECORD_FILE).is_file():
        return take_recipe(find_run(name).read_record().config, name)
    known = ", ".join(list_recipes())
    raise TrainingError(f"no recipe {name!r}: use {known}, a .toml file, or a run")
