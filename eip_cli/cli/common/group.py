"""The ``eip`` program: finds a command in the file of its name, and ends well where a command fails."""

import errno
import functools
import importlib
import os
import pkgutil
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from eip_cli.foundation.errors import EipError, SettingsWarning, in_one_line
from eip_cli.foundation.streams import close_for_good, kept_for_the_result, mend_standard_streams
from eip_cli.foundation.version import __version__

from .messages import show_notice
from .options import is_verbose, verbose_option

INTERRUPTED = 130
COMMANDS_PACKAGE = __package__.rpartition(".")[0]


class CommandFiles(Mapping[str, click.Command]):
    """The commands of a package by name, one a module; a module is imported when its command is asked for.

    ``compare-baseline`` is the function ``compare_baseline`` of the module ``compare_baseline``.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._found: dict[str, click.Command] = {}

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
        if name not in self._found:
            command = getattr(importlib.import_module(f"{self._package}.{module}"), module)
            assert isinstance(command, click.Command)
            assert command.callback is not None
            command.callback = _printing_its_result_alone(command.callback)
            self._found[name] = command
        return self._found[name]


def _printing_its_result_alone(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Standard output is for what a command prints as its result: see ``foundation.streams``."""

    @functools.wraps(callback)
    def run(*arguments: Any, **settings: Any) -> Any:
        with kept_for_the_result():
            return callback(*arguments, **settings)

    return run


class ExperimentGroup(click.Group):
    """Turns failures into Click's own one line and exit status 1, and Ctrl-C into 130."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run the program, whatever its standard streams are."""
        mend_standard_streams()
        is_program = sys.stdout is sys.__stdout__ and settings.get("standalone_mode", True)
        try:
            return super().main(*arguments, **settings)
        except OSError as error:  # a help or a usage error could not be written
            if not is_program:
                raise
            click.echo(f"Error: {_describe_system_error(error)}", err=True)
            sys.exit(1)
        finally:
            if is_program:
                close_for_good()

    def invoke(self, context: click.Context) -> Any:
        """Run the command that ``context`` names."""
        try:
            with _settings_warnings_shown():
                return super().invoke(context)
        except EipError as error:
            raise click.ClickException(in_one_line(error)) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            raise  # Click ends quietly where the reader has gone
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise  # and so does Rich
            raise click.ClickException(_put_in_words(error)) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            context.exit(INTERRUPTED)
        except BaseException as error:  # a user's layer may also call sys.exit
            if is_verbose():
                traceback.print_exception(error)
            raise click.ClickException(_put_in_words(error)) from error


@contextmanager
def _settings_warnings_shown() -> Iterator[None]:
    """Show a warning that is meant for the user as the line that it is; Keras's own only with --verbose."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_warning(
            message: Any, category: type[Warning], filename: str, *place: Any, **settings: Any
        ) -> None:
            if issubclass(category, SettingsWarning):
                show_notice(str(message))
            elif is_verbose() or not {"keras", "tensorflow"} & set(Path(filename).parts):
                show(message, category, filename, *place, **settings)

        warnings.showwarning = show_warning
        yield


def _put_in_words(error: BaseException) -> str:
    """One line on what no command foresaw: the system's word, a user's code, or a fault of this program."""
    from eip_cli.networks.users_mistakes.failures import blame_users_code

    if theirs := blame_users_code(error):
        return theirs
    if isinstance(error, OSError):
        return _describe_system_error(error)
    reason = f"{type(error).__name__}: {in_one_line(error)}"
    if isinstance(error, ImportError):
        return f"a package cannot be imported ({reason:.300}): pip install --force-reinstall eip-cli"
    if isinstance(error, MemoryError):
        return f"more memory is needed than there is ({reason:.300}): a smaller network or --batch-size helps"
    return f"a fault of this program, not of yours ({reason:.300}): eip --verbose ... shows where; report it"


def _describe_system_error(error: OSError) -> str:
    if error.errno == errno.ENOENT and not _has_working_directory():
        return "the folder that this was started in is gone: change to one that exists"
    place = f"{error.filename}: " if error.filename else ""
    return in_one_line(f"{place}{error.strerror or error}")


def _has_working_directory() -> bool:
    try:
        os.getcwd()  # noqa: PTH109  # asked, not wanted
    except OSError:
        return False
    return True


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
