"""Runs and sweeps -> the page: all is measured, drawn and put into words; it is laid out elsewhere."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eip_cli.comparison.row import Comparison, published_comparisons
from eip_cli.display.comparison_tables import report_comparison
from eip_cli.display.printing import Grid
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.foundation.version import __version__
from eip_cli.pictures.inline.sprite import Place, make_sprite
from eip_cli.pictures.lettering import shorten
from eip_cli.report.fact_table import list_facts
from eip_cli.report.lettering import PLAIN
from eip_cli.report.looks import LocalImages, Look, look_at
from eip_cli.report.run_tables import (
    LOG_NOTE,
    describe_layers,
    describe_repeating,
    describe_split,
    list_epochs,
    list_layers,
)
from eip_cli.rules.rule_set import RuleSet

from .contents import Page, RunSection, SpriteImage
from .data import write_data
from .gallery_view import list_thumbnails, show_gallery
from .material import Material, ShownRun, collect_material
from .rate_test import draw_rate_test
from .run_pictures import RunDrawing, draw_runs
from .shared_pictures import draw_shared
from .verdicts import list_rules, list_verdicts, summarize_verdicts

# A page stays below 3 MB: of so many mistakes, shared by its runs; of so many runs that are looked at; and
# of so many bytes of pictures, beyond which networks are not drawn.
MOST_MISTAKES, MOST_OF_ONE = 36, 24
MOST_LOOKED_AT = 8
MOST_BYTES = 1_200_000
LONGEST_TITLE = 80
NOT_LOOKED_AT = (
    f"Only the first {MOST_LOOKED_AT} runs of a page are looked at, so there are no pictures of this one: "
    "give it a page of its own."
)


@dataclass(frozen=True)
class Request:
    """What a page is asked to be of: runs and sweeps by name, an assignment's rules, where images are, and a
    range test's file.
    """

    names: tuple[str, ...]
    rules: RuleSet
    data_dir: Path | None = None
    rates: Path | None = None
    trust: bool = False


def build_page(request: Request, notice: Callable[[str], None]) -> Page:
    """The page that ``request`` asks for; ``notice`` is told what takes long.

    Raises an EipError where a run's files or the images that the user named are missing or damaged.
    """
    rates = None if request.rates is None else draw_rate_test(request.rates)
    material = collect_material(request.names, request.rules, request.trust)
    images = LocalImages(request.data_dir)
    count = min(MOST_OF_ONE, MOST_MISTAKES // max(1, min(MOST_LOOKED_AT, len(material.shown))))
    looks = [
        look_at(one.results, images, count, notice, request.trust)
        if number < MOST_LOOKED_AT
        else Look((), notes=(NOT_LOOKED_AT,))
        for number, one in enumerate(material.shown)
    ]
    sprite = make_sprite(list_thumbnails([look.gallery for look in looks]))
    places = list(sprite.places)
    notice("Drawing the pictures")
    drawings = draw_runs(material.shown, looks, MOST_BYTES)
    sections = [
        _show_run(number, *of_run, places)
        for number, of_run in enumerate(zip(material.shown, looks, drawings, strict=True))
    ]
    judged = [one for one in material.shown if not one.is_baseline]
    tables, notes = _compare(material.rows)
    uri = f"data:image/png;base64,{base64.b64encode(sprite.png).decode('ascii')}"
    return Page(
        title=f"Report: {shorten(show_plainly(_name_all(material)), LONGEST_TITLE)}",
        introduction=_introduce(request.rules),
        summary=summarize_verdicts(material.rows),
        verdicts=list_verdicts(material),
        gaps=tuple(map(show_plainly, material.gaps)),
        rule_columns=tuple(one.title for one in judged),
        rules=list_rules(judged),
        pictures=(*draw_shared(material), *([] if rates is None else [rates])),
        tables=tables,
        table_notes=notes,
        runs=tuple(sections),
        sprite=SpriteImage(uri, sprite.width, sprite.height) if sprite.places else None,
        data=write_data(material, looks),
    )


def _name_all(material: Material) -> str:
    return ", ".join(row.name for row in material.rows)


def _introduce(rules: RuleSet) -> str:
    computed = f"eip report {__version__} computed this page from the runs' own files."
    return show_plainly(f"{rules.introduction} {computed}")


def _compare(rows: Sequence[Comparison]) -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """The table beside the published trainings, without the sentences that stand at the top already."""
    report = report_comparison([*published_comparisons(), *rows])
    said = {row.statement for row in rows}
    return tuple(report.grids), tuple(show_plainly(note) for note in report.footnotes if note not in said)


def _show_run(number: int, one: ShownRun, look: Look, drawing: RunDrawing, places: list[Place]) -> RunSection:
    results = one.results
    return RunSection(
        anchor=f"run{number}",
        title=show_plainly(one.title),
        origin=_describe_origin(one),
        remarks=_list_remarks(one),
        pictures=drawing.pictures,
        gallery=None if look.gallery is None else show_gallery(look.gallery, places),
        picture_notes=tuple(map(show_plainly, (*look.notes, *drawing.notes))),
        facts=list_facts(results, PLAIN),
        split=describe_split(results),
        layers=list_layers(results, PLAIN),
        layers_note=describe_layers(results.summary),
        code=results.code,
        log=list_epochs(results),
        log_note=LOG_NOTE,
        command=results.command,
        repeating=tuple(describe_repeating(results, PLAIN)),
    )


def _describe_origin(one: ShownRun) -> str:
    best = f"its best checkpoint, of epoch {one.results.best.epoch}"
    if one.stands_for is None:
        return f"The pictures are of {best}."
    name = show_plainly(one.results.name)
    return (
        f"One run stands for the configuration, the first of its seeds: {name}. The pictures are of {best}."
    )


def _list_remarks(one: ShownRun) -> tuple[str, ...]:
    """What is unlike the published trainings, what the files say against each other, and warnings."""
    results = one.results
    remarks = []
    if results.differences:
        remarks.append(f"Unlike the published trainings: {'; '.join(results.differences)}.")
    remarks += [
        f"The files of the run do not agree with each other: {line}." for line in results.disagreements
    ]
    unknown = results.summary.receptive_field_unknown
    warnings = [*results.summary.warnings, *([unknown] if unknown else [])]
    remarks += [f"Warning: {warning}" for warning in warnings]
    return tuple(map(show_plainly, remarks))
