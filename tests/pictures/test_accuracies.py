"""Accuracies with intervals as pictures: the front is right, and no label meets another however many."""

import re
from io import BytesIO
from itertools import combinations, pairwise
from xml.etree import ElementTree  # parses what this program wrote

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from eip_cli.pictures.accuracies.against_parameters import (
    Measurement,
    find_front,
    make_accuracy_against_parameters,
    place_beside,
    spread,
)
from eip_cli.pictures.accuracies.class_bars import ClassAccuracy, make_class_bars
from eip_cli.pictures.curves import Curve, make_comparison
from eip_cli.pictures.inline.sprite import make_sprite
from eip_cli.pictures.inline.svg import make_inline_svg

LONG = "a network with a name that is longer than there is room for in any column"


def points(count: int) -> list[Measurement]:
    """As close together as can be, half of them of one size."""
    return [
        Measurement(
            f"{number} {LONG}",
            50_000 if number % 2 else 10_000 * (number + 1),
            0.84 + number % 3 / 10_000,
            (0.83, 0.85),
            is_published=number == 0,
        )
        for number in range(count)
    ]


def classes(count: int) -> list[ClassAccuracy]:
    return [ClassAccuracy(f"{number} {LONG}", number / count, (0.0, 1.0), 10) for number in range(count)]


def find_overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Texts of a figure that meet each other, or leave it."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    hidden: set[Text] = set()  # numbers beyond an axis' ends, which are not drawn
    for axis in (one for axes in figure.axes for one in (axes.xaxis, axes.yaxis)):
        drawn = {tick.label1 for tick in axis._update_ticks()}  # type: ignore[union-attr]
        hidden |= set(axis.get_ticklabels(which="both")) - drawn
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [
        (text.get_text(), Text.get_window_extent(text, renderer)) for text in texts if text not in hidden
    ]
    width, height = figure.get_size_inches() * figure.dpi
    meeting = [
        (one, other)
        for (one, first), (other, second) in combinations(boxes, 2)
        if min(first.x1, second.x1) - max(first.x0, second.x0) > 0
        and min(first.y1, second.y1) - max(first.y0, second.y0) > 0
    ]
    outside = [
        (name, "the edge")
        for name, box in boxes
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
    return meeting + outside


@pytest.mark.parametrize("count", [1, 2, 8, 20, 60])
def test_labels_of_sizes_never_meet(count: int) -> None:
    assert find_overlaps(make_accuracy_against_parameters(points(count))) == []


@pytest.mark.parametrize("count", [2, 10, 100])
def test_labels_of_classes_never_meet(count: int) -> None:
    assert find_overlaps(make_class_bars(classes(count))) == []


@pytest.mark.parametrize("count", [1, 8])
def test_names_of_curves_never_meet(count: int) -> None:
    curves = [Curve(f"{number} {LONG}"[:40], ((0.5,) * 30,) * 3) for number in range(count)]
    assert find_overlaps(make_comparison(curves)) == []


def test_the_front_is_what_nothing_as_small_beats() -> None:
    small, good, worse, large = (
        Measurement(name, params, accuracy)
        for name, params, accuracy in (
            ("small", 10, 0.5),
            ("good", 100, 0.8),
            ("worse", 100, 0.7),
            ("large", 1000, 0.8),
        )
    )
    assert find_front([large, worse, good, small]) == [small, good]


def test_places_keep_apart_and_inside() -> None:
    for wanted in ([0.0] * 5, [3.0] * 5, [0.1, 0.15, 2.9, 2.95, 3.0], [-5.0, 9.0]):
        places = spread(wanted, 0.5, 3.0)
        assert all(later - earlier >= 0.5 - 1e-9 for earlier, later in pairwise(places))
        assert places[0] >= 0.25 - 1e-9 and places[-1] <= 2.75 + 1e-9


def test_points_of_one_size_stand_side_by_side() -> None:
    same = [Measurement(str(number), 1000, 0.8) for number in range(8)]
    places = place_beside(same, 3.0)
    assert len(set(places)) == 8 and 800 < min(places) < 1000 < max(places) < 1250
    assert place_beside(same[:1], 3.0) == [1000]


def test_inline_pictures_are_xml_with_ids_of_their_own_and_no_words_of_others() -> None:
    evil = '"><script>--></svg>'
    figure = make_accuracy_against_parameters([Measurement(evil, 1000, 0.8, (0.79, 0.81))])
    one = make_inline_svg(figure, "one", evil + "\x1b")
    root = ElementTree.fromstring(one.element)
    assert root.get("aria-label") == evil + r"\x1b"
    assert {element.tag for element in root.iter()} <= {
        "svg",
        "g",
        "path",
        "use",
        "defs",
        "clipPath",
        "rect",
    }
    ids = re.findall(r'\sid="([^"]+)"', one.element)
    assert ids and all(name.startswith("one-") for name in ids)
    letters = set(re.findall(r'href="#(DejaVu[^"]+)"', one.element))
    assert letters == set(one.glyphs) and "#000000" not in one.element


def test_a_sprite_keeps_every_image() -> None:
    images = [np.full((3 + number, 5, 1 + 2 * (number % 2)), number, np.uint8) for number in range(7)]
    sprite = make_sprite(images)
    sheet = np.asarray(Image.open(BytesIO(sprite.png)))
    assert sheet.shape == (sprite.height, sprite.width, 3)
    for number, (image, place) in enumerate(zip(images, sprite.places, strict=True)):
        assert (place.height, place.width) == image.shape[:2]
        part = sheet[place.y : place.y + place.height, place.x : place.x + place.width]
        assert (part == number).all()
    assert make_sprite([]).places == ()
