"""``eip recipes``."""

import click

from .common.messages import show_result
from .common.options import format_option


@click.command()
@click.argument("name", required=False)
@format_option
def recipes(name: str | None, output_format: str) -> None:
    """List the recipes with a name, or print the one called NAME as a file to change.

    A recipe is what --recipe of train and sweep takes: eip recipes wall > mine.toml
    """
    from eip_cli.display.printing import print_report
    from eip_cli.display.run_tables import report_recipes
    from eip_cli.foundation.errors import TrainingError
    from eip_cli.recipes.named_recipes import list_recipes, read_named_recipe

    if name is None:
        print_report(report_recipes(list_recipes()), output_format)
        return
    text = read_named_recipe(name)
    if text is None:
        raise TrainingError(f"no recipe {name!r}: use {', '.join(list_recipes())}")
    show_result(text)
