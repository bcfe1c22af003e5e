"""Runs and sweeps as the user names them -> all that the page is about, before any picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eip_cli.comparison.baseline_comparison import find_subject, name_runs
from eip_cli.comparison.curve_collection import collect_curves
from eip_cli.comparison.row import Comparison
from eip_cli.comparison.seed_samples import Sample, read_samples
from eip_cli.comparison.statements import state_single
from eip_cli.comparison.sweep_rows import compare_sweeps, name_samples
from eip_cli.foundation.errors import EipError, RunError
from eip_cli.pictures.curves import Curve
from eip_cli.published.baseline import BASELINE_NETWORK
from eip_cli.report.run_results import RunResults, assess_run
from eip_cli.rules.rule_set import RuleSet
from eip_cli.runs.run_directory import BEST_FILE, Run
from eip_cli.sweeps.sweep_directory import Sweep


@dataclass(frozen=True)
class ShownRun:
    """A run that the page looks into; ``stands_for`` names the configuration of a sweep whose first it is.

    ``is_baseline``: the rules are not asked of it, as it is what the others are to beat.
    """

    results: RunResults
    stands_for: str | None = None
    is_baseline: bool = False

    @property
    def title(self) -> str:
        """The name that the page has for it."""
        return self.stands_for or self.results.name


@dataclass(frozen=True)
class Material:
    """What the page is about.

    ``rows`` are of each run and each configuration, in the order given; ``samples`` are the configurations
    by their names. ``gaps`` say in sentences what could not be looked into.
    """

    shown: tuple[ShownRun, ...]
    rows: tuple[Comparison, ...]
    samples: dict[str, Sample]
    curves: tuple[Curve, ...]
    gaps: tuple[str, ...]


def collect_material(names: Sequence[str], rules: RuleSet, trust: bool = False) -> Material:
    """The runs and sweeps that ``names`` mean, each once, held against ``rules``.

    Raises RunError where there is none, or a name is that of a model file, and an EipError where the files
    of a run that is named are missing or damaged. Of a sweep, whose checkpoints may have been left out, only
    what there is is shown.
    """
    runs, sweeps = _find(names)
    labels = name_runs(runs)
    samples = name_samples([sample for sweep in sweeps for sample in read_samples(sweep)])
    found = [ShownRun(replace(assess_run(run, rules, trust), name=labels[run.path])) for run in runs]
    gaps = []
    for name, sample in samples.items():
        try:
            found.append(_look_into(name, sample, rules, trust))
        except EipError as error:
            gaps.append(f"Of {name} no run is looked into: {error}.")
    rows = [_row_of(one.results) for one in found if one.stands_for is None]
    rows += [row for group in compare_sweeps(sweeps) for row in group]
    paths = [*(str(run.path) for run in runs), *(str(sweep.path) for sweep in sweeps)]
    return Material(_mark_baselines(found), tuple(rows), samples, tuple(collect_curves(paths)), tuple(gaps))


def _find(names: Sequence[str]) -> tuple[list[Run], list[Sweep]]:
    found: dict[Path, Run | Sweep] = {}
    for name in names:
        item = find_subject(name)
        if item is None:
            raise RunError(f"{name} is a file: the report is on runs and sweeps, so name the run's folder")
        found[item.path.resolve()] = item
    runs = [item for item in found.values() if isinstance(item, Run)]
    return runs, [item for item in found.values() if isinstance(item, Sweep)]


def _look_into(name: str, sample: Sample, rules: RuleSet, trust: bool) -> ShownRun:
    """The configuration's first finished run. Raises an EipError that says why it cannot be looked into."""
    if not sample.runs:
        raise RunError("none has finished")
    run = Run(sample.sweep / sample.runs[0].planned.name)
    if not (run.path / BEST_FILE).is_file():
        raise RunError(f"{run.path.name} has no {BEST_FILE} here")
    return ShownRun(replace(assess_run(run, rules, trust), name=run.path.name), stands_for=name)


def _row_of(results: RunResults) -> Comparison:
    row = replace(results.comparison, name=results.name, notes=results.differences)
    return replace(row, statement=state_single(row))


def _mark_baselines(found: Sequence[ShownRun]) -> tuple[ShownRun, ...]:
    """Runs of the base network are the others' baseline, where there are others on the same images."""

    def is_base(one: ShownRun) -> bool:
        return one.results.record.config.model == BASELINE_NETWORK

    answered = {one.results.record.config.dataset for one in found if not is_base(one)}
    return tuple(
        replace(one, is_baseline=is_base(one) and one.results.record.config.dataset in answered)
        for one in found
    )
