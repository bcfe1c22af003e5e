"""The diagram's geometry in inches from its upper left corner, downwards: boxes, signs, ways and words.

Nothing is drawn here. Words are made to fit the room that they have, by the font's own measure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.networks.blocks.grouping import Block
from eip_cli.pictures.lettering import fit_text, measure_text, wrap_text

from .captions import SMALL, write_captions
from .lines import break_lines
from .placement import Placement, place_blocks
from .ways import SIDE, TRACK, Frame, Outline, Point, draw_ways, group_crossing

CELL = 1.56  # the width of a column with boxes
GUTTER = 0.28  # of it, left free for ways; the words have the rest
SIGN_CELL = 0.56  # the width of a column that holds only the signs of merges
BOX_WIDTH, BOX_HEIGHT = 1.12, 0.78  # of the most channels, of the largest map
LEAST_BOX = 0.07
SIGN_SIZE = 0.23
LEAST_LANE = 0.26
LINE = 0.125  # of words
LANE_GAP = 0.16
LINE_GAP = 0.3  # between lines of the diagram
MARGIN = 0.2
EDGE = 0.08  # above all
LONGEST_LINE = 12.0
BAR_WIDTH, BAR_GAP = 0.5, 0.05


@dataclass(frozen=True)
class Words:
    """One line of text whose middle, or left end, is at ``x``, and its vertical middle at ``y``."""

    x: float
    y: float
    text: str
    points: float = SMALL
    is_bold: bool = False
    is_grey: bool = False
    is_centred: bool = True


@dataclass(frozen=True)
class Shape:
    """A block's box around a middle; a circle with a sign in it where it merges paths."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    sign: str = ""


@dataclass(frozen=True)
class Bar:
    """A block's share of the parameters, beginning at ``x``."""

    kind: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Layout:
    """All that is to be drawn, and how large it is."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    bars: tuple[Bar, ...]
    words: tuple[Words, ...]
    ways: tuple[tuple[Point, ...], ...]


def lay_out(blocks: Sequence[Block], total_params: int, show_fields: bool) -> Layout:
    """The diagram of ``blocks``; ``show_fields`` has each box say its receptive field.

    A long network goes on in further lines, as text does, and keeps its size.
    """
    placement = place_blocks([block.sources for block in blocks])
    designer = _Designer(blocks, placement, total_params, show_fields)
    crossing = [len(group_crossing(placement, column)) for column in range(placement.n_columns)]
    lines = break_lines(crossing, designer.widths, LONGEST_LINE)
    most_rails = max((crossing[line[-1]] for line in lines), default=0)
    side = MARGIN + (SIDE + most_rails * TRACK if most_rails else 0)
    top, frames = EDGE, []
    for number, columns in enumerate(lines):
        rails = crossing[lines[number - 1][-1]] if number else 0
        top += LINE_GAP / 2 if number else 0
        frame, bottom = designer.design_line(columns, side, top, rails)
        frames.append(frame)
        top = bottom
    return Layout(
        width=max(frame.edges[-1] for frame in frames) + side,
        height=top,
        shapes=tuple(designer.shapes),
        bars=tuple(designer.bars),
        words=tuple(designer.words),
        ways=tuple(draw_ways(placement, frames, designer.outlines)),
    )


class _Designer:
    """Puts blocks and their words down line by line."""

    def __init__(
        self, blocks: Sequence[Block], placement: Placement, total_params: int, show_fields: bool
    ) -> None:
        self.blocks, self.placement, self.total = blocks, placement, max(total_params, 1)
        self.captions = [write_captions(block, show_fields) for block in blocks]
        self.most_params = max(1, *(block.params for block in blocks))
        # Vectors have more numbers than maps have channels, and would make all maps thin.
        on_maps = [block.channels or 1 for block in blocks if block.size != (1, 1)]
        self.most_channels = max([1, *(on_maps or [block.channels or 1 for block in blocks])])
        self.largest_map = max([1, *(block.size[0] for block in blocks if block.size)])
        self.widths = [SIGN_CELL] * placement.n_columns
        for index, place in enumerate(placement.places):
            self.widths[place.column] = max(self.widths[place.column], self._find_width(index))
        self.shapes: list[Shape] = []
        self.bars: list[Bar] = []
        self.words: list[Words] = []
        self.outlines: dict[int, Outline] = {}

    def _find_width(self, index: int) -> float:
        if self.blocks[index].kind != "merge" or self.blocks[index].params:
            return CELL
        needed = [
            measure_text(caption.text, caption.points) + GUTTER + 0.02 for caption in self.captions[index]
        ]
        return min(CELL, max(needed, default=SIGN_CELL))

    def design_line(self, columns: range, left: float, top: float, rails: int) -> tuple[Frame, float]:
        """Put the blocks of ``columns`` down below ``top`` and ``rails``; the line's frame and its end."""
        edges = [left]
        for column in columns:
            edges.append(edges[-1] + self.widths[column])
        running = [
            way
            for way in self.placement.ways
            if self.placement.places[way.source].column <= columns[-1]
            and self.placement.places[way.target].column >= columns[0]
        ]
        n_tracks = 1 + max((way.track for way in running if way.track is not None), default=-1)
        y = top + (rails + n_tracks) * TRACK + (TRACK / 2 if n_tracks else 0)
        first_track = y - TRACK
        members = [index for index, place in enumerate(self.placement.places) if place.column in columns]
        lanes = [self.placement.places[index].lane for index in members]
        lanes += [way.lane for way in running if way.lane is not None]
        middles: list[float] = []
        for lane in range(1 + max(lanes)):
            inside = [index for index in members if self.placement.places[index].lane == lane]
            tallest = max([LEAST_LANE, *(self._find_size(self.blocks[index])[1] for index in inside)])
            middles.append(y + tallest / 2)
            bottom = y + tallest
            for index in inside:
                column = self.placement.places[index].column - columns.start
                x = (edges[column] + edges[column + 1]) / 2
                room = edges[column + 1] - edges[column] - GUTTER
                bottom = max(bottom, self._put(index, (x, y + tallest / 2), tallest, room))
            y = bottom + LANE_GAP
        frame = Frame(columns, tuple(edges), tuple(middles), first_track, top + TRACK / 2)
        return frame, y

    def _put(self, index: int, middle: Point, tallest: float, room: float) -> float:
        """Put one block down, its words below the tallest of its lane; where they end."""
        block = self.blocks[index]
        width, height = self._find_size(block)
        is_sign = block.kind == "merge"
        self.outlines[index] = Outline(*middle, width, height, is_sign)
        sign = fit_text(block.title, SIGN_CELL, SMALL) if is_sign else ""
        self.shapes.append(Shape(block.kind, *middle, width, height, sign))
        return self._write(index, middle[0], middle[1] + (height if is_sign else tallest) / 2 + 0.04, room)

    def _find_size(self, block: Block) -> tuple[float, float]:
        """Width by channels, as their root: an area is seen. Height by the map's."""
        if block.kind == "merge":
            return SIGN_SIZE, SIGN_SIZE
        share = min(1.0, (block.channels or 1) / self.most_channels)
        height = BOX_HEIGHT * (block.size[0] if block.size else 1) / self.largest_map
        return max(LEAST_BOX, BOX_WIDTH * math.sqrt(share)), max(LEAST_BOX, height)

    def _write(self, index: int, x: float, y: float, room: float) -> float:
        """Write what belongs below a block, centred at ``x`` from ``y`` down; where it ends."""
        for caption in self.captions[index]:
            for line in wrap_text(caption.text, room, caption.points):
                text = fit_text(line, room, caption.points, caption.is_bold)
                self.words.append(
                    Words(x, y + LINE / 2, text, caption.points, caption.is_bold, caption.is_grey)
                )
                y += LINE
        block = self.blocks[index]
        if not block.params:
            return y
        text = f"{block.params:,} · {block.params / self.total:.1%}"
        wide = measure_text(text, SMALL)
        bar = max(0.015, min(BAR_WIDTH, room - wide - BAR_GAP) * block.params / self.most_params)
        left = x - (bar + BAR_GAP + wide) / 2
        self.bars.append(Bar(block.kind, left, y + LINE / 2, bar))
        self.words.append(Words(left + bar + BAR_GAP, y + LINE / 2, text, is_centred=False))
        return y + LINE
