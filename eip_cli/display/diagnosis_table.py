"""What was found on a machine -> a table in words, records for CSV, JSON."""

from itertools import groupby
from typing import Any

from eip_cli.diagnosis.diagnosis import Diagnosis
from eip_cli.diagnosis.finding import Finding

from .printing import Grid, Report


def report_diagnosis(diagnosis: Diagnosis) -> Report:
    """A row a finding, those at fault marked, and whether a training could start."""
    rows, payload = [], dict[str, Any]()
    for part, findings in groupby(diagnosis.findings, key=lambda finding: finding.part):
        payload[part] = {}
        for place, finding in enumerate(findings):
            payload[part][finding.name] = finding.value
            name = _name(finding) + (" *" if finding.fault else "")
            rows.append([part if place == 0 else "", name, finding.words])
    records = [
        {"part": one.part, "name": one.name, "found": one.words, "fault": one.fault or ""}
        for one in diagnosis.findings
    ]
    faults = [{"part": one.part, "name": one.name, "fault": one.fault} for one in diagnosis.faults]
    payload = {"can_train": not faults, "faults": faults} | payload
    notes = [f"* {_name(one)}: {one.fault}" for one in diagnosis.faults]
    notes.append("A training could not start here." if faults else "A training could start here.")
    return Report([Grid(["", "What", "Found"], rows, left=3)], [records], payload, notes)


def _name(finding: Finding) -> str:
    """The name in words; a setting's is the one that the user has to write."""
    return (
        finding.name if finding.part == "settings" else finding.name.removesuffix("_bytes").replace("_", " ")
    )
