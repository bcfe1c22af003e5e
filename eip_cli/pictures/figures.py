"""What all pictures share: figures without a window system, labels shown as they are, files written whole."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.plain_text import show_plainly

if TYPE_CHECKING:
    from matplotlib.figure import Figure


DOTS_PER_INCH = 120
# Okabe and Ito's colours (2008), told apart by the colour-blind too; without their yellow, which is
# faint on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Longer names are cut: a picture is as wide as the longest word in it.
LONGEST_NAME = 100


def show_text(text: str) -> str:
    """``text`` such that it is drawn as it is, on one line.

    Two of ``$`` would make mathematics of what is between, and an SVG with control characters is none.
    """
    return show_plainly(text).replace("$", r"\$")


def show_name(name: str) -> str:
    """The same of a name, which comes from a file and may be of any length: a long one is cut."""
    return show_text(
        name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )


def new_figure(width_inches: float, height_inches: float) -> "Figure":
    """An empty figure whose parts make room for each other."""
    # The figure class draws without pyplot, so no window system is ever looked for.
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def save_figure(figure: "Figure", path: Path) -> None:
    """Write ``figure`` whole, in the format that ``path`` ends in."""
    content = io.BytesIO()
    with missing_signs_passed_over():
        figure.savefig(content, format=path.suffix.removeprefix(".").lower(), dpi=DOTS_PER_INCH)
    with write_atomically(path) as aside:
        aside.write_bytes(content.getvalue())


@contextmanager
def missing_signs_passed_over() -> Iterator[None]:
    """Signs that no font here has are drawn as boxes; a line of matplotlib's source would say no more."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
