"""What all pictures share: figures without a window system, labels shown as they are, files written whole."""

import io
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from eip_cli.foundation.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure


DOTS_PER_INCH = 120
# Okabe and Ito's colours (2008), told apart by the colour-blind too; without their yellow, which is
# faint on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


# Longer names are cut: a picture is as wide as the longest word in it.
LONGEST_NAME = 100
# Control, format (which turn the direction of writing), surrogate, private and unassigned characters, and
# line ends: no sign on paper, and most of them no character of an SVG file either.
UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def show_name(name: str) -> str:
    """``name`` such that it is drawn as it is, on one line: names come from files.

    Two of ``$`` would make mathematics of what is between. Characters without a sign are written out.
    """
    cut = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"
    seen = (ascii(sign)[1:-1] if unicodedata.category(sign) in UNSEEN_CATEGORIES else sign for sign in cut)
    return "".join(seen).replace("$", r"\$")


def new_figure(width_inches: float, height_inches: float) -> "Figure":
    """An empty figure whose parts make room for each other."""
    # The figure class draws without pyplot, so no window system is ever looked for.
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def save_figure(figure: "Figure", path: Path) -> None:
    """Write ``figure`` whole, in the format that ``path`` ends in."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        # Signs that no font here has are drawn as boxes; a line of the library's source says no more.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(content, format=path.suffix.removeprefix(".").lower(), dpi=DOTS_PER_INCH)
    with write_atomically(path) as aside:
        aside.write_bytes(content.getvalue())
