"""Sweeps -> a row a configuration: against the published number, and the base network as trained here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

from eip_cli.published.baseline import BASELINE_ACCURACY, BASELINE_NETWORK
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import list_departures, resolve_config
from eip_cli.sweeps.sweep_directory import Sweep

from .record_checks import (
    ENDED_AT_CHANCE,
    HELD_OUT,
    describe_deviations,
    describe_recipe,
    has_ended_at_chance,
    is_comparable,
)
from .row import Comparison, delta_interval
from .seed_samples import Sample, describe_conditions, read_samples
from .statements import state_sweep
from .statistics import has_spread, mean_interval, verdict_of, welch_interval

FAULTS_SHOWN = 3
CONDITIONS_SHOWN = 4


def compare_sweeps(sweeps: Sequence[Sweep]) -> list[tuple[Comparison, ...]]:
    """The rows of each of ``sweeps``, a configuration each.

    Raises RunError where a plan or a record is damaged.
    """
    samples = name_samples([sample for sweep in sweeps for sample in read_samples(sweep)])
    rows = {name: _compare_sample(name, sample) for name, sample in samples.items()}
    for name in samples:
        rows[name] = _add_trained_baseline(rows[name], samples)
    for name, row in rows.items():
        base = rows.get(row.trained_baseline or "")
        rows[name] = replace(row, statement=state_sweep(row, base, _count_unfinished(samples[name])))
    return [tuple(row for name, row in rows.items() if samples[name].sweep == sweep.path) for sweep in sweeps]


def name_samples(samples: Sequence[Sample]) -> dict[str, Sample]:
    """``samples`` by their configurations' names, after the sweep's where there are several sweeps."""
    paths = {sample.sweep for sample in samples}
    if len(paths) < 2:
        return {sample.name: sample for sample in samples}
    folders = {path: path.resolve().name for path in paths}  # "." has no name of its own
    is_short = len(set(folders.values())) == len(paths)
    labels = folders if is_short else {path: str(path) for path in paths}
    return {f"{labels[sample.sweep]}: {sample.name}": sample for sample in samples}


def _compare_sample(name: str, sample: Sample) -> Comparison:
    """The row of ``sample`` against the published number alone."""
    accuracies, record = sample.final_accuracies, sample.record
    mean, deviation, mean_ci95 = _average(accuracies)
    is_compared = record is not None and is_comparable(record)
    interval = interval_against_published(accuracies) if accuracies and is_compared else None
    is_held_out = sample.config.validation_split is not None
    tested, tested_sd, tested_ci95 = _average(sample.accuracies if is_held_out else ())
    return Comparison(
        name=name,
        source="sweep",
        params=record.params if record else None,
        receptive_field=record.receptive_field if record else None,
        whole_image_seen=record.whole_image_seen if record else False,
        epochs=sample.config.epochs,
        final_accuracy=mean,
        best_accuracy=None,
        best_epoch=None,
        selected_on=sample.config.selected_on,
        delta=mean - BASELINE_ACCURACY if mean is not None and interval else None,
        delta_ci95=interval,
        verdict=verdict_of(interval) if interval else "not comparable",
        notes=tuple(_describe(sample)),
        model=sample.config.model,
        n=len(sample.runs),
        accuracy_sd=deviation,
        accuracy_ci95=mean_ci95,
        seeds=sample.seeds,
        n_planned=sample.n_planned,
        test_accuracy=tested,
        test_accuracy_sd=tested_sd,
        test_accuracy_ci95=tested_ci95,
    )


def _average(
    accuracies: Sequence[float],
) -> tuple[float | None, float | None, tuple[float, float] | None]:
    """Mean, standard deviation and the mean's 95% interval, as far as ``accuracies`` have them."""
    return (
        fmean(accuracies) if accuracies else None,
        stdev(accuracies) if len(accuracies) > 1 else None,
        mean_interval(accuracies) if has_spread(accuracies) else None,
    )


def _count_unfinished(sample: Sample) -> str:
    """How many of the planned runs have not finished, by their status: ``2 failed, 1 not begun``."""
    counts = Counter("not begun" if status == "planned" else status for _, status in sample.unfinished)
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def interval_against_published(accuracies: Sequence[float]) -> tuple[float, float]:
    """The 95% interval of the mean of ``accuracies`` minus 82.44%, the latter taken as exact.

    Student's for one sample. Runs without a spread, one or several of the same accuracy, say no more
    of the spread than a single one does: the interval is then that of one training on each side.
    """
    if not has_spread(accuracies):
        return delta_interval(fmean(accuracies))
    low, high = mean_interval(accuracies)
    return low - BASELINE_ACCURACY, high - BASELINE_ACCURACY


def _describe(sample: Sample) -> list[str]:
    """What must be known beside the numbers of a row."""
    notes = list(sample.faults[:FAULTS_SHOWN])
    if len(sample.faults) > FAULTS_SHOWN:
        notes.append(f"and {len(sample.faults) - FAULTS_SHOWN} more such faults")
    if sample.unfinished:
        others = ", ".join(f"{name} {status}" for name, status in sample.unfinished)
        notes.append(f"{len(sample.runs)} of {sample.n_planned} runs finished; not counted: {others}")
    if sample.record:
        notes.extend(describe_deviations(sample.record))
        notes.extend(filter(None, [describe_recipe(sample.record.config)]))
    if sample.config.validation_split is not None:
        notes.append(HELD_OUT)
    at_chance = [run.planned.name for run in sample.runs if has_ended_at_chance(run.record, run.history)]
    if at_chance:
        notes.append(f"{', '.join(at_chance)} {ENDED_AT_CHANCE}")
    conditions = describe_conditions([run.record for run in sample.runs])
    if conditions:
        more = (
            [f"and {len(conditions) - CONDITIONS_SHOWN} more"] if len(conditions) > CONDITIONS_SHOWN else []
        )
        shown = ", ".join([*conditions[:CONDITIONS_SHOWN], *more])
        notes.append(f"its runs differ by more than their seeds: {shown}")
    if len(sample.accuracies) > 1 and not has_spread(sample.accuracies):
        notes.append(
            f"its {len(sample.accuracies)} runs agree to the image: no interval follows from a spread of "
            "zero, so they count as one run"
        )
    return notes


def _add_trained_baseline(row: Comparison, samples: dict[str, Sample]) -> Comparison:
    """``row`` with its difference from the base network trained under the same terms, if there is one."""
    sample = samples[row.name]
    if not sample.accuracies or sample.config.model == BASELINE_NETWORK:
        return row
    name, note = _find_trained_baseline(sample, samples)
    notes = (*row.notes, note) if note else row.notes
    if name is None:
        return replace(row, notes=notes)
    base = samples[name]
    is_judged = has_spread(sample.accuracies) and has_spread(base.accuracies)
    interval = welch_interval(sample.accuracies, base.accuracies) if is_judged else None
    return replace(
        row,
        notes=notes,
        trained_baseline=name,
        trained_delta=fmean(sample.accuracies) - fmean(base.accuracies),
        trained_delta_ci95=interval,
        trained_verdict=verdict_of(interval) if interval else "not comparable",
    )


def _find_trained_baseline(sample: Sample, samples: dict[str, Sample]) -> tuple[str | None, str | None]:
    """The name of the base network's row to compare ``sample`` with, and what is to be said of the choice.

    The same sweep's, else another's. Of several only the one at the network's own protocol is taken:
    a choice by result would favour one side.
    """
    fitting = {
        name: other
        for name, other in samples.items()
        if other.config.model == BASELINE_NETWORK and other.accuracies and _terms(other) == _terms(sample)
    }
    near = {name: other for name, other in fitting.items() if other.sweep == sample.sweep}
    candidates = near or fitting
    by_protocol = [name for name, other in candidates.items() if not _departures(other.config)]
    if len(by_protocol) == 1:
        return by_protocol[0], None
    if len(candidates) > 1:
        several = "several" if by_protocol else "none"
        return None, (
            f"not compared with the base network trained here: of {len(candidates)} such rows "
            f"{several} keep to its own protocol"
        )
    for name, other in candidates.items():
        return name, f"{name} departs from its own protocol: {_departures(other.config)}"
    return None, None


def _terms(sample: Sample) -> tuple[Any, ...]:
    """What two configurations must share for their accuracies to be held against each other."""
    record, config = sample.record, sample.config
    assert record is not None  # asked only of samples with accuracies
    terms = (config.dataset, config.epochs, config.validation_split)
    return (*terms, record.dataset_fingerprint, record.train_images)


def _departures(config: TrainConfig) -> str:
    """In what settings ``config`` departs from its network's own protocol; empty for none."""
    own = resolve_config(TrainConfig(model=config.model, dataset=config.dataset))
    return ", ".join(f"{name} {ours}" for name, (ours, _) in list_departures(config, own).items())
