"""Rules that bound a number."""

import math
from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from .rule import Rule

Bound = Annotated[float, Meta(ge=0)]
ALTERNATIVES = (("above", "at_least"), ("at_most", "below"))


class BoundedRule(Rule, frozen=True, kw_only=True):
    """From where to where a number may lie, with (``at_least``) or without (``above``) the bound itself."""

    above: Bound | None = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    below: Bound | None = None

    def __post_init__(self) -> None:
        for pair in ALTERNATIVES:
            if None not in (getattr(self, name) for name in pair):
                raise ValueError(f"{' and '.join(pair)} say the same: give one")
        bounds = dict(self.list_bounds())
        if not bounds:
            raise ValueError("give a bound: above, at_least, at_most or below")
        if not all(map(math.isfinite, bounds.values())):
            raise ValueError("a bound is a finite number")
        least = max(bounds.get("above", -1), bounds.get("at_least", -1))
        most = min(bounds.get("at_most", math.inf), bounds.get("below", math.inf))
        if least > most or (least == most and not {"above", "below"}.isdisjoint(bounds)):
            raise ValueError(f"no number is above {least:g} and below {most:g}")

    def list_bounds(self) -> list[tuple[str, float]]:
        """The bounds that are stated, by name."""
        names = ("above", "at_least", "at_most", "below")
        return [(name, value) for name in names if (value := getattr(self, name)) is not None]

    def admit(self, value: float) -> bool:
        """Whether ``value`` lies within them."""
        tests: dict[str, Callable[[float], bool]] = {
            "above": lambda bound: value > bound,
            "at_least": lambda bound: value >= bound,
            "at_most": lambda bound: value <= bound,
            "below": lambda bound: value < bound,
        }
        return all(tests[name](bound) for name, bound in self.list_bounds())

    def admit_interval(self, low: float, high: float) -> bool | None:
        """Whether all from ``low`` to ``high`` lies within them; None where only a part does."""
        admitted = (self.admit(low), self.admit(high))
        if all(admitted):
            return True
        is_apart = not any(admitted) and not any(low < bound < high for _, bound in self.list_bounds())
        return False if is_apart else None

    def describe_bounds(self, show: Callable[[float], str], words: dict[str, str] | None = None) -> str:
        """``at least 5 and fewer than 10``; ``words`` replaces the names of some bounds by phrases."""
        bounds = self.list_bounds()
        phrases = {name: name.replace("_", " ") for name, _ in bounds} | (words or {})
        return " and ".join(f"{phrases[name]} {show(value)}" for name, value in bounds)
