"""A figure as SVG that can stand in a page beside others, in the page's own colours."""

import html
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eip_cli.foundation.plain_text import show_plainly
from eip_cli.pictures.figures import missing_signs_passed_over

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What of a figure is ink, paper or line takes the page's colour for it, which follows light and dark.
PAGE_COLORS = {
    "#000000": "var(--ink)",
    "#ffffff": "var(--paper)",
    "#666666": "var(--faint)",
    "#999999": "var(--fainter)",
    "#b0b0b0": "var(--line)",
    "#cccccc": "var(--line)",
    "#0072b2": "var(--blue)",  # of the figures' colours the one that is dim on dark
}
# Matplotlib's own form of a letter's outline, which comes once in a figure, where the letter is first used.
GLYPH = re.compile(r'<path id="(DejaVu[^"]+)" d="([^"]*)" transform="scale\(0\.015625\)"\s*/>')
SMALLEST_STEP = 2  # decimals of a point: a hundredth of it is not seen


@dataclass(frozen=True)
class InlineSvg:
    """An ``svg`` element, and the outlines of its letters by their ids, which it leaves to the page.

    A page with many pictures has each letter's outline once.
    """

    element: str
    glyphs: dict[str, str]


def make_inline_svg(figure: "Figure", prefix: str, description: str) -> InlineSvg:
    """``figure`` as an ``svg`` element, its ids beginning with ``prefix``, unique in the page.

    Letters are outlines: they look, and measure, the same on every machine, and no text in them can be
    markup. ``description`` is said where it cannot be seen.
    """
    import matplotlib

    content = io.BytesIO()
    settings: dict[Any, Any] = {
        "svg.fonttype": "path",
        "svg.hashsalt": prefix,
    }  # a salt has equal figures give equal files
    with missing_signs_passed_over(), matplotlib.rc_context(settings):
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None})
    text = content.getvalue().decode("utf-8")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert size is not None  # matplotlib's own form
    width, height = map(float, size.groups())
    body = re.sub(r"<!--.*?-->", "", text[text.index("<g ") :], flags=re.DOTALL)  # names, as they are
    glyphs = {name: _shorten(outline) for name, outline in GLYPH.findall(body)}
    body = GLYPH.sub("", body)
    element = (
        f'<svg viewBox="0 0 {width:g} {height:g}" style="--natural: {width * 96 / 72:.0f}px" role="img" '
        f'aria-label="{html.escape(show_plainly(description))}" fill="currentColor" stroke-linejoin="round" '
        f'stroke-linecap="butt">{_adapt(body, prefix, glyphs)}'
    )
    return InlineSvg(element, glyphs)


def _adapt(body: str, prefix: str, glyphs: dict[str, str]) -> str:
    """Ids that are unique, or left out where nothing refers to them, the page's colours, short numbers."""
    used = {*re.findall(r'xlink:href="#([^"]+)"', body), *re.findall(r"url\(#([^)]+)\)", body)}

    def keep(found: re.Match[str]) -> str:
        return f' id="{prefix}-{found[1]}"' if found[1] in used else ""

    def refer(found: re.Match[str]) -> str:
        return f'href="#{found[1]}"' if found[1] in glyphs else f'href="#{prefix}-{found[1]}"'

    body = re.sub(r'\sid="([^"]+)"', keep, body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', refer, body)
    body = body.replace("xlink:href=", "href=")
    body = re.sub(r"(?<=: )#[0-9a-f]{6}\b", lambda found: PAGE_COLORS.get(found[0], found[0]), body)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    body = re.sub(r'\bd="([^"]*)"', lambda found: f'd="{_shorten(found[1])}"', body)
    body = re.sub(
        r"(?:translate|matrix)\([^)]*\)|\b(?:x|y|width|height)=\"[^\"]*\"",
        lambda found: _shorten(found[0]),
        body,
    )
    return re.sub(r"\s*\n\s*", " ", body)


def _shorten(numbers: str) -> str:
    """The same with no more decimals than are seen, in one line."""

    def round_one(found: re.Match[str]) -> str:
        return f"{round(float(found[0]), SMALLEST_STEP):g}" if len(found[0]) > 4 else found[0]

    return re.sub(r"-?\d+\.\d+", round_one, " ".join(numbers.split()))
