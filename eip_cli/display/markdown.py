"""Text of others in a Markdown page: shown as it is, never read as Markdown, HTML or a link."""

import re

from eip_cli.foundation.plain_text import escape_sign

PLAIN_WORDS = re.compile(r"[A-Za-z0-9 ,.:;()%'+\-]*")


def show_code(text: str) -> str:
    """``text`` as a code span that nothing in it can leave, in a table's cell too.

    A backtick would end the span, a pipe the cell, and a backslash before a pipe would hide its escape,
    so these and what cannot be printed are written as Python writes them: ``\\x7c``.
    """
    shown = "".join(char if _is_safe(char) else escape_sign(char) for char in text)
    if not shown.strip():
        shown = '""' if not text else shown.replace(" ", "\\x20")
    return f"`{shown}`"


def _is_safe(char: str) -> bool:
    return char.isprintable() and char not in "`|\\"


def show_words(text: str) -> str:
    """A sentence as it is where it is of plain words alone, else as a code span."""
    return text if PLAIN_WORDS.fullmatch(text) and "www." not in text.lower() else show_code(text)


def fence(text: str, language: str) -> str:
    """``text`` as a code block, its fence longer than any run of backticks inside."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"
