"""Runs, sweeps and checkpoints as the user names them -> rows and curves beside the published ones.

Runs and sweeps are compared by what their files say, predictions by what they are; only a checkpoint starts
Keras.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.datasets.loading import load_dataset
from eip_cli.published.baseline import BASELINE_NETWORK, baseline_for
from eip_cli.runs.catalogue import find_run, is_run_id
from eip_cli.runs.history import EpochRow
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import BEST_FILE, HISTORY_FILE, RECORD_FILE, Run
from eip_cli.sweeps.sweep_directory import PLAN_FILE, Sweep, find_sweep

from .evaluation.predictions_file import assess_predictions, is_predictions_name
from .evaluation.results import Assessment, Evaluation
from .record_checks import (
    ENDED_AT_CHANCE,
    HELD_OUT,
    describe_deviations,
    describe_recipe,
    find_contradictions,
    has_ended_at_chance,
    is_comparable,
    read_history_if_any,
)
from .row import Comparison, McNemar, compare
from .statements import state_single
from .statistics import mcnemar_p_value, mcnemar_verdict
from .sweep_rows import compare_sweeps

UNKNOWN_ORIGIN = "of unknown origin: it may have been picked on the test images"

PICKING_FAVOURS = "McNemar's test knows nothing of the picking on the test images: it favours what was picked"


def compare_with_baseline(
    names: Sequence[str | Path] | str | Path,
    progress: DownloadProgress = SILENT,
    *,
    data_dir: Path | str | None = None,
    trust: bool = False,
    pixels: str | None = None,
    params: int | None = None,
) -> list[Comparison]:
    """A row for each run and checkpoint named and for each configuration of a sweep named, in that order.

    A run and a sweep are compared by what their records say; a checkpoint is evaluated on CIFAR-10,
    or on its run's dataset, and from the second one on also against the first by McNemar's test, on pixels
    of the form ``pixels`` (None: as each was made for, as far as that is known). A file of predictions stands
    for a checkpoint, and is of the dataset of the first checkpoint before it, or else of CIFAR-10; ``params``
    states its number of parameters. A sweep named twice counts once. Raises an EipError where one cannot be
    had.
    """
    listed = [str(name) for name in ([names] if isinstance(names, str | Path) else names)]
    found = [find_subject(name) for name in listed]
    sweeps = {item.path.resolve(): item for item in found if isinstance(item, Sweep)}
    sweep_rows = dict(zip(sweeps, compare_sweeps(list(sweeps.values())), strict=True))
    labels = name_runs([item for item in found if isinstance(item, Run)], _names_in(sweep_rows.values()))
    rows: list[Comparison] = []
    reference: Assessment | None = None
    for name, item in zip(listed, found, strict=True):
        if isinstance(item, Sweep):
            rows.extend(sweep_rows.pop(item.path.resolve(), ()))
        elif isinstance(item, Run):
            rows.append(_compare_run(item, labels[item.path]))
        else:
            if is_predictions_name(name):
                dataset = reference.evaluation.dataset if reference else "cifar10"
                images = load_dataset(dataset, data_dir, progress)
                assessment = assess_predictions(name, images, params)
                row = _compare_evaluation(assessment.evaluation, "predictions")
            else:
                row, assessment = _compare_checkpoint(name, progress, data_dir, trust, pixels)
            if reference is not None:
                row = add_mcnemar(row, assessment, reference)
            reference = reference or assessment
            rows.append(replace(row, statement=state_single(row)))
    return rows


def _names_in(groups: Iterable[Sequence[Comparison]]) -> set[str]:
    return {row.name for rows in groups for row in rows}


def name_runs(runs: Sequence[Run], taken: Collection[str] = ()) -> dict[Path, str]:
    """A name for each of ``runs`` by its path: its id, or the path where the id is another's or ``taken``.

    Sweeps name their runs alike. Raises RunError where a record is damaged.
    """
    ids = {run.path: run.read_record().id for run in runs}
    owners = Counter(name for _, name in {(path.resolve(), name) for path, name in ids.items()})
    return {
        path: name if owners[name] == 1 and name not in taken else str(path) for path, name in ids.items()
    }


def are_all_better(rows: Sequence[Comparison]) -> bool:
    """Whether each of ``rows`` is better than the published number, a sweep's own base network aside.

    False where there is nothing else, and where planned runs are missing: a gate that judged nothing,
    or the survivors alone, must not open.
    """
    judged = [row for row in rows if row.source != "sweep" or row.model != BASELINE_NETWORK]
    return bool(judged) and all(row.verdict == "better" and row.n == row.n_planned for row in judged)


def find_subject(name: str) -> Run | Sweep | None:
    """The run or the sweep that ``name`` means; None where it means a checkpoint's file.

    What is there under that very path comes before an id under ``runs/`` or ``sweeps/``.
    """
    if name and (Path(name) / PLAN_FILE).is_file():
        return Sweep(Path(name))
    if (
        Path(name).is_file()
        or is_predictions_name(name)
        or (Path(name).suffix in (".h5", ".keras") and not Path(name).is_dir())
    ):
        return None
    is_run = (Path(name) / RECORD_FILE).is_file() or is_run_id(name)
    return find_run(name) if is_run else find_sweep(name) or find_run(name)


def _compare_run(run: Run, name: str) -> Comparison:
    record = run.read_record()
    history = read_history_if_any(run)
    contradictions = find_contradictions(record, history)
    on_baseline_data = baseline_for(record.config.dataset) is not None and not contradictions
    held_out = record.config.validation_split is not None
    unchecked = [f"no readable {HISTORY_FILE} to check its accuracy against"] if history is None else []
    row = compare(
        name,
        "run",
        record.final_accuracy if on_baseline_data else None,
        params=record.params,
        receptive_field=record.receptive_field,
        whole_image_seen=record.whole_image_seen,
        model=record.config.model,
        epochs=record.epochs_done,
        best_accuracy=record.best_accuracy if on_baseline_data else None,
        best_epoch=record.best_epoch if on_baseline_data else None,
        selected_on=record.config.selected_on,
        comparable=is_comparable(record),
        notes=(*contradictions, *_marks(record, history), *unchecked),
    )
    if on_baseline_data and held_out:
        row = replace(row, test_accuracy=record.test_accuracy)
    return replace(row, statement=state_single(row))


def _marks(record: RunRecord, history: tuple[EpochRow, ...] | None) -> tuple[str, ...]:
    """What makes a run unlike the published ones."""
    marks = [*describe_deviations(record), *filter(None, [describe_recipe(record.config)])]
    if record.status != "finished":
        marks.append(f"{record.status} after {record.epochs_done} of {record.config.epochs} epochs")
    if record.config.validation_split is not None:
        marks.append(f"{HELD_OUT}; name {BEST_FILE} of the run to compare that one")
    if has_ended_at_chance(record, history):
        marks.append(ENDED_AT_CHANCE)
    return tuple(marks)


def _compare_checkpoint(
    name: str, progress: DownloadProgress, data_dir: Path | str | None, trust: bool, pixels: str | None
) -> tuple[Comparison, Assessment]:
    # Imported here: they start Keras, which runs and sweeps do without.
    from eip_cli.networks.summary import summarize_model

    from .evaluation.assessment import assess_model, load_images, open_announced

    opened = open_announced(name, progress, None, trust)
    images = load_images(opened, progress, data_dir=data_dir)
    assessment = assess_model(opened, images, pixels, progress)
    summary = summarize_model(opened.model, opened.name)
    row = _compare_evaluation(assessment.evaluation, "checkpoint")
    row = replace(row, receptive_field=summary.receptive_field, whole_image_seen=summary.whole_image_seen)
    return row, assessment


def _compare_evaluation(evaluation: Evaluation, source: str) -> Comparison:
    on_baseline_data = evaluation.baseline_accuracy is not None
    notes = list(evaluation.notes)
    if not on_baseline_data:
        notes.append(f"evaluated on {evaluation.dataset}")
    elif evaluation.selected_on == "unknown":
        notes.append(UNKNOWN_ORIGIN)
    if evaluation.params_stated:
        notes.append(f"its {evaluation.params:,} parameters are stated, not counted")
    return compare(
        evaluation.checkpoint,
        source,
        evaluation.accuracy if on_baseline_data else None,
        params=evaluation.params,
        receptive_field=None,
        model=evaluation.model,
        selected_on=evaluation.selected_on,
        # A maximum over epochs on the test images is no estimate that an interval could be put around.
        comparable=evaluation.selected_on != "test" and evaluation.doubt is None,
        notes=tuple(notes),
        params_stated=evaluation.params_stated,
    )


def add_mcnemar(row: Comparison, this: Assessment, other: Assessment) -> Comparison:
    """``row`` with McNemar's test against the checkpoint of ``other``, where both saw the same images.

    A checkpoint that was picked on these images wins over one that was not by the picking alone, so
    its win is ``not comparable``; its loss stands, and so does what two such checkpoints differ by.
    """
    against = other.evaluation.checkpoint
    if this.evaluation.doubt or other.evaluation.doubt:
        return replace(row, notes=(*row.notes, f"not tested against {against}: one of the two is in doubt"))
    if this.images != other.images:
        return replace(row, notes=(*row.notes, f"evaluated on other images than {against}: no McNemar test"))
    test = compare_answers(this, other)
    notes = row.notes
    if "test" in (this.evaluation.selected_on, other.evaluation.selected_on):
        notes += (PICKING_FAVOURS,)
    return replace(row, mcnemar=test, notes=notes)


def compare_answers(this: Assessment, other: Assessment) -> McNemar:
    """McNemar's test of two checkpoints on the same images; see ``add_mcnemar`` for its verdict."""
    only_this = int((this.is_correct & ~other.is_correct).sum())
    only_other = int((other.is_correct & ~this.is_correct).sum())
    verdict = mcnemar_verdict(only_this, only_other)
    winner, loser = (this, other) if only_this > only_other else (other, this)
    is_favoured = winner.evaluation.selected_on == "test" != loser.evaluation.selected_on
    return McNemar(
        against=other.evaluation.checkpoint,
        only_this_correct=only_this,
        only_other_correct=only_other,
        p_value=mcnemar_p_value(only_this, only_other),
        verdict="not comparable" if is_favoured and verdict != "indistinguishable" else verdict,
    )
