"""The picture of a network: nothing overlaps, every layer is there, and no name gets out of its label."""

import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from eip_cli.foundation.backend import keras
from eip_cli.networks.blocks.grouping import Block
from eip_cli.networks.blocks.layer_kinds import Kind
from eip_cli.networks.receptive_field.effective import EffectiveField, MeasuredField
from eip_cli.pictures import network_picture
from eip_cli.pictures.diagram.layout import LINE, Layout, lay_out
from eip_cli.pictures.diagram.placement import place_blocks
from eip_cli.pictures.fields.squares import SampleImage
from eip_cli.pictures.lettering import fit_text, measure_text
from eip_cli.pictures.network_picture import draw_network
from tests.support.branched_networks import SHAPES, described, gated_in_three_sizes

layers = keras.layers
SIZES = (2, 20, 60)
NETWORKS = {(shape, depth): SHAPES[shape](depth) for shape in SHAPES for depth in SIZES}
IDS = [f"{shape} {depth}" for shape, depth in NETWORKS]


def sample_of(model: keras.Model) -> SampleImage:
    return SampleImage(np.full(model.input_shape[1:], 100, np.uint8), "a grey image")


def effective_of(model: keras.Model) -> MeasuredField:
    height, width = model.input_shape[1:3]
    field = EffectiveField("conv2d", (5, 5), ((-9, 40), (-9, 40)), np.full((height, width), 1e-3), 200)
    return MeasuredField(field, "200 images", True)


def figure_of(model: keras.Model, monkeypatch: pytest.MonkeyPatch, **parts: Any) -> Figure:
    kept: list[Figure] = []
    monkeypatch.setattr(network_picture, "save_figure", lambda figure, path: kept.append(figure))
    draw_network(*described(model), Path("network.png"), **parts)
    return kept[0]


def boxes_of_texts(figure: Figure) -> list[tuple[str, Any]]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    hidden = hidden_labels(figure)
    shown = [text for text in texts if text not in hidden]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in shown]


def hidden_labels(figure: Figure) -> set[Text]:
    """Numbers that matplotlib keeps at axes that are off, or beyond an axis' ends, and does not draw."""
    hidden: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = axis._update_ticks() if axes.axison else []  # type: ignore[union-attr]
            drawn = {tick.label1 for tick in ticks}
            hidden |= set(axis.get_ticklabels(which="both")) - drawn
    return hidden


def overlapping(boxes: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [
        (one, other)
        for (one, first), (other, second) in combinations(boxes, 2)
        if min(first.x1, second.x1) - max(first.x0, second.x0) > 0
        and min(first.y1, second.y1) - max(first.y0, second.y0) > 0
    ]


@pytest.mark.parametrize("model", NETWORKS.values(), ids=IDS)
def test_no_words_overlap_or_leave_the_picture(model: keras.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = figure_of(model, monkeypatch, sample=sample_of(model), effective=effective_of(model))
    boxes = boxes_of_texts(figure)
    assert len(boxes) > 20
    assert overlapping(boxes) == []
    width, height = figure.get_size_inches() * figure.dpi
    outside = [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height]
    assert outside == []


def box_of_words(layout: Layout) -> list[tuple[str, float, float, float, float]]:
    boxes = []
    for words in layout.words:
        wide = measure_text(words.text, words.points, words.is_bold)
        left = words.x - wide / 2 if words.is_centred else words.x
        boxes.append((words.text, left, left + wide, words.y - LINE / 3, words.y + LINE / 3))
    return boxes


def require_free_ways(layout: Layout) -> None:
    """No way runs through words, a box or a sign but where it begins and ends."""
    obstacles = box_of_words(layout)
    obstacles += [
        (shape.kind, shape.x - shape.width / 2, shape.x + shape.width / 2, shape.y - shape.height / 2,
         shape.y + shape.height / 2)
        for shape in layout.shapes
    ]  # fmt: skip
    edge = 1e-3
    for points in layout.ways:
        for (x0, y0), (x1, y1) in pairwise(points):
            assert x0 == pytest.approx(x1) or y0 == pytest.approx(y1)
            for name, left, right, top, bottom in obstacles:
                crosses = min(x0, x1) < right - edge and max(x0, x1) > left + edge
                assert not (crosses and min(y0, y1) < bottom - edge and max(y0, y1) > top + edge), name


@pytest.mark.parametrize("model", NETWORKS.values(), ids=IDS)
def test_no_way_crosses_words_or_boxes(model: keras.Model) -> None:
    summary, blocks = described(model)
    require_free_ways(lay_out(blocks, summary.total_params, show_fields=True))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.data())
def test_no_way_crosses_words_or_boxes_of_any_graph(data: st.DataObject) -> None:
    blocks = [block_of((), 32)]
    for number in range(1, data.draw(st.integers(2, 30))):
        nearest = st.integers(max(0, number - 5), number - 1)
        far = st.integers(0, number - 1)
        sources = data.draw(st.lists(nearest | far, min_size=1, max_size=4, unique=True))
        blocks.append(block_of(tuple(sources), data.draw(st.sampled_from([32, 16, 2]))))
    layout = lay_out(blocks, 100, show_fields=True)
    require_free_ways(layout)
    assert len(layout.ways) == sum(len(block.sources) for block in blocks)


@pytest.mark.parametrize("model", NETWORKS.values(), ids=IDS)
def test_ways_that_have_nothing_in_common_share_no_stretch(model: keras.Model) -> None:
    _, blocks = described(model)
    ways = place_blocks([block.sources for block in blocks]).ways
    drawn = lay_out(blocks, 1, show_fields=True).ways
    for (one, points), (other, others) in combinations(zip(ways, drawn, strict=True), 2):
        if one.source != other.source and one.target != other.target:
            assert not any(share(*pair) for pair in product(pairwise(points), pairwise(others))), (one, other)


def share(one: Any, other: Any) -> bool:
    """Whether two stretches lie on each other."""
    return any(
        max(abs(end[axis] - one[0][axis]) for end in (*one, *other)) < 1e-3
        and min(max(end[1 - axis] for end in each) for each in (one, other))
        > max(min(end[1 - axis] for end in each) for each in (one, other)) + 1e-3
        for axis in (0, 1)
    )


def block_of(sources: tuple[int, ...], size: int) -> Block:
    kind: Kind = "merge" if len(sources) > 1 else "separable"
    title = "+" if kind == "merge" else "separable 3x3, stride 2, valid"
    after = ("BN", "ReLU", "dropout 0.25")[: 1 if kind == "merge" else 3]
    shape, field = (size, size, 8), ((3, 5),)
    return Block(kind, "a_name", title, (), after, shape, (size, size), 8, 7, ("a_name",), field, sources)


@pytest.mark.parametrize("model", NETWORKS.values(), ids=IDS)
def test_boxes_stand_apart_and_all_layers_are_in_one(model: keras.Model) -> None:
    summary, blocks = described(model)
    assert sorted(name for block in blocks for name in block.layers) == sorted(
        layer.name for layer in summary.layers
    )
    assert sum(block.params for block in blocks) == summary.total_params
    layout = lay_out(blocks, summary.total_params, show_fields=False)
    assert len(layout.shapes) == len(blocks)
    assert len(layout.ways) == sum(len(block.sources) for block in blocks)
    for one, other in combinations(layout.shapes, 2):
        apart = abs(one.x - other.x) >= (one.width + other.width) / 2
        assert apart or abs(one.y - other.y) >= (one.height + other.height) / 2


def test_a_long_network_goes_on_in_further_lines() -> None:
    narrow, wide = (
        lay_out(described(NETWORKS["linear", depth])[1], 1, show_fields=False) for depth in (20, 60)
    )
    assert wide.width == pytest.approx(narrow.width, rel=0.35)
    assert wide.height > 2 * narrow.height
    assert max(shape.height for shape in wide.shapes) == max(shape.height for shape in narrow.shapes)


def test_width_is_by_channels_and_height_by_map() -> None:
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same")(image)
    x = layers.Conv2D(64, 3, strides=2, padding="same")(x)
    layout = lay_out(described(keras.Model(image, x))[1], 1, show_fields=False)
    _, first, second = layout.shapes
    assert second.width == pytest.approx(2 * first.width)  # the root of 4 times the channels
    assert second.height == pytest.approx(first.height / 2)


def test_a_convolution_stands_with_what_belongs_to_it() -> None:
    _, blocks = described(gated_in_three_sizes())
    kinds = [block.kind for block in blocks]
    assert kinds.count("separable") == 15
    assert kinds.count("merge") == 8
    assert kinds.count("other") == 0
    first = blocks[1]
    assert (first.title, first.additions, first.params) == (
        "separable 3\N{MULTIPLICATION SIGN}3, multiplier 9",
        ("BN", "ReLU"),
        1203,
    )
    assert blocks[-1].additions == ("softmax",)


def test_normalization_before_a_convolution_belongs_to_it() -> None:
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, padding="same")(image)
    y = layers.Conv2D(4, 3, padding="same")(layers.ReLU()(layers.BatchNormalization()(x)))
    _, blocks = described(keras.Model(image, layers.Add()([x, y])))
    assert [block.kind for block in blocks] == ["image", "convolution", "convolution", "merge"]
    assert blocks[2].additions_before == ("BN", "ReLU")


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_ending_chooses_the_format(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"network.{ending}"
    model = NETWORKS["residual", 2]
    draw_network(*described(model), path, sample_of(model), effective_of(model))
    beginnings = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert path.read_bytes().startswith(beginnings[ending])


HOSTILE = [
    r"$\frac{1}{0}$", "$a$ costs $5", r"\$", "a\x00b\x1b[31m", "--><script>alert(1)</script>", "]]>&amp;<",
    "line\nbreak\u2028", "\u202eevil", "\ud800", "x" * 10_000, "W" * 150, "größe 網絡 🦊", "{}%s",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.filterwarnings("ignore:Glyph")
def test_names_stay_words(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(2, 3, name=name.replace("/", ":").replace("\ud800", "?")),
            layers.Conv2D(2, 3),
        ]
    )
    summary, blocks = described(model, name)
    draw_network(summary, blocks, tmp_path / "network.svg", sample_of(model))
    text = (tmp_path / "network.svg").read_bytes().decode("utf-8")
    root = ElementTree.fromstring(text)
    assert not [one for one in root.iter() if one.tag.rpartition("}")[2] not in TAGS]
    assert "\u202e" not in text
    assert overlapping(boxes_of_texts(figure_of(model, monkeypatch, sample=sample_of(model)))) == []


TAGS = {
    "svg", "metadata", "RDF", "Work", "type", "date", "format", "creator", "Agent", "title", "defs", "style",
    "g", "path", "use", "clipPath", "rect", "image", "pattern",
}  # fmt: skip


def test_long_words_lose_their_middle() -> None:
    fitted = fit_text("separable_conv2d_12", 0.9, 7)
    assert fitted.startswith("separabl")
    assert fitted.endswith("12")
    assert measure_text(fitted, 7) <= 0.9
    assert fit_text("short", 0.8, 7) == "short"
