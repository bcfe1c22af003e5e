"""A figure as SVG that can stand in a page beside others, in the page's own colours."""

import html
import io
import re
from typing import TYPE_CHECKING

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
}


def make_inline_svg(figure: "Figure", prefix: str, description: str) -> str:
    """``figure`` as an ``svg`` element, its ids beginning with ``prefix``, unique in the page.

    Letters are outlines: they look, and measure, the same on every machine, and no text in them can be
    markup. ``description`` is said where it cannot be seen.
    """
    import matplotlib

    content = io.BytesIO()
    settings = {"svg.fonttype": "path", "svg.hashsalt": prefix}  # a salt has equal figures give equal files
    with missing_signs_passed_over(), matplotlib.rc_context(settings):
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None})
    return _adapt(content.getvalue().decode("utf-8"), prefix, description)


def _adapt(text: str, prefix: str, description: str) -> str:
    body = text[text.index("<g ") :]
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert size is not None  # matplotlib's own form
    width, height = map(float, size.groups())
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)  # names, as they are in no other place
    body = re.sub(r'(?<!-)\bid="([^"]+)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{prefix}-\1"', body)
    body = body.replace('xlink:href="data:', 'href="data:')
    body = re.sub(r"(?<=: )#[0-9a-f]{6}\b", lambda found: PAGE_COLORS.get(found[0], found[0]), body)
    body = re.sub(r"\s*\n\s*", " ", body)
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" style="--natural: {width * 96 / 72:.0f}px" role="img" '
        f'aria-label="{html.escape(description)}" fill="currentColor" stroke-linejoin="round" '
        f'stroke-linecap="butt">{body}'
    )
