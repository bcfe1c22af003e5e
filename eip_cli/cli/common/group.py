"""The ``eip`` program: finds a command in the file of its name, and ends well where a command fails."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import click

from eip_cli.foundation.errors import EipError, in_one_line
from eip_cli.foundation.streams import mend_standard_streams
from eip_cli.foundation.version import __version__

from .options import verbose_option

INTERRUPTED = 130
COMMANDS_PACKAGE = __package__.rpartition(".")[0]


class CommandFiles(Mapping[str, click.Command]):
    """The commands of a package by name, one a module; a module is imported when its command is asked for.

    ``compare-baseline`` is the function ``compare_baseline`` of the module ``compare_baseline``.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    def _list_modules(self) -> list[str]:
        folders = importlib.import_module(self._package).__path__
        return [module.name for module in pkgutil.iter_modules(folders) if not module.ispkg]

    def __iter__(self) -> Iterator[str]:
        return (name.replace("_", "-") for name in self._list_modules())

    def __len__(self) -> int:
        return len(self._list_modules())

    def __getitem__(self, name: str) -> click.Command:
        module = name.replace("-", "_")
        if name not in set(self):
            raise KeyError(name)
        command = getattr(importlib.import_module(f"{self._package}.{module}"), module)
        assert isinstance(command, click.Command)
        return command


class ExperimentGroup(click.Group):
    """Turns expected failures into Click's own one line and exit status 1, and Ctrl-C into 130."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run the program, whatever its standard streams are."""
        mend_standard_streams()
        return super().main(*arguments, **settings)

    def invoke(self, context: click.Context) -> Any:
        """Run the command that ``context`` names."""
        try:
            return super().invoke(context)
        except EipError as error:
            raise click.ClickException(in_one_line(error)) from error
        except BrokenPipeError:
            raise  # Click ends quietly where the reader has gone
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{place}{error.strerror or error}") from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            context.exit(INTERRUPTED)


@click.group(
    cls=ExperimentGroup,
    commands=CommandFiles(COMMANDS_PACKAGE),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="eip")
@verbose_option
def cli() -> None:
    """Small convolutional networks on CIFAR-10, measured honestly against a baseline of 82.44%.

    Three commands do the whole experiment: eip train, eip summary --show-rf, and
    eip evaluate checkpoint.h5.
    """
