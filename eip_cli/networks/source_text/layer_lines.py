"""Which lines of a user's file make which layers, seen while the file's code runs.

Reading the code alone would not tell: layers are made in loops, in helpers, and in lists.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from eip_cli.foundation.backend import keras


@dataclass
class LayerLines:
    """For each line of ``file``, the layers that were made or called while it ran, in their order.

    A layer stands at the line that makes it and at each line that waits for that one, such as the call
    of a helper. Layers are held, so that none of them gives its identity to another.
    """

    file: Path
    layers: dict[int, list[keras.Operation]] = field(default_factory=dict)

    def note(self, layer: keras.Operation, frame: FrameType | None) -> None:
        """Put ``layer`` down at every line of the file that stands in ``frame`` and those around it."""
        while frame is not None:
            if _is_same_file(frame.f_code.co_filename, self.file):
                at_line = self.layers.setdefault(frame.f_lineno, [])
                if not any(layer is other for other in at_line):
                    at_line.append(layer)
            frame = frame.f_back


def _is_same_file(name: str, file: Path) -> bool:
    return name.endswith(file.name) and Path(name).resolve() == file.resolve()


@contextmanager
def noting_layer_lines(file: Path) -> Iterator[LayerLines]:
    """Note the lines of ``file`` while the block has a network built from it."""
    lines = LayerLines(file)
    # Every layer and operation begins here, whatever its class does; Keras has no hook for it.
    make, call = keras.Operation.__init__, keras.layers.Layer.__call__

    def noting_make(self: keras.Operation, *arguments: Any, **settings: Any) -> None:
        make(self, *arguments, **settings)
        lines.note(self, sys._getframe(1))

    def noting_call(self: keras.Layer, *arguments: Any, **settings: Any) -> Any:
        frame = sys._getframe(1)
        if _is_same_file(frame.f_code.co_filename, file):  # not by Sequential, which calls all layers anew
            lines.note(self, frame)
        return call(self, *arguments, **settings)

    made = _replaced(keras.Operation, "__init__", noting_make)
    with made, _replaced(keras.layers.Layer, "__call__", noting_call):
        yield lines


@contextmanager
def _replaced(holder: type, name: str, function: Callable[..., Any]) -> Iterator[None]:
    held = holder.__dict__[name]
    setattr(holder, name, function)
    try:
        yield
    finally:
        setattr(holder, name, held)
