"""What the page shows, in words, numbers and finished pictures; how it is laid out is the template's."""

from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.display.printing import Grid
from eip_cli.pictures.inline.sprite import Place
from eip_cli.pictures.inline.svg import InlineSvg
from eip_cli.pictures.tiles.content import Line


@dataclass(frozen=True)
class Picture:
    """A figure under a title, with one sentence on how to read it.

    ``is_on_paper``: it keeps its light ground in the dark too, as its colours are made for that.
    """

    title: str
    svg: InlineSvg
    reading: str
    is_on_paper: bool = False


@dataclass(frozen=True)
class Thumbnail:
    """An image by its place in the page's sprite, and what is said where it cannot be seen."""

    place: Place
    description: str


@dataclass(frozen=True)
class ShownTile:
    """An image that a network gets wrong, beside its heat map where there is one, over its lines."""

    heading: str
    image: Thumbnail
    heat: Thumbnail | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class ShownGallery:
    """Tiles under a title and a subtitle; ``notes`` say what is to be known of them."""

    title: str
    subtitle: str
    tiles: tuple[ShownTile, ...]
    reading: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """A sentence on one run or configuration; ``word`` is the verdict alone, where there is one.

    ``more`` are sentences of less weight: why there is none, and which rules are kept.
    """

    sentence: str
    word: str | None
    more: tuple[str, ...]


@dataclass(frozen=True)
class RuleRow:
    """One rule, and for each run what was found and whether it holds: yes, no, or cannot be said."""

    rule: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RunSection:
    """One run: its pictures, and its facts, log and command. ``anchor`` is its place in the page."""

    anchor: str
    title: str
    origin: str
    remarks: tuple[str, ...]
    pictures: tuple[Picture, ...]
    gallery: ShownGallery | None
    picture_notes: tuple[str, ...]
    facts: Sequence[Sequence[str]]
    split: str
    layers: Grid
    layers_note: str
    code: str | None
    log: Grid
    log_note: str
    command: str
    repeating: tuple[str, ...]


@dataclass(frozen=True)
class SpriteImage:
    """The page's one image of small images, as a data URI, and its size in pixels."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Page:
    """The whole page. ``data`` is JSON; ``rule_columns`` name the runs that rules are asked of."""

    title: str
    introduction: str
    summary: str | None
    verdicts: tuple[Verdict, ...]
    gaps: tuple[str, ...]
    rule_columns: tuple[str, ...]
    rules: tuple[RuleRow, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Grid, ...]
    table_notes: tuple[str, ...]
    runs: tuple[RunSection, ...]
    sprite: SpriteImage | None
    data: str

    @property
    def glyphs(self) -> dict[str, str]:
        """The outlines of all letters in the pictures, by their ids."""
        pictures = [*self.pictures, *(one for run in self.runs for one in run.pictures)]
        return {name: outline for one in pictures for name, outline in one.svg.glyphs.items()}
