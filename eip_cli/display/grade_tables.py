"""Graded submissions -> a table, CSV that a spreadsheet runs nothing of, JSON."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.grading.ranking import RankedGrade
from eip_cli.rules.rule_check import RuleCheck
from eip_cli.rules.rule_set import RuleSet

from .formatting import format_percent
from .printing import Grid, Report
from .rule_tables import HOLDS, record_check, show_found

# A cell that begins so is a formula to a spreadsheet, and names of folders and layers are strangers' texts.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
SHARED_RANK = (
    "Rank is by accuracy on the test images. Whom McNemar's exact test cannot tell from the first of a rank, "
    "at the 5% level, shares it; that is about these weights, and holds for each pair by itself. An accuracy "
    "with a star has no rank: the rule on it says why."
)


def report_grades(ranked: Sequence[RankedGrade], rules: RuleSet) -> Report:
    """A row a submission, the highest rank first."""
    rows = [
        [
            show_plainly(one.grade.name),
            show_remarks(one),
            "-" if one.rank is None else str(one.rank),
            f"{one.grade.points:g} of {rules.points:g}",
            _show_accuracy(one),
            "-" if one.grade.params is None else f"{one.grade.params:,}",
        ]
        for one in ranked
    ]
    grid = Grid(["Submission", "To look into", "Rank", "Points", "Accuracy", "Params"], rows, left=2)
    records = [list_record(one, rules) for one in ranked]
    payload = {
        "rule_set": rules.title,
        "possible_points": rules.points,
        "submissions": [_payload(one) for one in ranked],
    }
    return Report([grid], [records], payload, [SHARED_RANK])


def show_remarks(one: RankedGrade) -> str:
    """Why a submission was not graded, or what is to be looked into, in one line."""
    return show_plainly(one.grade.reason or "; ".join(one.flags))


def list_record(one: RankedGrade, rules: RuleSet) -> dict[str, Any]:
    """A row for CSV: a column a rule, with what was found beside it."""
    grade = one.grade
    low, high = grade.accuracy_ci95 or (None, None)
    record: dict[str, Any] = {
        "submission": grade.name,
        "rank": one.rank,
        "points": grade.points,
        "possible_points": rules.points,
        "kind": grade.kind,
        "file": grade.file,
        "accuracy": grade.accuracy,
        "accuracy_ci95_low": low,
        "accuracy_ci95_high": high,
        "params": grade.params,
        "epochs": grade.epochs,
    }
    found: Sequence[RuleCheck | None] = grade.checks or [None] * len(rules.rules)
    for number, (rule, check) in enumerate(zip(rules.rules, found, strict=True), start=1):
        words = f"rule {number}: {show_plainly(rule.words)}"  # never another column's name
        record[words] = "" if check is None else HOLDS[check.holds]
        record[f"rule {number} found"] = "" if check is None else show_found(check)
    record |= {"flags": "; ".join(one.flags), "reason": grade.reason, "seconds": round(grade.seconds, 2)}
    return {name: defuse(value) for name, value in record.items()}


def defuse(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula, and no terminal obeys; other values as they are."""
    if not isinstance(value, str):
        return value
    text = show_plainly(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def write_grades(ranked: Sequence[RankedGrade], rules: RuleSet, output: Path) -> None:
    """Write the rows as CSV, whole or not at all. An OSError is the caller's."""
    records = [list_record(one, rules) for one in ranked]
    with write_atomically(output) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _show_accuracy(one: RankedGrade) -> str:
    if one.grade.accuracy is None:
        return "-"
    return format_percent(one.grade.accuracy) + ("" if one.grade.counts else "*")


def _payload(one: RankedGrade) -> dict[str, Any]:
    grade = one.grade
    return {
        "submission": grade.name,
        "rank": one.rank,
        "points": grade.points,
        "kind": grade.kind,
        "file": grade.file,
        "accuracy": grade.accuracy,
        "accuracy_ci95": None if grade.accuracy_ci95 is None else list(grade.accuracy_ci95),
        "params": grade.params,
        "epochs": grade.epochs,
        "rules": [record_check(check) for check in grade.checks],
        "flags": list(one.flags),
        "notes": list(grade.notes),
        "reason": grade.reason,
        "seconds": grade.seconds,
    }
