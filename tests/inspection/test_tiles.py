"""The gallery's picture and page: labels that keep apart, names that stay names, images of any shape."""

import re
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from eip_cli.pictures.tiles.content import Line, Sheet, Tile
from eip_cli.pictures.tiles.page import make_page
from eip_cli.pictures.tiles.pixels import as_rgb, enlarge, lay_heat_over
from eip_cli.pictures.tiles.predictions import PictureRow, make_predictions
from eip_cli.pictures.tiles.sheet import draw_sheet, make_sheet

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "--><script>alert(2)</script><!--",
    "]]></style><svg onload=alert(3)>",
    "cost $5 and $6, \\frac{1}{2} &amp; more",
    "\x1b[31mred\x00\nnext\u202eline\ud800",
    "W" * 300,
    "&#60;b&#62;",
)


def make_sheet_of(
    names: tuple[str, ...], shape: tuple[int, int, int] = (32, 32, 3), has_heat: bool = True
) -> Sheet:
    rng = np.random.default_rng(0)
    tiles = tuple(
        Tile(
            heading=f"test image {number}, {name}",
            image=rng.integers(0, 256, shape, np.uint8),
            lines=(Line(name, ">99.9%", "wrong"), Line(f"true: {name}", "12.3%"), Line(name, "1%", "right")),
            description=f"a picture of {name}",
            heat=rng.random(shape[:2]) * (number != 1) if has_heat else None,
        )
        for number, name in enumerate(names)
    )
    return Sheet(f"{names[0]} and more", f"of {names[1]}", tiles, names, f"legend of {names[0]}")


def boxes_of(figure: Figure) -> tuple[list[tuple[str, Bbox]], list[Bbox]]:
    """Texts and images as they are drawn, in dots."""
    canvas = FigureCanvasAgg(figure)
    figure.dpi = 120
    canvas.draw()
    renderer = canvas.get_renderer()
    (axes,) = figure.axes
    texts = [
        (text.get_text(), text.get_window_extent(renderer)) for text in axes.texts if text.get_text().strip()
    ]
    return texts, [image.get_window_extent(renderer) for image in axes.images]


def overlap(one: Bbox, other: Bbox) -> bool:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > 0.5 and height > 0.5


@pytest.mark.parametrize("has_heat", [True, False])
@pytest.mark.parametrize(
    "names", [HOSTILE, ("cat", "dog"), ("aquarium_fish", "pickup_truck", "sweet_pepper") * 4]
)
def test_no_label_touches_another_or_an_image_or_the_edge(names: tuple[str, ...], has_heat: bool) -> None:
    figure = make_sheet(make_sheet_of(names, has_heat=has_heat))
    texts, images = boxes_of(figure)
    assert len(texts) > 3 * len(names)
    for (one, box), (other, second) in combinations(texts, 2):
        assert not overlap(box, second), (one, other)
    for text, box in texts:
        assert text == "all zero" or not any(overlap(box, image) for image in images), text
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
    assert not any(overlap(*pair) for pair in combinations(images, 2))


@pytest.mark.parametrize("names", [HOSTILE, ("cat", "dog", "ship")])
def test_nor_does_one_beside_ones_own_pictures(names: tuple[str, ...]) -> None:
    rows = [
        PictureRow(
            name,
            "3,000 x 10 pixels",
            np.zeros((10, 300, 3), np.uint8),
            np.zeros((28, 28, 1), np.uint8),
            tuple((one, 0.5, "50.0%") for one in names[:3]),
        )
        for name in names
    ]
    texts, images = boxes_of(make_predictions(rows, names[0], names))
    assert not any(overlap(one[1], other[1]) for one, other in combinations(texts, 2))
    assert not any(overlap(box, image) for _, box in texts for image in images)


class Page(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_names_cannot_get_out_of_the_page() -> None:
    text = make_page(make_sheet_of(HOSTILE))
    page = Page(text)
    plain = Page(make_page(make_sheet_of(tuple("abcdefgh"))))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert [list(attributes) for _, attributes in page.elements] == [list(one) for _, one in plain.elements]
    assert any(HOSTILE[0] in text for text in page.texts)  # shown as what it is
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)
    text.encode("utf-8")


def test_the_page_fetches_and_runs_nothing_and_says_what_is_seen() -> None:
    page = Page(make_page(make_sheet_of(("cat", "dog"))))
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.elements}
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert len(images) == 5
    assert all((one["src"] or "").startswith("data:image/png;base64,") for one in images)
    assert images[0]["alt"] == "a picture of cat"
    assert images[3]["alt"] == "heat map, zero all over: a picture of dog"
    style = "".join(page.texts)
    assert "prefers-color-scheme: dark" in style
    assert "url(" not in style


def test_names_cannot_get_out_of_an_svg(tmp_path: Path) -> None:
    draw_sheet(make_sheet_of(HOSTILE), tmp_path / "a.svg")
    draw_sheet(make_sheet_of(tuple("abcdefgh")), tmp_path / "b.svg")
    kinds = []
    for name in ("a.svg", "b.svg"):
        tree = ElementTree.parse(tmp_path / name)
        kinds.append({element.tag.rpartition("}")[2] for element in tree.iter()})
        for element in tree.iter():
            assert not any(attribute.lower().startswith("on") for attribute in element.attrib)
            for attribute, value in element.attrib.items():
                if attribute.endswith("href"):
                    assert value.startswith(("#", "data:image/png"))
    assert kinds[0] == kinds[1]
    assert "script" not in kinds[0]


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 3), (64, 48, 3), (300, 300, 3)])
def test_images_of_any_shape_are_drawn_pixel_by_pixel(shape: tuple[int, int, int], tmp_path: Path) -> None:
    sheet = make_sheet_of(("cat", "dog"), shape)
    draw_sheet(sheet, tmp_path / "a.png")
    drawn = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    factor = max(1, round(176 / max(shape)))
    wanted = enlarge(as_rgb(sheet.tiles[0].image), factor)
    places = (
        (top, left)
        for left in (40, 39, 41)
        for top in range(60, drawn.shape[0] - wanted.shape[0])
        if (drawn[top, left] == wanted[0, 0]).all()
    )
    assert any((drawn[y : y + wanted.shape[0], x : x + wanted.shape[1]] == wanted).all() for y, x in places)
    assert make_page(sheet)


def test_heat_is_brighter_where_there_is_more_of_it() -> None:
    image = np.full((16, 16, 3), 128, np.uint8)
    heat = np.linspace(0, 1, 16)[np.newaxis].repeat(16, axis=0)
    luminance = lay_heat_over(image, heat, 4) @ [0.299, 0.587, 0.114]
    assert luminance.shape == (64, 64)
    assert luminance[32, 60] > luminance[32, 32] > luminance[32, 4]
