"""Records that are read from files: each value of the kind that its dataclass declares, or refused by name.

Kinds are the annotations of the dataclass's fields, read by msgspec, and the ranges below. Fields that a
dataclass does not know are passed over, so that records of later versions read too.
"""

import re
import typing
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

# Nothing that is measured or counted is more; what is would overflow where it is shown.
LARGEST_NUMBER = 2**63 - 1

Count = Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)]
PositiveCount = Annotated[int, Meta(ge=1, le=LARGEST_NUMBER)]
Number = Annotated[float, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
"""Finite, and of a size that can be shown."""
Share = Annotated[float, Meta(ge=0, le=1)]
"""A fraction of a whole, as an accuracy is."""

Record = TypeVar("Record")


class RecordError(ValueError):
    """A record is not what its dataclass declares; the text names the field and what was expected."""


def parse_record(content: bytes, kind: type[Record]) -> Record:
    """The ``kind``, a dataclass, that the JSON in ``content`` holds.

    Raises RecordError where it holds none, also where the dataclass itself refuses by a ValueError.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise RecordError(_describe(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise RecordError("not JSON") from None


def require_declared_kinds(record: Any) -> None:
    """Raise RecordError where a field of ``record``, made in Python, is not of the kind that is declared."""
    for name, kind in typing.get_type_hints(type(record), include_extras=True).items():
        value = getattr(record, name)
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise RecordError(f"{name} is {value!r}: {_describe(error)}") from None


def require_plain_texts(**texts: str | None) -> None:
    """Raise RecordError where a text, given by its field's name, is one that a terminal obeys, not shows."""
    for name, text in texts.items():
        if text is not None and not text.isprintable():
            raise RecordError(f"{name.replace('__', '.')}: expected plain text")


def _describe(error: msgspec.ValidationError) -> str:
    """``Expected `int`, got `str` - at `$.config.epochs` `` as ``config.epochs: expected int, got str``."""
    text, _, place = str(error).replace("`", "").partition(" - at $")
    text = re.sub("^Expected", "expected", text)
    return f"{place.removeprefix('.')}: {text}" if place else text
