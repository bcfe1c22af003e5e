"""Networks that a user's own code builds: ``file.py:function`` or ``module:function``, whose code runs."""

import importlib
import importlib.util
import sys
from pathlib import Path

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError


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
    if path is not None:
        return path
    _make_importable(Path.cwd())
    try:
        found = importlib.util.find_spec(spec.rpartition(":")[0])
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found and found.origin else None


def call_user_function(spec: str) -> keras.Model:
    """The model that the function ``spec`` returns. Raises ModelError where there is none, or it fails."""
    source, _, function_name = spec.rpartition(":")
    try:
        function = getattr(_import_source(source), function_name, None)
        if not callable(function):
            raise ModelError(f"{source} has no function {function_name!r}")
        model = function()
    except ModelError:
        raise
    except Exception as error:  # whatever a stranger's code raises is theirs to mend
        raise ModelError(f"{spec} failed with {type(error).__name__}: {_first_line(error)}") from error
    if not isinstance(model, keras.Model):
        raise ModelError(f"{spec} returned {type(model).__name__}, not a Keras model")
    if not model.built:
        raise ModelError(
            f"{spec} returned a model without an input shape: begin it with keras.Input((32, 32, 3))"
        )
    return model


def _import_source(source: str):  # type: ignore[no-untyped-def]  # a module, whose attributes are unknown
    """The module of a user's network, with its neighbours importable as they are for Python itself."""
    if not source.endswith(".py"):
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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["(no message)"])[0]
