"""Graded submissions -> one page for a browser, which fetches nothing and runs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eip_cli.display.formatting import format_percent
from eip_cli.display.grade_tables import SHARED_RANK, show_remarks
from eip_cli.display.rule_tables import HOLDS, show_found
from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.foundation.version import __version__
from eip_cli.grading.ranking import RankedGrade
from eip_cli.rules.rule_set import RuleSet

from .page.writing import render


@dataclass(frozen=True)
class GradeRow:
    """A submission as the page shows it; ``cells`` are, for each rule, a mark and what was found."""

    name: str
    rank: str
    points: str
    accuracy: str
    interval: str
    params: str
    what: str
    cells: tuple[tuple[str, str], ...]
    remarks: str
    is_graded: bool


def write_grades_page(ranked: Sequence[RankedGrade], rules: RuleSet, output: Path) -> None:
    """Write the page, whole or not at all. An OSError is the caller's."""
    text = render(
        "grades.html.j2",
        title=f"Grades: {rules.title}",
        introduction=rules.introduction,
        version=__version__,
        rules=[rule.words for rule in rules.rules],
        rows=[_show_row(one, rules.points) for one in ranked],
        graded=sum(bool(one.grade.checks) for one in ranked),
        ranks=SHARED_RANK,
    )
    with write_atomically(output) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def _show_row(one: RankedGrade, possible: float) -> GradeRow:
    grade = one.grade
    low, high = grade.accuracy_ci95 or (0.0, 0.0)
    return GradeRow(
        name=show_plainly(grade.name),
        rank="" if one.rank is None else str(one.rank),
        points=f"{grade.points:g} of {possible:g}",
        accuracy="" if grade.accuracy is None else format_percent(grade.accuracy),
        interval="" if grade.accuracy_ci95 is None else f"{format_percent(low)} to {format_percent(high)}",
        params="" if grade.params is None else f"{grade.params:,}",
        what=show_plainly(grade.file or ""),
        cells=tuple((HOLDS[check.holds], show_found(check)) for check in grade.checks),
        remarks=show_remarks(one),
        is_graded=bool(grade.checks),
    )
