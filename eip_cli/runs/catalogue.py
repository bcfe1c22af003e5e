"""The runs there are: listed, picked by their facts, and found by the names that users give."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from eip_cli.foundation.errors import RunError
from eip_cli.recipes.protocols import show_setting

from .record import RunRecord
from .run_directory import RECORD_FILE, RUNS_FOLDER, Run


def list_runs(folder: Path = RUNS_FOLDER) -> list[tuple[Run, RunRecord]]:
    """The readable runs under ``folder``, the one started last first."""
    found = []
    for path in folder.glob(f"*/{RECORD_FILE}"):
        run = Run(path.parent)
        with suppress(RunError):  # a damaged neighbour must not hide the others
            found.append((run, run.read_record()))
    return sorted(found, key=lambda item: item[1].started, reverse=True)


def flatten_record(record: RunRecord) -> dict[str, Any]:
    """The record's simple facts and its configuration, in one level: what runs are sorted and picked by."""
    content = record.to_dict()
    facts = content | content["config"]
    facts["augment"] = show_setting(record.config.augment)
    return {name: value for name, value in facts.items() if not isinstance(value, dict | list | tuple)}


def select_runs(
    records: Sequence[RunRecord], where: Sequence[tuple[str, str]], sort: str | None
) -> list[RunRecord]:
    """The records whose facts read as ``where`` says (name, value), in the order of the fact ``sort``.

    A ``-`` before ``sort`` turns the order round; runs without that fact come last. Raises RunError
    for a name that is no fact of a run.
    """
    names = {name for record in records for name in flatten_record(record)}
    for name in (*(name for name, _ in where), *([sort.removeprefix("-")] if sort else [])):
        if records and name not in names:
            raise RunError(f"runs have no {name!r}: use one of {', '.join(sorted(names))}")
    chosen = [
        record
        for record in records
        if all(str(flatten_record(record)[name]) == value for name, value in where)
    ]
    if sort is None:
        return chosen
    fact = sort.removeprefix("-")
    known = [record for record in chosen if flatten_record(record)[fact] is not None]
    known.sort(key=lambda record: flatten_record(record)[fact], reverse=sort.startswith("-"))
    return known + [record for record in chosen if flatten_record(record)[fact] is None]


def is_run_id(name: str) -> bool:
    """Whether ``name`` is the id of a run under ``runs/``."""
    return bool(name) and (RUNS_FOLDER / name / RECORD_FILE).is_file()


def find_run(name: str | Path) -> Run:
    """The run that ``name`` means: a run directory, an id under ``runs/``, or ``latest``.

    Raises RunError where there is none.
    """
    name = str(name)
    if name == "latest":
        newest = next(iter(list_runs()), None)
        if newest is None:
            raise RunError(f"no run under {RUNS_FOLDER}/ yet: start one with 'eip train'")
        return newest[0]
    if name and (Path(name) / RECORD_FILE).is_file():
        return Run(Path(name))
    if is_run_id(name):
        return Run(RUNS_FOLDER / name)
    if name and Path(name).is_dir():
        raise RunError(f"{name} is not a run: it has no {RECORD_FILE}")
    raise RunError(f"no run {name!r}: give a run directory, an id that 'eip runs' lists, or latest")
