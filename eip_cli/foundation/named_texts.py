"""Texts that come with the program and have a name: the TOML files of a folder in the package."""

from importlib.resources import files

ENDING = ".toml"


def list_names(wing: str) -> list[str]:
    """The names of the files in ``named/`` of a wing of the package, in order."""
    found = (file.name for file in files("eip_cli").joinpath(wing, "named").iterdir())
    return sorted(name.removesuffix(ENDING) for name in found if name.endswith(ENDING))


def read_named(wing: str, name: str) -> str | None:
    """The text that has this name there; None where there is none."""
    file = files("eip_cli").joinpath(wing, "named", name + ENDING)
    return file.read_text(encoding="utf-8") if name.isidentifier() and file.is_file() else None
