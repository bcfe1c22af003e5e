"""Networks that a user's own code builds: ``file.py:function`` or ``module:function``, whose code runs."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError, in_one_line
from eip_cli.foundation.problem import Problem

from .users_mistakes.failures import describe_failure, remember_code
from .users_mistakes.missing_functions import explain_missing_function

# What a function may ask for: the shape of an image, (height, width, channels), and the number of classes.
PROBLEM_PARAMETERS = (("input_shape",), ("classes", "num_classes"))


def is_user_network(spec: str) -> bool:
    """Whether ``spec`` has the form of a user's network: ``file.py:function`` or ``module:function``."""
    source, colon, function = spec.rpartition(":")
    return bool(colon and function.isidentifier() and source) and not source.endswith((".h5", ".keras"))


def network_file(spec: str) -> Path | None:
    """The file of a ``file.py:function`` network; None for every other form."""
    source = spec.rpartition(":")[0]
    return Path(source) if is_user_network(spec) and source.endswith(".py") else None


def code_file(spec: str) -> Path | None:
    """The file with the code of a user's network, found without running it; None where there is none."""
    path = network_file(spec)
    return path if path is not None else _find_module_file(spec.rpartition(":")[0])


def _find_module_file(module: str) -> Path | None:
    """The file of a module; Python's own search would import the packages around it for that."""
    names = module.split(".")
    try:
        here = [] if names[0] in sys.modules else [str(Path.cwd())]
        found = _look_in(here, names[0]) or importlib.util.find_spec(names[0])
        for number in range(2, len(names) + 1):
            folders = found.submodule_search_locations if found else None
            found = _look_in(folders or [], ".".join(names[:number]))
    except (Exception, SystemExit):  # whatever stands in a module's place; it is met again when it is called
        return None
    return Path(found.origin) if found and found.has_location and found.origin else None


def _look_in(folders: Iterable[str], module: str) -> ModuleSpec | None:
    """The last part of ``module``, with code in one of ``folders``, or else a folder without."""
    finders = [FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)) for folder in folders]
    found = [spec for finder in finders if (spec := finder.find_spec(module)) is not None]
    return next((spec for spec in found if spec.loader is not None), found[0] if found else None)


def call_user_function(spec: str, problem: Problem) -> keras.Model:
    """The model that the function ``spec`` returns. Raises ModelError where there is none, or it fails.

    It is called with the shape of an image and the number of classes if it takes these, else with nothing.
    Ctrl-C passes through; whatever else a stranger's code raises, ``sys.exit`` included, is theirs to mend.
    """
    source, _, function_name = spec.rpartition(":")
    file = code_file(spec)
    if file is not None:
        remember_code(file, spec)
    try:
        function = getattr(_import_source(source), function_name, None)
        if not callable(function):
            raise ModelError(explain_missing_function(source, function_name))
        model = function(**_choose_arguments(function, spec, problem))
    except (ModelError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        said = f" ({in_one_line(error.code):.300})" if error.code not in (None, 0) else ""
        raise ModelError(
            f"{spec} ended the program with sys.exit{said}: a network's file may not; put what only a script "
            'does under if __name__ == "__main__":'
        ) from error
    except BaseException as error:
        raise ModelError(f"{spec} failed with {describe_failure(error, file)}") from error
    _require_model(model, spec, problem)
    return model


def _choose_arguments(function: Callable[..., object], spec: str, problem: Problem) -> dict[str, object]:
    """What to call a user's function with: the problem, where two parameters are called so, or nothing.

    Keras's own functions have such parameters too, and are left alone: their pre-trained weights fit 1,000
    classes only.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a builtin without one
        return {}
    shape, classes = (
        next((name for name in names if name in parameters), None) for names in PROBLEM_PARAMETERS
    )
    chosen: dict[str, object] = {}
    is_kerass = (getattr(function, "__module__", None) or "").startswith("keras.")
    if shape is not None and classes is not None and not is_kerass:
        chosen = {shape: problem.image_shape, classes: problem.classes}
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty and parameter.kind not in variadic and name not in chosen
    ]
    if needed:
        raise ModelError(
            f"{spec} needs arguments ({', '.join(needed)}): give each a default; only (input_shape, classes) "
            "are given, where it takes both"
        )
    return chosen


def _require_model(model: object, spec: str, problem: Problem) -> None:
    if model is None:
        raise ModelError(f"{spec} returned None, not a Keras model: let it end with return model")
    if not isinstance(model, keras.Model):
        kind = type(model)
        older = " of tf_keras (Keras 2): build it with keras" if "tf_keras" in kind.__module__ else ""
        raise ModelError(f"{spec} returned {kind.__name__}, not a Keras model{older}")
    if not model.built:
        raise ModelError(
            f"{spec} returned a model without an input shape: begin it with "
            f"keras.Input({problem.image_shape})"
        )


def _import_source(source: str):  # type: ignore[no-untyped-def]  # a module, whose attributes are unknown
    """The module of a user's network, with its neighbours importable as they are for Python itself."""
    if not source.endswith(".py"):
        if source.startswith(".") or "/" in source or "\\" in source:
            raise ModelError(
                f"{source} is no module's name: a file is named with its ending, {source}.py:FUNCTION"
            )
        _make_importable(Path.cwd())
        return importlib.import_module(source)
    path = Path(source)
    if not path.is_file():
        raise ModelError(f"no file {source}")
    _make_importable(path.resolve().parent)
    module_spec = importlib.util.spec_from_file_location(f"eip_user_{path.stem}", path)
    assert module_spec is not None and module_spec.loader is not None  # a .py file always has a loader
    module = importlib.util.module_from_spec(module_spec)
    # Decorators such as keras.saving.register_keras_serializable look their module up by name.
    sys.modules[module_spec.name] = module
    module_spec.loader.exec_module(module)
    return module


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
