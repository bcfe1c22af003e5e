"""The assignment's report: results -> Markdown. Pure text; no Keras, no files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eip_cli.comparison.row import published_comparisons
from eip_cli.comparison.statements import state_single
from eip_cli.display.comparison_tables import report_comparison
from eip_cli.display.formatting import format_percent
from eip_cli.display.markdown import fence, show_code, show_words
from eip_cli.display.printing import Grid, format_markdown, format_note
from eip_cli.foundation.version import __version__
from eip_cli.published.baseline import BASELINE_ACCURACY
from eip_cli.published.logs import PUBLISHED_RUNS
from eip_cli.rules.rule_check import RuleCheck
from eip_cli.rules.rule_set import RuleSet

from .fact_table import DATASET_NAMES, format_measured, list_facts
from .run_results import RunResults, Subject
from .run_tables import (
    LOG_NOTE,
    describe_layers,
    describe_repeating,
    describe_split,
    list_epochs,
    list_layers,
)

HOLDS = {True: "yes", False: "**no**", None: "cannot be said"}


@dataclass(frozen=True)
class LinkedPicture:
    """A picture's file beside the page, its title, and a sentence on how to read it; all our words."""

    file: str
    title: str
    reading: str


@dataclass(frozen=True)
class Pictures:
    """The names of a run's picture files beside the page; the second for the baseline's dataset only.

    ``of_answers`` and ``of_network`` are further ones, and ``notes`` say why some are not there.
    """

    curves: str
    against_published: str | None
    of_answers: tuple[LinkedPicture, ...] = ()
    of_network: tuple[LinkedPicture, ...] = ()
    notes: tuple[str, ...] = ()


def write_page(subjects: Sequence[Subject], pictures: Sequence[Pictures | None], rules: RuleSet) -> str:
    """The whole report; ``pictures`` has one for each subject, None where none are drawn."""
    blocks = ["# Report", _introduce(subjects, rules), *_describe_baseline(subjects)]
    for subject, drawn in zip(subjects, pictures, strict=True):
        blocks += _describe_run(subject.results, drawn)
    return "\n\n".join(blocks) + "\n"


def _introduce(subjects: Sequence[Subject], rules: RuleSet) -> str:
    runs = [*(subject.results for subject in subjects), *_list_baselines(subjects)]
    names = ", ".join(show_code(one.name) for one in runs)
    return (
        f"{show_words(rules.introduction)} `eip report` {__version__} computed this page from the files of "
        f"{names}."
    )


def _list_baselines(subjects: Sequence[Subject]) -> list[RunResults]:
    return list({id(one): one for subject in subjects for one in subject.baselines}.values())


def _describe_baseline(subjects: Sequence[Subject]) -> list[str]:
    """The base network, published and trained, and every run on its dataset beside it."""
    base = next(run for run in PUBLISHED_RUNS if run.network == "base")
    published = published_comparisons()[0]
    assert published.best_accuracy is not None
    blocks = [
        "## The base network",
        f"{base.params:,} parameters. Its published training ended at {format_percent(BASELINE_ACCURACY)} of "
        f"CIFAR-10's 10,000 test images after {published.epochs} epochs; its best epoch was "
        f"{published.best_epoch} with {format_percent(published.best_accuracy)}, picked on the same images.",
    ]
    trained = _list_baselines(subjects)
    if trained:
        headers = ["Trained here", "Images", "Unlike the published training"]
        headers += ["Epochs", "Params", "Final (95% interval)", "Best (epoch)"]
        grid = Grid(headers, [_baseline_row(one) for one in trained], left=3)
        blocks.append(format_markdown(grid))
        blocks += [block for one in trained for block in _describe_disagreements(one)]
    comparable = [one for one in (*trained, *(subject.results for subject in subjects)) if not one.obstacle]
    return blocks + (_compare(comparable) if comparable else [])


def _baseline_row(results: RunResults) -> list[str]:
    config = results.record.config
    return [
        show_code(results.name),
        DATASET_NAMES[config.dataset],
        "; ".join(map(show_words, results.differences)) or "nothing",
        f"{len(results.history)} of {config.epochs}",
        f"{results.summary.total_params:,}",
        format_measured(results.final) if results.final else "not finished",
        f"{format_percent(results.best.accuracy)} ({results.best.epoch})",
    ]


def _compare(runs: Sequence[RunResults]) -> list[str]:
    named = [replace(one.comparison, name=show_code(one.name)) for one in runs]
    rows = [replace(row, statement=state_single(row)) for row in named]
    report = report_comparison([*published_comparisons(), *rows])
    return [*map(format_markdown, report.grids), *map(format_note, report.footnotes)]


def _describe_run(results: RunResults, pictures: Pictures | None) -> list[str]:
    blocks = [f"## Run {show_code(results.name)}"]
    if results.differences:
        blocks.append(f"Unlike the published trainings: {'; '.join(map(show_words, results.differences))}.")
    blocks += _describe_disagreements(results)
    blocks += ["### The rules", _format_rules(results.rules), describe_split(results)]
    facts = Grid(["Result", ""], list_facts(results), left=2)
    blocks += ["### Results", format_markdown(facts)]
    if pictures is not None:
        blocks.append(f"![Accuracy and loss of each epoch]({pictures.curves})")
        if pictures.against_published:
            blocks.append(f"![Validation accuracy beside the published logs]({pictures.against_published})")
        blocks += [*_link(pictures.of_answers), *map(show_words, pictures.notes)]
    blocks += ["### The network", *_describe_network(results)]
    if pictures is not None:
        blocks += _link(pictures.of_network)
    blocks += ["### How to repeat it", fence(results.command, "sh"), *describe_repeating(results)]
    return [*blocks, "### All epochs", format_markdown(list_epochs(results)), format_note(LOG_NOTE)]


def _link(pictures: Sequence[LinkedPicture]) -> list[str]:
    return [block for one in pictures for block in (f"![{one.title}]({one.file})", one.reading)]


def _describe_disagreements(results: RunResults) -> list[str]:
    if not results.disagreements:
        return []
    lines = [f"- {show_words(line)}" for line in results.disagreements]
    return [
        f"**The files of {show_code(results.name)} do not agree with each other:**",
        "\n".join(lines),
        "What follows is of the network and the history as they are.",
    ]


def _format_rules(rules: Sequence[RuleCheck]) -> str:
    rows = [[rule.rule, rule.describe_found(show_code), HOLDS[rule.holds]] for rule in rules]
    return format_markdown(Grid(["Rule", "Found", "Holds"], rows, left=3))


def _describe_network(results: RunResults) -> list[str]:
    summary = results.summary
    blocks = [format_markdown(list_layers(results)), describe_layers(summary)]
    blocks += [f"Warning: {show_words(warning)}" for warning in summary.warnings]
    if summary.receptive_field_unknown:
        blocks.append(f"Warning: {show_words(summary.receptive_field_unknown)}")
    if results.code is None:
        return [*blocks, "The network is more than plain Keras layers: the table is its definition."]
    return [*blocks, "The same in plain Keras:", fence(results.code, "python")]
