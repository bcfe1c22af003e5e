"""What to say of a name that there is not."""

from collections.abc import Collection
from difflib import get_close_matches


def offer_nearest(name: str, known: Collection[str]) -> str:
    """``did you mean below?``, or all that there is where nothing is near."""
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else f"use {', '.join(known)}"
