"""The receptive fields that a user's comments state, beside those that their layers have."""

import ast
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eip_cli.foundation.backend import keras
from eip_cli.networks.facts import LayerInfo, ModelSummary
from eip_cli.networks.receptive_field.arithmetic import Pair

from .calls import IMAGE, CallList, Tensor
from .field_comments import FieldComment, find_field_comments
from .layer_lines import LayerLines


@dataclass(frozen=True)
class StatedField:
    """What the comment on a line (from 1) states, and the fields of the layers that the line makes.

    ``layers`` and ``fields`` are those layers' in the order that they run; a field is None where the whole
    image is seen. Without layers, none is made there and ``agrees`` is None.
    """

    line: int
    says: Pair
    layers: tuple[str, ...]
    fields: tuple[Pair | None, ...]
    agrees: bool | None


def check_stated_fields(model: keras.Model, summary: ModelSummary, lines: LayerLines) -> list[StatedField]:
    """Each comment on a receptive field in the code that built ``model``, held against its layers.

    A comment is about the layers that its line makes, calls, or has made by a function; one on a line
    of its own is about the next line with layers, or the one before. Where a line makes several layers
    (in a loop, say) it is enough that one of them has the field. Code that was not run is left out.

    Raises ModelError where the receptive field is not known.
    """
    with tokenize.open(lines.file) as file:  # in the encoding that it says itself
        source = file.read()
    tree = ast.parse(source)
    rows = _find_rows(model, summary)
    run = {line: found for line, layers in lines.layers.items() if (found := _rows_of(layers, rows))}
    pieces = [(node.lineno, node.end_lineno or node.lineno) for node in _statements_and_calls(tree)]
    places = _functions_run(tree, run)
    whole = _sizes_of_all(model, summary)
    return [
        _check(comment, _find_layers(comment, run, pieces, source.splitlines()), summary.layers, whole)
        for comment in find_field_comments(source)
        if comment.line in run or any(first <= comment.line <= last for first, last in places)
    ]


def _check(
    comment: FieldComment, indices: Sequence[int], rows: Sequence[LayerInfo], whole: set[Pair]
) -> StatedField:
    found = [rows[index] for index in indices]
    fields = tuple(row.receptive_field for row in found)
    agrees = any(comment.size in whole if field is None else comment.size == field for field in fields)
    return StatedField(
        comment.line, comment.size, tuple(row.name for row in found), fields, agrees if fields else None
    )


def _sizes_of_all(model: keras.Model, summary: ModelSummary) -> set[Pair]:
    """What a comment may rightly say of a layer that sees the whole image: its size, or the widest field."""
    shape = tuple(model.inputs[0].shape[1:])
    sizes = {pair for pair in pairwise(shape) if None not in pair}
    return sizes | ({summary.receptive_field} if summary.receptive_field else set())


def _find_rows(model: keras.Model, summary: ModelSummary) -> dict[int, list[int]]:
    """The rows of each layer, by its identity; those of a nested model are its last layer's."""
    found = CallList()
    found.follow(model, [Tensor(IMAGE)])
    rows: dict[int, list[int]] = {}
    for index, call in enumerate(found.calls):
        rows.setdefault(id(call.operation), []).append(index)
        for outer in call.around:
            rows[id(outer)] = [index]
    return rows


def _rows_of(layers: Sequence[keras.Operation], rows: dict[int, list[int]]) -> list[int]:
    return sorted({row for layer in layers for row in rows.get(id(layer), [])})


def _find_layers(
    comment: FieldComment, run: dict[int, list[int]], pieces: Sequence[Pair], source: Sequence[str]
) -> list[int]:
    if comment.is_alone:
        near = [_next_code(source, comment.line, step) for step in (1, -1)]
        return sorted({row for line in near for row in _rows_at(line, run, pieces)})
    return _rows_at(comment.line, run, pieces)


def _rows_at(line: int, run: dict[int, list[int]], pieces: Sequence[Pair]) -> list[int]:
    """The layers of a line, or else of the smallest piece of code that begins or ends with it."""
    if line in run:
        return run[line]
    around = sorted((last - first, first, last) for first, last in pieces if line in (first, last))
    for _, first, last in around:
        inside = sorted({row for other in range(first, last + 1) for row in run.get(other, [])})
        if inside:
            return inside
    return []


def _next_code(source: Sequence[str], line: int, step: int) -> int:
    """The next line, up or down, that is neither blank nor a comment; 0 where there is none."""
    line += step
    while 1 <= line <= len(source):
        text = source[line - 1].strip()
        if text and not text.startswith("#"):
            return line
        line += step
    return 0


def _statements_and_calls(tree: ast.AST) -> Iterator[ast.stmt | ast.Call]:
    blocks = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.For,
        ast.While,
        ast.If,
        ast.With,
        ast.Try,
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.Call) and not isinstance(node, blocks):
            yield node


def _functions_run(tree: ast.AST, run: dict[int, list[int]]) -> list[Pair]:
    """First and last line of each function that made layers."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    spans = [(node.lineno, node.end_lineno or 0) for node in ast.walk(tree) if isinstance(node, kinds)]
    return [(first, last) for first, last in spans if any(first <= line <= last for line in run)]
