"""One stored call of a layer or an operation, of Keras 2 or 3 -> its arguments, as data.

Arguments are tensors by reference, numbers, arrays, slices, words and lists of those: what
arithmetic, slicing and padding take. What a function may do with them is its own affair.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from eip_cli.foundation.errors import CheckpointError

from .settings import MAX_INTEGER, is_array, read_array_setting

MAX_ARGUMENT_DEPTH = 6
MAX_WORD_LENGTH = 64
# How Keras 2 marks a first argument that is no tensor, as in ``1 - x``.
CONSTANT = "_CONSTANT_VALUE"


@dataclass(frozen=True)
class Reference:
    """An output of an earlier call of a layer: which layer, which call, which output."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True)
class Call:
    """One call: the arguments given by position and by name, References standing for tensors."""

    arguments: tuple[Any, ...]
    settings: dict[str, Any]

    @property
    def references(self) -> list[Reference]:
        """The tensors that the call needs, in order."""
        return list(_find_references([self.arguments, self.settings]))


def _find_references(value: object) -> Iterator[Reference]:
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _find_references(item)
    elif isinstance(value, dict):
        yield from _find_references(list(value.values()))


def read_call(node: object, names: set[str], nested: set[str], keeps_lists: bool) -> Call:
    """One stored call. ``names`` are those of the model's layers, ``nested`` those that are models.

    Keras 2 wrote a layer's only input as a list of one, but for the operations, which ``keeps_lists``.
    Raises CheckpointError where it is anything but tensors and plain values.
    """
    if isinstance(node, dict):
        return _read_keras_3_call(node)
    call = _read_keras_2_call(node, names, nested)
    first = call.arguments[0]
    if isinstance(first, list) and len(first) == 1 and not keeps_lists:
        return Call((first[0],), call.settings)
    return call


def _read_keras_3_call(node: dict[str, Any]) -> Call:
    arguments, settings = node.get("args"), node.get("kwargs")
    if not isinstance(arguments, list) or not isinstance(settings, dict):
        raise CheckpointError("a layer called with other arguments than tensors")
    call = Call(
        tuple(_read_keras_3_value(value) for value in arguments),
        _read_settings(settings, _read_keras_3_value),
    )
    if not call.references:
        raise CheckpointError("a layer called with no tensor")
    return call


def _read_settings(settings: dict[str, Any], read: Callable[[object], Any]) -> dict[str, Any]:
    found = {}
    for key, value in settings.items():
        try:
            found[key] = read(value)
        except CheckpointError as error:
            raise CheckpointError(f"setting {str(key)[:60]!a} of a call: {error}") from error
    return found


def _read_keras_3_value(value: object, depth: int = 0) -> Any:  # whatever a call takes
    if isinstance(value, dict):
        kind, inner = value.get("class_name"), value.get("config")
        if kind == "__keras_tensor__":
            history = inner.get("keras_history") if isinstance(inner, dict) else None
            return read_reference(history, set())
        if kind == "__slice__" and isinstance(inner, dict):
            return _read_slice(inner)
        if kind == "__ellipsis__":
            return ...
    if isinstance(value, list) and depth < MAX_ARGUMENT_DEPTH:
        return [_read_keras_3_value(item, depth + 1) for item in value]
    return _read_plain(value)


def _read_keras_2_call(node: object, names: set[str], nested: set[str]) -> Call:
    """``[layer, call, output, settings]`` for a tensor, or a list of those for a list of tensors."""
    settings: dict[str, Any] = {}

    def read_first(item: object, depth: int = 0) -> Any:
        if isinstance(item, list) and item and isinstance(item[0], str):
            given = item[3] if len(item) == 4 else {}
            if not isinstance(given, dict):
                raise CheckpointError(f"a connection {str(item)[:60]!a}, whose settings are not an object")
            settings.update(given)
            if item[0] == CONSTANT and len(item) > 2:
                return _read_plain_list(item[2])
            return read_reference(item[:3], nested)
        if isinstance(item, list) and depth < MAX_ARGUMENT_DEPTH:
            return [read_first(inner, depth + 1) for inner in item]
        raise CheckpointError(f"a connection {str(item)[:60]!a}, which names no layer's output")

    first = read_first(as_list(node))
    return Call((first,), _read_settings(settings, lambda value: _read_keras_2_value(value, names, nested)))


def _read_keras_2_value(value: object, names: set[str], nested: set[str], depth: int = 0) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"start", "stop", "step"}:
            return _read_slice(value)
        if value.get("class_name") == "__ellipsis__":
            return ...
    if isinstance(value, list) and depth < MAX_ARGUMENT_DEPTH:
        if len(value) == 3 and isinstance(value[0], str) and value[0] in names:
            return read_reference(value, nested)
        return [_read_keras_2_value(item, names, nested, depth + 1) for item in value]
    return _read_plain(value)


def _read_plain_list(value: object) -> Any:
    return read_array_setting(value) if isinstance(value, list) else _read_plain(value)


def _read_plain(value: object) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return value
    if isinstance(value, str) and len(value) <= MAX_WORD_LENGTH:
        return value
    if is_array(value):
        array = np.asarray(read_array_setting(value))
        return array.astype("float32") if array.dtype.kind == "f" else array
    raise CheckpointError(f"a layer called with {_describe(value)}, which is not a plain value")


def _describe(value: object) -> str:
    if isinstance(value, dict) and "class_name" in value:
        value = value["class_name"]
    return ascii(str(value)[:60])


def _read_slice(value: dict[str, Any]) -> slice:
    parts = [value.get(key) for key in ("start", "stop", "step")]
    if all(part is None or (type(part) is int and abs(part) <= MAX_INTEGER) for part in parts):
        return slice(*parts)
    raise CheckpointError(f"a slice {str(parts)[:60]!a}, which is not of plain numbers")


def read_reference(item: object, counted_from_1: set[str]) -> Reference:
    """``["name", 0, 0]`` -> a reference, with calls counted from 0. Raises CheckpointError."""
    if isinstance(item, list) and len(item) == 3:
        name, call, output = item
        if isinstance(name, str) and type(call) is int and type(output) is int:
            call -= name in counted_from_1
            if call >= 0 and output >= 0:
                return Reference(name, call, output)
    raise CheckpointError(f"a connection {str(item)[:60]!a}, which names no layer's output")


def read_references(value: object) -> list[Any]:
    """``["name", 0, 0]`` or a list of those -> a list of those."""
    items = as_list(value)
    return [items] if items and isinstance(items[0], str) else items


def as_list(value: object) -> list[Any]:
    """A stored list of connections, checked to be a list. Raises CheckpointError."""
    if not isinstance(value, list):
        raise CheckpointError("a model's connections are not a list")
    return value
