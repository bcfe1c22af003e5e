"""A sheet of tiles as one HTML file: nothing fetched, nothing run, light or dark as its reader likes."""

import base64
from pathlib import Path
from xml.etree import ElementTree  # builds, and parses nothing

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.plain_text import show_plainly

from .content import Line, Sheet, Tile
from .pixels import as_rgb, color_scale, encode_png, lay_heat_over

# Shown side of an image in CSS pixels, alone and beside its heat map.
IMAGE_SIDE, PAIRED_SIDE = 176, 160
# Width of a usual letter under an image, and of all that may stand there.
LETTER_WIDTH, MOST_WIDTH = 8.2, 270
# Should ever a text get around the escaping: no script runs, and nothing is fetched.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --faint: #666; --page: #fff; --right: #1b6e42;
  --wrong: #b3311d; --plain: #4a4a4a; --line: #e2e2e2; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --faint: #a3a3a3; --page: #161616;
  --right: #6fcf97; --wrong: #ff8a75; --plain: #c4c4c4; --line: #333; } }
body { margin: 2.5rem auto; padding: 0 1.5rem; max-width: 104rem; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .3rem; overflow-wrap: anywhere; }
.subtitle, .notes { color: var(--faint); overflow-wrap: anywhere; }
.subtitle { margin: 0 0 1.8rem; }
.notes { margin: 2rem 0 0; padding: 1rem 0 0; border-top: 1px solid var(--line); font-size: .82rem; }
.notes li { margin: 0 0 .3rem 1rem; padding: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, var(--width));
  gap: 1.6rem 1.4rem; }
figure { margin: 0; width: var(--width); break-inside: avoid; }
.heading { color: var(--faint); font-size: .72rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.pair { display: flex; gap: 6px; margin: .1rem 0 .35rem; }
.pair img { display: block; width: var(--side); height: auto; border-radius: 3px; }
.pair .pixels { image-rendering: pixelated; }
.line { display: flex; justify-content: space-between; gap: .6rem; font-size: .86rem; color: var(--plain); }
.line span:first-child { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.line span:last-child { font-variant-numeric: tabular-nums; }
.right { color: var(--right); } .wrong { color: var(--wrong); }
.right span:first-child, .wrong span:first-child { font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; margin: 2rem 0 0;
  font-size: .86rem; }
.legend img { height: 12px; width: 200px; border-radius: 2px; } .legend small { color: var(--faint); }
"""


def write_page(sheet: Sheet, path: Path) -> None:
    """Write the sheet as one HTML file."""
    with write_atomically(path) as aside:
        aside.write_text(make_page(sheet), encoding="utf-8")


def make_page(sheet: Sheet) -> str:
    """The sheet as HTML. It is built as a tree, whose texts are escaped wherever they stand."""
    html = ElementTree.Element("html", lang="en")
    head, body = ElementTree.SubElement(html, "head"), ElementTree.SubElement(html, "body")
    ElementTree.SubElement(head, "meta", charset="utf-8")
    ElementTree.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
    ElementTree.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "title", sheet.title)
    ElementTree.SubElement(head, "style").text = STYLE
    _add(body, "h1", sheet.title)
    _add(body, "p", sheet.subtitle, "subtitle")
    has_heat = any(tile.heat is not None for tile in sheet.tiles)
    side, width = (PAIRED_SIDE, 2 * PAIRED_SIDE + 6) if has_heat else (IMAGE_SIDE, IMAGE_SIDE)
    letters = max((len(line.words + line.value) for tile in sheet.tiles for line in tile.lines), default=0)
    width = max(width, min(round(LETTER_WIDTH * letters) + 14, MOST_WIDTH))  # longer words are shortened
    sizes = f"--side: {side}px; --width: {width}px"
    tiles = ElementTree.SubElement(body, "div", {"class": "tiles", "style": sizes})
    for tile in sheet.tiles:
        _add_tile(tiles, tile)
    if sheet.heat_legend:
        _add_legend(body, sheet.heat_legend)
    if sheet.notes:
        notes = ElementTree.SubElement(body, "ul", {"class": "notes"})
        for note in sheet.notes:
            _add(notes, "li", note)
    return "<!DOCTYPE html>\n" + ElementTree.tostring(html, encoding="unicode", method="html") + "\n"


def _add(parent: ElementTree.Element, tag: str, text: str, kind: str | None = None) -> None:
    element = ElementTree.SubElement(parent, tag, {"class": kind} if kind else {})
    element.text = show_plainly(text)


def _add_tile(parent: ElementTree.Element, tile: Tile) -> None:
    figure = ElementTree.SubElement(parent, "figure")
    _add(figure, "div", tile.heading, "heading")
    pair = ElementTree.SubElement(figure, "div", {"class": "pair"})
    _add_image(pair, as_rgb(tile.image), tile.description, "pixels")
    if tile.heat is not None:
        factor = max(1, PAIRED_SIDE // max(tile.image.shape[:2]))
        state = "heat map, zero all over" if tile.is_heat_empty else "heat map"
        _add_image(pair, lay_heat_over(tile.image, tile.heat, factor), f"{state}: {tile.description}", "heat")
    caption = ElementTree.SubElement(figure, "figcaption")
    for line in tile.lines:
        _add_line(caption, line)
    if tile.is_heat_empty:
        _add_line(caption, Line("map: zero all over"))


def _add_line(parent: ElementTree.Element, line: Line) -> None:
    element = ElementTree.SubElement(parent, "div", {"class": f"line {line.tone}"})
    span = ElementTree.SubElement(element, "span", title=show_plainly(line.text))
    span.text = show_plainly(line.words)
    _add(element, "span", line.value)


def _add_image(parent: ElementTree.Element, image: NDArray[np.uint8], description: str, kind: str) -> None:
    source = "data:image/png;base64," + base64.b64encode(encode_png(image)).decode("ascii")
    ElementTree.SubElement(
        parent, "img", {"class": kind, "src": source, "alt": show_plainly(description), "loading": "lazy"}
    )


def _add_legend(parent: ElementTree.Element, words: str) -> None:
    legend = ElementTree.SubElement(parent, "div", {"class": "legend"})
    _add(legend, "small", "0")
    _add_image(legend, color_scale(256, 1), "colours from 0 to the largest value", "scale")
    _add(legend, "small", "largest")
    _add(legend, "span", words)
