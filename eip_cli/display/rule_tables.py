"""What rules find -> tables in words, records for CSV, JSON."""

from collections.abc import Mapping
from typing import Any

from eip_cli.foundation.plain_text import show_plainly
from eip_cli.rules.rule_check import RuleCheck
from eip_cli.rules.rule_set import RuleSet
from eip_cli.rules.submission import CheckedSubmission

from .printing import Grid, Report

HOLDS = {True: "yes", False: "no", None: "cannot say"}


def report_check(checked: CheckedSubmission) -> Report:
    """A row a rule; footnotes say what contradicts what, and what is to be known of the accuracy."""
    has_points = any(check.points != 1 for check in checked.checks)
    headers = ["Rule", "Found", "Holds", *(["Points"] if has_points else [])]
    rows = [
        [check.rule, show_found(check), HOLDS[check.holds], *([_show_points(check)] if has_points else [])]
        for check in checked.checks
    ]
    kept = sum(check.holds is True for check in checked.checks)
    verdict = f"{show_plainly(checked.submission)}: {kept} of {len(checked.checks)} rules hold"
    if has_points:
        verdict += f", {checked.points:g} of {checked.rules.points:g} points"
    notes = [*(f"Contradiction: {line}" for line in checked.contradictions)]
    notes += [f"Note: {note}" for note in checked.notes]
    payload: dict[str, Any] = {
        "submission": checked.submission,
        "holds": checked.holds,
        "rules": [record_check(check) for check in checked.checks],
        "rule_set": checked.rules.title,
        "kind": checked.kind,
        "points": checked.points,
        "possible_points": checked.rules.points,
        "contradictions": list(checked.contradictions),
        "notes": list(checked.notes),
    }
    grid = Grid(headers, rows, checked.rules.title, left=3)
    footnotes = [f"{verdict}.", *map(show_plainly, notes)]
    return Report([grid], [[record_check(check) for check in checked.checks]], payload, footnotes)


def show_found(check: RuleCheck) -> str:
    """What was found, in one line that can be shown anywhere."""
    return show_plainly(check.describe_found(show_plainly))


def _show_points(check: RuleCheck) -> str:
    return f"{check.points if check.holds else 0:g} of {check.points:g}"


def record_check(check: RuleCheck) -> dict[str, Any]:
    """A rule's outcome for programs."""
    return {
        "rule": check.rule,
        "found": show_found(check),
        "holds": check.holds,
        "points": check.points,
    }


def report_rule_sets(named: Mapping[str, RuleSet]) -> Report:
    """A row a rule set with a name."""
    rows = [[name, rules.title, rules.dataset, str(len(rules.rules))] for name, rules in named.items()]
    records = [
        {
            "name": name,
            "title": rules.title,
            "description": rules.description,
            "dataset": rules.dataset,
            "rules": [rule.describe() for rule in rules.rules],
        }
        for name, rules in named.items()
    ]
    flat = [record | {"rules": "; ".join(record["rules"])} for record in records]
    return Report([Grid(["Rules", "Of", "Images", "Number"], rows, left=3)], [flat], records)
