"""Reports -> Rich tables, JSON, CSV or Markdown on standard output; the only importer of Rich's tables."""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eip_cli.foundation.streams import result_output

LEAST_NAME_WIDTH = 8  # a longer name is folded into several lines


@dataclass(frozen=True)
class Grid:
    """A table for people: cells as text, the first ``left`` columns of words, the others of numbers."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    left: int = 1


@dataclass(frozen=True)
class Report:
    """One result in every form: tables and footnotes for people, records for CSV, a payload for JSON."""

    grids: Sequence[Grid]
    records: Sequence[Sequence[dict[str, Any]]]
    payload: Any
    footnotes: Sequence[str] = ()


def print_report(report: Report, output_format: str) -> None:
    """Write ``report`` to standard output as ``table``, ``json``, ``csv`` or ``markdown``."""
    writers: dict[str, Callable[[Report], None]] = {
        "table": _print_tables,
        "json": _print_json,
        "csv": _print_csv,
        "markdown": _print_markdown,
    }
    with result_output():
        writers[output_format](report)


def _print_tables(report: Report) -> None:
    console = Console()
    for grid in report.grids:
        # A line break in a cell or header is where it may break, and does if the table is too wide.
        columns = [
            [_join_lines(cell) for cell in column] for column in zip(grid.headers, *grid.rows, strict=True)
        ]
        widths = [max(map(len, column)) for column in columns]
        spare = console.width - sum(widths) - len(widths)
        fits = spare >= 0
        # Better lines that are too long for a narrow terminal than numbers that are cut.
        console.width = max(console.width, _least_width(grid))
        padding = (0, 1 if spare >= len(widths) else 0, 0, 0)
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=padding)
        for index, header in enumerate(grid.headers):
            is_text = index < grid.left
            table.add_column(
                _join_lines(header) if fits else header,
                justify="left" if is_text else "right",
                no_wrap=not is_text,
                overflow="fold",
            )
        for row in grid.rows:
            table.add_row(*(_style_cell(_join_lines(cell) if fits else cell) for cell in row))
        if grid.title:
            console.print(grid.title, style="bold", markup=False, highlight=False)
        console.print(table)
        console.print()
    for note in report.footnotes:
        console.print(note, markup=False, highlight=False)


def _least_width(grid: Grid) -> int:
    width = 0
    for index, column in enumerate(zip(grid.headers, *grid.rows, strict=True)):
        longest = max(len(line) for cell in column for line in cell.split("\n"))
        width += 1 + (min(longest, LEAST_NAME_WIDTH) if index < grid.left else longest)
    return width


def _join_lines(cell: str) -> str:
    return cell.replace("\n", " ")


_CELL_STYLES = {
    "better": "green",
    "worse": "red",
    "indistinguishable": "yellow",
    "yes": "green",
    "no": "red",
    "cannot say": "yellow",
}


def _style_cell(cell: str) -> str:
    style = _CELL_STYLES.get(cell)
    return f"[{style}]{cell}[/]" if style else escape(cell)


def _print_json(report: Report) -> None:
    sys.stdout.write(json.dumps(report.payload, indent=2) + "\n")


def _print_csv(report: Report) -> None:
    for index, records in enumerate(report.records):
        if index:
            sys.stdout.write("\n")
        writer = csv.DictWriter(sys.stdout, list(records[0]) if records else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _print_markdown(report: Report) -> None:
    blocks = [format_markdown(_without_tags(grid)) for grid in report.grids]
    blocks.extend(map(format_note, report.footnotes))
    sys.stdout.write("\n\n".join(blocks) + "\n")


def _without_tags(grid: Grid) -> Grid:
    """The table with strangers' texts as text: a page that shows Markdown would read HTML in them."""
    rows = [[cell.replace("&", "&amp;").replace("<", "&lt;") for cell in row] for row in grid.rows]
    return replace(grid, rows=rows)


def format_note(note: str) -> str:
    """A footnote as Markdown: a star that begins it would begin a list."""
    return f"\\{note}" if note.startswith("*") else note


def format_markdown(grid: Grid) -> str:
    """The table as Markdown; a pipe inside a cell is escaped, every other sign stands as it is."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_join_lines(cell).replace("|", "\\|") for cell in cells) + " |"

    rule = ["---" if index < grid.left else "---:" for index in range(len(grid.headers))]
    lines = [line(grid.headers), line(rule), *map(line, grid.rows)]
    return "\n".join([f"**{grid.title}**", "", *lines] if grid.title else lines)
