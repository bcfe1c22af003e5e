"""The validation curves of what the user names, beside the published ones."""

from collections.abc import Sequence

from eip_cli.pictures.curves import Curve
from eip_cli.published.baseline import baseline_for
from eip_cli.published.logs import PUBLISHED_RUNS, read_published_log
from eip_cli.runs.history import EpochRow, read_history
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import HISTORY_FILE, Run
from eip_cli.sweeps.sweep_directory import Sweep

from .baseline_comparison import find_subject, name_runs
from .seed_samples import read_samples
from .sweep_rows import name_samples


def collect_curves(names: Sequence[str]) -> list[Curve]:
    """The published logs, then a curve for each run and each configuration of a sweep among ``names``.

    A file has no history. Where all of ``names`` were trained on other data than the published ones,
    theirs are drawn alone; else only those on the same data are.
    """
    curves = [*_read_run_curves(names), *_read_sweep_curves(names)]
    on_baseline_data = [curve for is_comparable, curve in curves if is_comparable]
    if curves and not on_baseline_data:
        return [curve for _, curve in curves]
    published = [
        Curve(run.name, (tuple(row["val_accuracy"] for row in read_published_log(run)),), is_published=True)
        for run in PUBLISHED_RUNS
    ]
    return published + on_baseline_data


def _read_run_curves(names: Sequence[str]) -> list[tuple[bool, Curve]]:
    """A curve for each run, and whether it is on the published ones' data."""
    runs = [item for item in map(find_subject, names) if isinstance(item, Run)]
    labels = name_runs(runs)
    return [
        _make_curve(labels[run.path], run.read_record(), [read_history(run.path / HISTORY_FILE)])
        for run in runs
    ]


def _read_sweep_curves(names: Sequence[str]) -> list[tuple[bool, Curve]]:
    """A curve for each configuration with finished runs, and whether it is on the published ones' data."""
    sweeps = {item.path.resolve(): item for item in map(find_subject, names) if isinstance(item, Sweep)}
    samples = name_samples([sample for sweep in sweeps.values() for sample in read_samples(sweep)])
    return [
        _make_curve(name, sample.record, [run.history for run in sample.runs if run.history])
        for name, sample in samples.items()
        if sample.record and not sample.faults
    ]


def _make_curve(
    name: str, record: RunRecord, histories: Sequence[tuple[EpochRow, ...]]
) -> tuple[bool, Curve]:
    held_out = "" if record.config.validation_split is None else " (held-out images)"
    accuracies = tuple(tuple(row.val_accuracy for row in history) for history in histories)
    return baseline_for(record.config.dataset) is not None, Curve(name + held_out, accuracies)
