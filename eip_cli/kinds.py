"""Whether values that were read from a file are of the kinds that are written there."""

from collections.abc import Callable
from typing import Any

Kind = Callable[[Any], bool]
LARGEST_NUMBER = (
    2**63
)  # nothing that is measured or counted is more; what is would overflow where it is shown


def is_text(value: Any) -> bool:  # noqa: D103
    return isinstance(value, str)


def is_plain_text(value: Any) -> bool:
    """Whether ``value`` is text that a terminal shows and does not obey."""
    return isinstance(value, str) and value.isprintable()


def is_flag(value: Any) -> bool:  # noqa: D103
    return isinstance(value, bool)


def is_mapping(value: Any) -> bool:  # noqa: D103
    return isinstance(value, dict)


def is_whole_number(value: Any) -> bool:  # noqa: D103
    return isinstance(value, int) and is_number(value)


def is_number(value: Any) -> bool:
    """Whether ``value`` is a number, finite and of a size that can be shown; a boolean is none."""
    is_numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return is_numeric and abs(value) < LARGEST_NUMBER  # which NaN is not


def is_count(value: Any) -> bool:
    """Whether ``value`` is 0, 1, 2, ..."""
    return is_whole_number(value) and value >= 0


def is_share(value: Any) -> bool:
    """Whether ``value`` is a number from 0 to 1, as an accuracy is."""
    return is_number(value) and 0 <= value <= 1


def is_pair(value: Any) -> bool:
    """Whether ``value`` is two counts."""
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(is_count, value))


def or_none(kind: Kind) -> Kind:
    """A kind that admits None too."""
    return lambda value: value is None or kind(value)
