"""Reads one batch file of CIFAR-10 or CIFAR-100, which is a pickle, without unpickling it.

A pickle is a program, and Python's own machine for it can run any function, allocate any amount
of memory and hash forever. So the standard library only cuts the file into opcodes here
(``pickletools.genops``), and the small machine below runs them: it knows the opcodes that a
dictionary of strings, whole numbers and arrays of whole numbers needs, it calls nothing that
the file names, and what it builds is bounded by the size of the file.
"""

import math
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WHOLE_NUMBER_DTYPES = frozenset({"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"})
_ARRAY_MODULES = frozenset({"numpy", "numpy.core.multiarray", "numpy._core.multiarray"})
# What a damaged pickle can raise in this machine: opcodes cut short, an empty stack, odd types.
DAMAGES = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError)


class RefusedError(Exception):
    """The file holds something that no batch needs; the text names it."""


@dataclass(frozen=True)
class _Name:
    """A function or class that the file names. It is never looked up, let alone called."""

    name: str


@dataclass
class _Dtype:
    """An element type being rebuilt: a code such as "u1", then the byte order of its state."""

    code: str
    byte_order: str = "="

    def set_state(self, state: Any) -> None:
        byte_order = state[1]
        if not isinstance(byte_order, str) or byte_order not in {"<", ">", "=", "|"}:
            raise RefusedError("an array of an unknown byte order")
        self.byte_order = byte_order


@dataclass
class _Array:
    """An array being rebuilt: empty until its state arrives."""

    values: NDArray[Any] | None = None

    def set_state(self, state: Any) -> None:
        _version, shape, dtype, fortran_order, content = state
        self.values = _make_array(content, dtype, shape, "F" if fortran_order else "C")


def _make_array(content: Any, dtype: Any, shape: Any, order: str) -> NDArray[Any]:
    """View ``content`` as an array, only where its size is exactly what type and shape say."""
    if not isinstance(dtype, _Dtype):
        raise RefusedError("an array of an unknown element type")
    if isinstance(content, str):  # Python 2's bytes
        content = content.encode("latin-1")
    if not isinstance(content, bytes | bytearray):
        raise RefusedError(f"an array whose content is {type(content).__name__}")
    if len(shape) > 2 or not all(isinstance(length, int) and length >= 0 for length in shape):
        raise RefusedError("an array of no possible shape")
    element = np.dtype(dtype.code).newbyteorder(dtype.byte_order)  # type: ignore[arg-type]
    if math.prod(shape) * element.itemsize != len(content):
        raise RefusedError(f"an array of shape {shape} in {len(content)} bytes")
    return np.frombuffer(content, element).reshape(shape, order="F" if order == "F" else "C")


def _call(function: Any, arguments: Any) -> Any:
    """Stand in for the five calls by which Python and NumPy write bytes and arrays."""
    match function, arguments:
        case _Name("_reconstruct"), (_Name("ndarray"), (0,), _):
            return _Array()
        case _Name("dtype"), (str(code), *_) if code in _WHOLE_NUMBER_DTYPES:
            return _Dtype(code)
        case _Name("_frombuffer"), (content, dtype, shape, order):  # protocol 5
            return _Array(_make_array(content, dtype, shape, order))
        case _Name("encode"), (str(text), "latin1" | "latin-1"):  # bytes in protocols below 3
            return text.encode("latin-1")
        case _Name("dtype"), (str(code), *_):
            raise RefusedError(f"an array of elements {code[:20]!r}")
    raise RefusedError("a call that no array needs")


def _find_name(module: Any, name: Any) -> _Name:
    """Admit a name only where a pickled array refers to it, in NumPy 1 (``core``) or 2 (``_core``)."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise RefusedError("a name that is not text")
    allowed = (
        (module in _ARRAY_MODULES and name in {"_reconstruct", "ndarray", "dtype"})
        or (module in {"numpy.core.numeric", "numpy._core.numeric"} and name == "_frombuffer")
        or (module == "_codecs" and name == "encode")
    )
    if not allowed:
        raise RefusedError(f"the name {f'{module[:60]}.{name[:60]}'!r}")
    return _Name(name)


class _Machine:
    """Runs the opcodes of a batch. ``stack`` and ``memo`` are those of the pickle protocol."""

    def __init__(self, max_opcodes: int, max_text: int) -> None:
        self.max_opcodes = max_opcodes
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        # A call or a state turns text into bytes, and a file could ask for that again and again.
        self.text_left = max_text

    def run(self, content: bytes) -> Any:
        for count, (opcode, argument, _position) in enumerate(pickletools.genops(content)):
            if count > self.max_opcodes:
                raise RefusedError(f"more than {self.max_opcodes} pickle opcodes")
            if opcode.name in _LITERALS:
                self.stack.append(argument)
            elif opcode.name in _STEPS:
                _STEPS[opcode.name](self, argument)
            elif opcode.name not in {"PROTO", "FRAME", "STOP"}:
                raise RefusedError(f"the pickle opcode {opcode.name}")
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def pop_items(self, number: int) -> list[Any]:
        items = self.stack[-number:]
        del self.stack[-number:]
        return items

    def push_tuple(self, items: list[Any]) -> None:
        self.stack.append(tuple(items))

    def push_dict(self, items: list[Any]) -> None:
        self.stack.append({})
        self.fill_dict(items)

    def memoize(self, key: int | None) -> None:
        self.memo[len(self.memo) if key is None else key] = self.stack[-1]

    def extend_list(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise RefusedError("items for something that is not a list")
        self.stack[-1].extend(items)

    def fill_dict(self, items: list[Any]) -> None:
        # Only text and bytes as keys: hashing nested tuples can take forever.
        target = self.stack[-1]
        if not isinstance(target, dict) or not all(isinstance(key, str | bytes) for key in items[::2]):
            raise RefusedError("a dictionary whose keys are not text")
        target.update(zip(items[::2], items[1::2], strict=True))

    def reduce(self) -> None:
        function, arguments = self.pop_items(2)
        self.charge(arguments)
        self.stack.append(_call(function, arguments))

    def build(self) -> None:
        state = self.stack.pop()
        self.charge(state)
        if not isinstance(self.stack[-1], _Array | _Dtype):
            raise RefusedError("a state for something that is not an array")
        self.stack[-1].set_state(state)

    def charge(self, arguments: Any) -> None:
        if not isinstance(arguments, tuple):
            raise RefusedError("a call without arguments")
        self.text_left -= sum(len(item) for item in arguments if isinstance(item, str))
        if self.text_left < 0:
            raise RefusedError("more text to turn into bytes than a batch has")


_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"}
    | {"SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "NONE": lambda machine, _: machine.stack.append(None),
    "NEWTRUE": lambda machine, _: machine.stack.append(True),
    "NEWFALSE": lambda machine, _: machine.stack.append(False),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "POP": lambda machine, _: machine.pop_items(1).clear(),
    "POP_MARK": lambda machine, _: machine.pop_to_mark().clear(),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "DICT": lambda machine, _: machine.push_dict(machine.pop_to_mark()),
    "LIST": lambda machine, _: machine.stack.append(machine.pop_to_mark()),
    "TUPLE": lambda machine, _: machine.push_tuple(machine.pop_to_mark()),
    "TUPLE1": lambda machine, _: machine.push_tuple(machine.pop_items(1)),
    "TUPLE2": lambda machine, _: machine.push_tuple(machine.pop_items(2)),
    "TUPLE3": lambda machine, _: machine.push_tuple(machine.pop_items(3)),
    "APPEND": lambda machine, _: machine.extend_list(machine.pop_items(1)),
    "APPENDS": lambda machine, _: machine.extend_list(machine.pop_to_mark()),
    "SETITEM": lambda machine, _: machine.fill_dict(machine.pop_items(2)),
    "SETITEMS": lambda machine, _: machine.fill_dict(machine.pop_to_mark()),
    "PUT": lambda machine, key: machine.memoize(key),
    "BINPUT": lambda machine, key: machine.memoize(key),
    "LONG_BINPUT": lambda machine, key: machine.memoize(key),
    "MEMOIZE": lambda machine, _: machine.memoize(None),
    "GET": lambda machine, key: machine.stack.append(machine.memo[key]),
    "BINGET": lambda machine, key: machine.stack.append(machine.memo[key]),
    "LONG_BINGET": lambda machine, key: machine.stack.append(machine.memo[key]),
    "GLOBAL": lambda machine, names: machine.stack.append(_find_name(*names.split(" ", 1))),
    "STACK_GLOBAL": lambda machine, _: machine.stack.append(_find_name(*machine.pop_items(2))),
    "REDUCE": lambda machine, _: machine.reduce(),
    "BUILD": lambda machine, _: machine.build(),
}


def read_dictionary(content: bytes, max_opcodes: int, max_text: int) -> dict[str, Any]:
    """The fields of the dictionary that a pickle holds, as Python 2, Python 3 and any NumPy wrote it.

    ``max_text`` bounds the characters that become bytes. Raises RefusedError where the pickle holds anything
    that a batch does not need, and one of DAMAGES where it is damaged or no dictionary.
    """
    batch = _Machine(max_opcodes, max_text).run(content)
    if not isinstance(batch, dict):
        raise ValueError("not a dictionary")
    # Keys are bytes where Python 3 has read Python 2's file and written it again.
    return {
        key.decode("latin-1") if isinstance(key, bytes) else key: _as_values(value)
        for key, value in batch.items()
    }


def _as_values(value: Any) -> Any:
    return value.values if isinstance(value, _Array) else value
