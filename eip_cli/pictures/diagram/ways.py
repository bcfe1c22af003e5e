"""The ways between blocks as lines with corners, also from one line of the diagram to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .placement import Place, Placement, Way

Point = tuple[float, float]

TRACK = 0.13  # between neighbouring tracks, and neighbouring rails
SIDE = 0.1  # from a line's ends to the first rail
# Beside a column's edge ways of this many sources turn without touching; those of more share a place.
PLACES, PLACE = 4, 0.03


@dataclass(frozen=True)
class Outline:
    """A block's middle and size, in inches."""

    x: float
    y: float
    width: float
    height: float
    is_sign: bool


@dataclass(frozen=True)
class Frame:
    """One line of the diagram: the edges of its columns, and the heights of what runs along it.

    ``edges`` are the left edges of the columns and the right edge of the last; ``lanes`` the middles of its
    lanes, ``first_track`` the height of the lowest track, the others above it, and ``first_rail`` that of the
    uppermost rail between the line before and this one, the others below it.
    """

    columns: range
    edges: tuple[float, ...]
    lanes: tuple[float, ...]
    first_track: float
    first_rail: float

    def edge(self, column: int) -> float:
        """The left edge of a column, or the right edge of the last one."""
        return self.edges[column - self.columns.start]

    def height_of(self, way: Way) -> float:
        """Where ``way`` runs along this line."""
        if way.lane is not None:
            return self.lanes[way.lane]
        assert way.track is not None  # a way has one of both
        return self.first_track - way.track * TRACK


def draw_ways(
    placement: Placement, frames: Sequence[Frame], outlines: Mapping[int, Outline]
) -> list[tuple[Point, ...]]:
    """The corners of each way, from its source's right side to its target's left side, or a sign's top."""
    number_of = {column: number for number, frame in enumerate(frames) for column in frame.columns}
    rails = [_assign_rails(placement, frame) for frame in frames[:-1]]
    arriving = _number_arrivals(placement)
    lines = []
    for way in placement.ways:
        source, target = placement.places[way.source], placement.places[way.target]
        first, last = number_of[source.column], number_of[target.column]
        points = _leave(way, frames[first], outlines[way.source], source.column, first < last)
        for number in range(first, last):
            points += _turn(points[-1][1], frames[number], frames[number + 1], rails[number][way], way)
        points += _arrive(way, frames[last], outlines[way.target], target, arriving[way])
        lines.append(_without_doubles(points))
    return lines


@dataclass(frozen=True)
class _Rail:
    """Number ``index`` of ``total`` rails between two lines."""

    index: int
    total: int


def group_crossing(placement: Placement, column: int) -> list[list[Way]]:
    """The ways that go on behind ``column``, those together that have not parted there yet."""
    groups: dict[tuple[int, Way | None], list[Way]] = {}
    for way in placement.crossing(column):
        parts_later = placement.places[way.source].column == column
        groups.setdefault((way.source, None if parts_later else way), []).append(way)
    return list(groups.values())


def _assign_rails(placement: Placement, frame: Frame) -> dict[Way, _Rail]:
    """Lower ways have the inner rails: so none crosses another where they turn."""
    column = frame.columns[-1]

    def find_height(group: Sequence[Way]) -> float:
        place = placement.places[group[0].source]
        return frame.lanes[place.lane] if place.column == column else frame.height_of(group[0])

    groups = sorted(group_crossing(placement, column), key=find_height, reverse=True)
    return {way: _Rail(index, len(groups)) for index, group in enumerate(groups) for way in group}


def _leave(way: Way, frame: Frame, source: Outline, column: int, goes_on: bool) -> list[Point]:
    port = (source.x + source.width / 2, source.y)
    if goes_on and column == frame.columns[-1]:  # it parts from its neighbours in the next line
        return [port]
    x, height = frame.edge(column + 1) - PLACE * (1 + (way.track or 0) % PLACES), frame.height_of(way)
    return [port, (x, source.y), (x, height)]


def _number_arrivals(placement: Placement) -> dict[Way, int]:
    """For each way, which of the sources it comes from whose ways turn left of the target's column."""
    sources: dict[int, list[int]] = {}
    numbers = {}
    for way in placement.ways:
        target = placement.places[way.target]
        if way.lane != target.lane:
            known = sources.setdefault(target.column, [])
            known += [] if way.source in known else [way.source]
            numbers[way] = known.index(way.source)
    return {way: numbers.get(way, 0) for way in placement.ways}


def _arrive(way: Way, frame: Frame, target: Outline, place: Place, number: int) -> list[Point]:
    height = frame.height_of(way)
    if way.track is not None and place.lane == 0 and target.is_sign:  # nothing stands between
        return [(target.x, height), (target.x, target.y - target.height / 2)]
    x = frame.edge(place.column) + PLACE * (1 + number % PLACES)
    return [(x, height), (x, target.y), (target.x - target.width / 2, target.y)]


def _turn(height: float, frame: Frame, following: Frame, rail: _Rail, way: Way) -> list[Point]:
    """From the right end of a line, reached at ``height``, between the lines to the left end of the next."""
    right = frame.edges[-1] + SIDE + rail.index * TRACK
    left = following.edges[0] - SIDE - (rail.total - 1 - rail.index) * TRACK
    between = following.first_rail + rail.index * TRACK
    return [(right, height), (right, between), (left, between), (left, following.height_of(way))]


def _without_doubles(points: Sequence[Point]) -> tuple[Point, ...]:
    """Without corners at which nothing turns."""
    kept: list[Point] = []
    for point in points:
        if kept and _are_equal(kept[-1], point):
            continue
        if len(kept) > 1 and _is_between(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _are_equal(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < 1e-6 and abs(one[1] - other[1]) < 1e-6


def _is_between(one: Point, middle: Point, other: Point) -> bool:
    return any(
        abs(one[axis] - middle[axis]) < 1e-6 and abs(middle[axis] - other[axis]) < 1e-6 for axis in (0, 1)
    )
