"""Runs, and recipes for them -> tables in words and percentages, records for CSV, JSON."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.named_recipes import Recipe
from eip_cli.recipes.protocols import show_setting
from eip_cli.runs.catalogue import flatten_record
from eip_cli.runs.record import RunRecord

from .formatting import format_percent
from .printing import Grid, Report


def report_run(path: str, record: RunRecord) -> Report:
    """What a training came to."""
    images = "test images" if record.config.selected_on == "test" else "held-out training images"
    rows = [
        ["Run", path],
        ["Status", f"{record.status}, {record.epochs_done} of {record.config.epochs} epochs"],
        ["Model", f"{record.config.model} ({record.params:,} parameters)"],
        [
            "Final accuracy",
            "" if record.final_accuracy is None else f"{format_percent(record.final_accuracy)} ({images})",
        ],
    ]
    if record.best_accuracy is not None:
        rows.append(
            ["Best accuracy", f"{format_percent(record.best_accuracy)}, epoch {record.best_epoch} ({images})"]
        )
    if record.test_accuracy is not None:
        rows.append(
            ["Test accuracy", f"{format_percent(record.test_accuracy)} (best checkpoint, measured once)"]
        )
    rows.append(["Training time", f"{record.train_seconds:,.1f} s"])
    if record.images_per_second is not None:
        rows.append(["Speed", f"{record.images_per_second:,.0f} images/s"])
    payload = record.to_dict()
    flat = {name: value for name, value in payload.items() if not isinstance(value, dict | list | tuple)}
    return Report([Grid(["Training", ""], rows, left=2)], [[flat]], payload)


def report_runs(records: Sequence[RunRecord], show_all: bool) -> Report:
    """A row a run; of their configurations what differs between them, or all of it."""
    facts = [flatten_record(record) for record in records]
    settings = [name for name in TrainConfig().to_dict() if name not in _RUN_COLUMNS]
    shown = [name for name in settings if show_all or len({str(fact[name]) for fact in facts}) > 1]
    headers = ["Run", "Model", "Status", "Seed", "Epochs", "Best", "Final"]
    headers += [name.replace("_", "\n") for name in shown]
    rows = [
        [
            record.id,
            PurePath(record.config.model).name,
            record.status,
            str(record.config.seed),
            f"{record.epochs_done}/{record.config.epochs}",
            "" if record.best_accuracy is None else format_percent(record.best_accuracy),
            "" if record.final_accuracy is None else format_percent(record.final_accuracy),
            *("" if fact[name] is None else str(fact[name]) for name in shown),
        ]
        for record, fact in zip(records, facts, strict=True)
    ]
    notes = (
        ["Best and final are of the images that each run validated on."] if rows else ["No runs here yet."]
    )
    return Report([Grid(headers, rows, left=3)], [facts], [record.to_dict() for record in records], notes)


_RUN_COLUMNS = ("model", "seed", "epochs")


def report_recipes(recipes: Mapping[str, Recipe]) -> Report:
    """A row a recipe: its name and what it is; its settings for programs."""
    rows = [[name, recipe.description] for name, recipe in recipes.items()]
    payload: list[dict[str, Any]] = [
        {"name": name, "description": recipe.description, **recipe.settings}
        for name, recipe in recipes.items()
    ]
    columns = dict.fromkeys(key for record in payload for key in record)
    records = [{key: show_setting(record.get(key)) for key in columns} for record in payload]
    return Report([Grid(["Recipe", "What it is"], rows, left=2)], [records], payload)
