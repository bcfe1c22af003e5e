"""The figures of the page's runs as pictures in it, within what a page may weigh."""

from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.networks.facts import LayerInfo
from eip_cli.pictures.inline.svg import make_inline_svg
from eip_cli.report.looks import Look
from eip_cli.report.run_figures import DrawnFigure, draw_answers, draw_network_figures

from .contents import Picture
from .material import ShownRun


@dataclass(frozen=True)
class RunDrawing:
    """A run's pictures, and what is said of those that are not there."""

    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]


def draw_runs(shown: Sequence[ShownRun], looks: Sequence[Look], most_bytes: int) -> tuple[RunDrawing, ...]:
    """The pictures of each run that there can be.

    A network that several runs share is drawn once, and none is once there are ``most_bytes`` of pictures.
    """
    drawn: dict[tuple[LayerInfo, ...], str] = {}
    size, drawings = 0, []
    for number, (one, look) in enumerate(zip(shown, looks, strict=True)):
        figures, notes = draw_answers(look), []
        layers = one.results.summary.layers
        if look.blocks and layers in drawn:
            notes.append(f"Its layers are those of {drawn[layers]}, and drawn there.")
        elif look.blocks and size > most_bytes:
            notes.append("Its network is not drawn, to keep this page small: eip summary --plot draws it.")
        elif look.blocks:
            figures += draw_network_figures(one.results, look)
            drawn[layers] = one.title
        pictures = tuple(_make_inline(f"run{number}", figure) for figure in figures)
        size += sum(len(picture.svg.element) for picture in pictures)
        drawings.append(RunDrawing(pictures, tuple(notes)))
    return tuple(drawings)


def _make_inline(prefix: str, drawn: DrawnFigure) -> Picture:
    svg = make_inline_svg(drawn.figure, f"{prefix}-{drawn.name}", drawn.description)
    return Picture(drawn.title, svg, drawn.reading, drawn.is_on_paper)
