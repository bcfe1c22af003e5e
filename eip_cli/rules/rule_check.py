"""What a rule found, and what several found together."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

MOST_NAMES = 8


@dataclass(frozen=True)
class RuleCheck:
    """One rule: what was found, in words and names (a user's, not ours), and whether it holds.

    ``holds`` is None where what was handed in cannot say. ``points`` are those that the rule is worth.
    """

    rule: str
    found: str
    holds: bool | None
    names: tuple[str, ...] = ()
    points: float = 1.0

    def describe_found(self, show: Callable[[str], str]) -> str:
        """What was found, with the first of the names that it is about, each as ``show`` writes it."""
        names = [", ".join(map(show, self.names[:MOST_NAMES]))] if self.names else []
        more = [f"and {len(self.names) - MOST_NAMES} more"] if len(self.names) > MOST_NAMES else []
        return " ".join([self.found, *names, *more])


def do_all_hold(checks: Iterable[RuleCheck]) -> bool | None:
    """Whether all of ``checks`` hold; None where none is broken, but some cannot be said."""
    found = [check.holds for check in checks]
    if False in found:
        return False
    return None if None in found else True


def sum_points(checks: Iterable[RuleCheck]) -> float:
    """The points of the rules that hold."""
    return sum(check.points for check in checks if check.holds)


def count(number: int, noun: str) -> str:
    """``7 layers``, ``1 layer``, ``no layers``."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
