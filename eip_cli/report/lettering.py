"""How a page shows the words of others: each form of page makes them harmless in its own way."""

from collections.abc import Callable
from dataclasses import dataclass

from eip_cli.display.markdown import show_code, show_words
from eip_cli.foundation.plain_text import show_plainly


@dataclass(frozen=True)
class Lettering:
    """``code`` shows a name or a value as it is, ``words`` a sentence that may hold such."""

    code: Callable[[str], str]
    words: Callable[[str], str]


MARKDOWN = Lettering(show_code, show_words)
# For HTML, where whatever writes the page escapes all texts alike.
PLAIN = Lettering(show_plainly, show_plainly)
