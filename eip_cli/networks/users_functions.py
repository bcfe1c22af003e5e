"""The functions that a user's file holds, found without running it."""

import ast
from difflib import get_close_matches
from pathlib import Path

from eip_cli.foundation.errors import ModelError

MOST_NAMES = 12


def is_bare_file(spec: str) -> bool:
    """Whether ``spec`` names a file of Python code, and no function in it."""
    return spec.rstrip(":").endswith(".py")


def require_function_name(spec: str) -> None:
    """Raise ModelError, with the functions to choose from, where ``spec`` is a file of code alone."""
    if is_bare_file(spec):
        source = spec.rstrip(":")
        if not Path(source).is_file():
            raise ModelError(f"no file {source}")
        raise ModelError(f"{source} is a file with code: name a function in it, {_offer(source, '')}")


def explain_missing_function(source: str, function: str) -> str:
    """``net.py has no function 'tny': did you mean net.py:tiny?``, where ``source`` is a file or a module."""
    offer = f": {_offer(source, function)}" if source.endswith(".py") else ""
    return f"{source} has no function {function!r}{offer}"


def _offer(source: str, function: str) -> str:
    names = _list_functions(Path(source))
    if not names:
        return f"as {source}:FUNCTION, that takes no arguments and returns a Keras model (it holds none)"
    close = get_close_matches(function, names, n=1) or names[:1]
    others = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
    return f"did you mean {source}:{close[0]}?" + (f" It holds {others}" if len(names) > 1 else "")


def _list_functions(path: Path) -> list[str]:
    """The functions at the top of the file that can be called without arguments, private ones left out."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # said, with its line, when it is run
        return []
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in functions if not node.name.startswith("_") and _takes_nothing(node.args)]


def _takes_nothing(arguments: ast.arguments) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return positional == len(arguments.defaults) and None not in arguments.kw_defaults
