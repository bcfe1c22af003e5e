"""The functions that a user's file holds, found without running it."""

import ast
import re
from difflib import get_close_matches
from pathlib import Path

from eip_cli.foundation.errors import ModelError

from .failures import describe_failure

MOST_NAMES = 12
# A file of code without a function after it, or with something after it that is none: net.py, net.py::tiny.
_INCOMPLETE = re.compile(r"(?P<file>.*\.py)(:+(?P<rest>.*))?", re.DOTALL)


def is_incomplete(spec: str) -> bool:
    """Whether ``spec`` names a file of Python code, and no function in it."""
    match = _INCOMPLETE.fullmatch(spec)
    if match is None:
        return False
    rest = match["rest"] or ""
    return not (rest.isidentifier() and spec == f"{match['file']}:{rest}")


def require_function_name(spec: str) -> None:
    """Raise ModelError, with the functions to choose from, where ``spec`` is a file of code alone."""
    match = _INCOMPLETE.fullmatch(spec)
    if match is None or not is_incomplete(spec):
        return
    source, rest = match["file"], match["rest"] or ""
    if not Path(source).is_file():
        raise ModelError(f"no file {source}")
    if rest and not rest.isidentifier():
        raise ModelError(explain_missing_function(source, rest))
    raise ModelError(f"{source} is a file with code: name a function in it, {_offer(source, rest)}")


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
        tree = ast.parse(path.read_bytes(), path.name)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"{path} is no Python: {describe_failure(error, path)}") from None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in functions if not node.name.startswith("_") and _takes_nothing(node.args)]


def _takes_nothing(arguments: ast.arguments) -> bool:
    """Whether a call without arguments is what the function is for; one with ``*layers`` is a helper."""
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return (
        positional == len(arguments.defaults) and None not in arguments.kw_defaults and not arguments.vararg
    )
