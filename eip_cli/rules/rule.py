"""What every kind of rule has: its words, its points, and a check."""

from collections.abc import Collection, Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from eip_cli.foundation.nearest_name import offer_nearest

from .rule_check import RuleCheck
from .subject import Subject


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One rule of an assignment.

    ``text`` replaces the words that the rule is described by; ``points`` are what it is worth.
    """

    text: Annotated[str, Meta(max_length=200)] = ""
    points: Annotated[float, Meta(ge=0, le=1000)] = 1.0

    @property
    def words(self) -> str:
        """What the rule is shown as."""
        return self.text.strip() or self.describe()

    def describe(self) -> str:
        """The rule in words that follow from its numbers."""
        raise NotImplementedError

    def check(self, subject: Subject) -> RuleCheck:
        """Whether ``subject`` keeps it."""
        raise NotImplementedError

    def found(self, words: str, holds: bool | None, names: Iterable[str] = ()) -> RuleCheck:
        """The outcome, under the rule's own words."""
        return RuleCheck(self.words, words, holds, tuple(names), self.points)

    def require_one_of(self, field: str, values: Iterable[str], known: Collection[str]) -> None:
        """Raise ValueError, with the nearest known name, where one of ``values`` is not known."""
        for value in values:
            if value not in known:
                raise ValueError(f"{field}: {describe_unknown(value, known)}")


def describe_unknown(value: Any, known: Collection[str]) -> str:
    """``there is no 'dropuot': did you mean dropout?``, or all that there is."""
    return f"there is no {value!a}: {offer_nearest(str(value), known)}"
