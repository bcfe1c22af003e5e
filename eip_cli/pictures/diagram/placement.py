"""Where the blocks of a network stand: a column by depth, a lane beside other branches, and the ways between.

Pure graph work: no sizes, no matplotlib. A block has a cell, its column in its lane, to itself, and no way
between blocks passes through it, so that nothing which is drawn in a cell is crossed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from eip_cli.foundation.ordering import order_by_branch


@dataclass(frozen=True)
class Place:
    """Column and lane of a block, from 0; lanes are numbered from the top."""

    column: int
    lane: int


@dataclass(frozen=True)
class Way:
    """From one block's output to another's input: along a lane, or on a track above all lanes.

    It leaves right of the source's column, keeps its height, and turns to the target left of that column.
    """

    source: int
    target: int
    lane: int | None
    track: int | None = None


@dataclass(frozen=True)
class Placement:
    """The places of all blocks, by their index, and all ways."""

    places: tuple[Place, ...]
    ways: tuple[Way, ...]

    @property
    def n_columns(self) -> int:
        """How many columns there are."""
        return 1 + max(place.column for place in self.places)

    def crossing(self, column: int) -> list[Way]:
        """The ways from a column up to ``column`` to one behind it."""
        return [
            way
            for way in self.ways
            if self.places[way.source].column <= column < self.places[way.target].column
        ]


def place_blocks(sources: Sequence[Sequence[int]]) -> Placement:
    """Places for blocks of which number i takes the outputs of ``sources[i]``, all of them before i.

    The longest path has the first lane, and what branches off it the next one that is free.
    """
    columns: list[int] = []
    for given in sources:
        columns.append(1 + max((columns[source] for source in given), default=-1))
    placer = _Placer(sources, columns)
    for block in _order_blocks(sources, columns):
        placer.put(block)
    places = tuple(Place(columns[block], placer.lanes[block]) for block in range(len(sources)))
    return Placement(places, tuple(_assign_tracks(placer.ways, columns)))


def _order_blocks(sources: Sequence[Sequence[int]], columns: Sequence[int]) -> list[int]:
    """All blocks, each after its sources, a branch as a whole, the longest path to a block first."""
    used = {source for given in sources for source in given}
    ends = sorted(
        (block for block in range(len(sources)) if block not in used), key=lambda block: columns[block]
    )
    ends.reverse()
    return order_by_branch(ends, lambda block: sorted(sources[block], key=lambda source: -columns[source]))


class _Placer:
    """Gives one block after the other a lane, and its ways; cells that ways run through are taken too."""

    def __init__(self, sources: Sequence[Sequence[int]], columns: Sequence[int]) -> None:
        self.sources, self.columns = sources, columns
        self.lanes: dict[int, int] = {}
        self.ways: list[Way] = []
        self._taken: set[tuple[int, int]] = set()  # lane, column
        self._continued: set[int] = set()

    def put(self, block: int) -> None:
        """Place ``block``, whose sources have their places."""
        column = self.columns[block]
        heirs = [source for source in self.sources[block] if self._can_continue(source, column)]
        before = min(heirs, key=lambda source: self.lanes[source], default=None)
        if before is None:
            first = min((self.columns[source] + 1 for source in self.sources[block]), default=column)
            lane = next(lane for lane in count() if self._is_free(lane, min(first, column), column))
        else:
            lane = self.lanes[before]
            self._continued.add(before)
            self._take(lane, self.columns[before] + 1, column)
        self.lanes[block] = lane
        self._take(lane, column, column)
        self.ways += [
            Way(source, block, lane) if source == before else self._find_way(source, block)
            for source in self.sources[block]
        ]

    def _can_continue(self, source: int, column: int) -> bool:
        lane = self.lanes[source]
        return source not in self._continued and self._is_free(lane, self.columns[source] + 1, column)

    def _find_way(self, source: int, target: int) -> Way:
        lane, first, last = self.lanes[source], self.columns[source] + 1, self.columns[target] - 1
        if self._is_free(lane, first, last):
            self._take(lane, first, last)
            return Way(source, target, lane)
        return Way(source, target, None)

    def _is_free(self, lane: int, first: int, last: int) -> bool:
        return not any((lane, column) in self._taken for column in range(first, last + 1))

    def _take(self, lane: int, first: int, last: int) -> None:
        self._taken.update((lane, column) for column in range(first, last + 1))


def _assign_tracks(ways: Sequence[Way], columns: Sequence[int]) -> list[Way]:
    """A track for each way that has no lane: short ways below long ones, none on another's."""
    taken: list[list[tuple[int, int]]] = []  # by track: first and last column of the ways on it
    tracks: dict[Way, int] = {}
    without = [way for way in ways if way.lane is None]
    for way in sorted(
        without, key=lambda way: (columns[way.target] - columns[way.source], columns[way.source])
    ):
        first, last = columns[way.source], columns[way.target]
        # One may begin where another ends: it leaves behind the column that the other comes down on.
        track = next(
            number
            for number in count()
            if number == len(taken) or all(last <= other[0] or other[1] <= first for other in taken[number])
        )
        if track == len(taken):
            taken.append([])
        taken[track].append((first, last))
        tracks[way] = track
    return [Way(way.source, way.target, way.lane, tracks.get(way)) for way in ways]
