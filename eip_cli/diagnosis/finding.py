"""One thing that was looked at."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """``value`` is what was found, ``words`` say it to people; ``fault`` is why no training could start.

    ``part`` is what it belongs to: versions, computing, settings, data, caches or folders.
    """

    part: str
    name: str
    value: Any
    words: str
    fault: str | None = None


def plain(part: str, name: str, value: object) -> Finding:
    """A finding whose value says it."""
    return Finding(part, name, value, str(value))
