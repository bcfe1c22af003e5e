"""The assignment's report: results -> Markdown. Pure text; no Keras, no files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eip_cli.comparison.row import published_comparisons
from eip_cli.comparison.statements import state_single
from eip_cli.display.comparison_tables import report_comparison
from eip_cli.display.formatting import format_pair, format_percent, format_shape
from eip_cli.display.markdown import fence, show_code, show_words
from eip_cli.display.printing import Grid, format_markdown, format_note
from eip_cli.foundation.version import __version__
from eip_cli.networks.summary import LayerInfo
from eip_cli.published.baseline import BASELINE_ACCURACY
from eip_cli.published.logs import PUBLISHED_RUNS

from .fact_table import DATASET_NAMES, format_measured, list_facts
from .rules import EPOCH_LIMIT, PARAMETER_LIMIT, RuleCheck
from .run_results import RunResults, Subject

MOST_NAMES = 8
HOLDS = {True: "yes", False: "**no**", None: "cannot be said"}


@dataclass(frozen=True)
class Pictures:
    """The names of a run's picture files beside the page; the second for the baseline's dataset only."""

    curves: str
    against_published: str | None


def write_page(subjects: Sequence[Subject], pictures: Sequence[Pictures | None]) -> str:
    """The whole report; ``pictures`` has one for each subject, None where none are drawn."""
    blocks = ["# Report", _introduce(subjects), *_describe_baseline(subjects)]
    for subject, drawn in zip(subjects, pictures, strict=True):
        blocks += _describe_run(subject.results, drawn)
    return "\n\n".join(blocks) + "\n"


def _introduce(subjects: Sequence[Subject]) -> str:
    runs = [*(subject.results for subject in subjects), *_list_baselines(subjects)]
    names = ", ".join(show_code(one.name) for one in runs)
    return (
        f"The assignment: in at most {EPOCH_LIMIT} epochs, beat the base network on CIFAR-10 with depthwise "
        f"separable convolutions only, batch normalization, dropout, and fewer than {PARAMETER_LIMIT:,} "
        f"parameters. `eip report` {__version__} computed this page from the files of {names}."
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
    blocks += ["### The rules", _format_rules(results.rules), _describe_split(results)]
    facts = Grid(["Result", ""], list_facts(results), left=2)
    blocks += ["### Results", format_markdown(facts)]
    if pictures is not None:
        blocks.append(f"![Accuracy and loss of each epoch]({pictures.curves})")
        if pictures.against_published:
            blocks.append(f"![Validation accuracy beside the published logs]({pictures.against_published})")
    blocks += ["### The network", *_describe_network(results)]
    blocks += ["### How to repeat it", *_describe_repeating(results)]
    return [*blocks, "### All epochs", *_format_log(results)]


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
    rows = [[rule.rule, _format_found(rule), HOLDS[rule.holds]] for rule in rules]
    return format_markdown(Grid(["Rule", "Found", "Holds"], rows, left=3))


def _format_found(rule: RuleCheck) -> str:
    names = [", ".join(map(show_code, rule.names[:MOST_NAMES]))] if rule.names else []
    more = [f"and {len(rule.names) - MOST_NAMES} more"] if len(rule.names) > MOST_NAMES else []
    return " ".join([rule.found, *names, *more])


def _describe_split(results: RunResults) -> str:
    if results.record.config.validation_split is None:
        return (
            "The validation images of every epoch were the test images: the best epoch was picked on the "
            "very images that it counts, the final one was not picked."
        )
    return (
        "The validation images were held-out training images; the test images were used once, at the end, by "
        "the best checkpoint."
    )


def _describe_network(results: RunResults) -> list[str]:
    summary = results.summary
    headers = ["Layer", "Type", "Output", "Channels", "RF", "Jump", "Params"]
    rows = [_layer_row(layer, results.channels_first) for layer in summary.layers]
    totals = (
        f"{summary.total_params:,} parameters ({summary.trainable_params:,} trainable, "
        f"{summary.non_trainable_params:,} not), {summary.macs:,} multiply-accumulates for one image. "
        "RF is the receptive field of one unit and jump the distance between two neighbouring units, both in "
        "the input's pixels; - where a unit sees the whole image"
        f"{', or what it sees is not known' if summary.receptive_field_unknown else ''}."
    )
    blocks = [format_markdown(Grid(headers, rows, left=2)), totals]
    blocks += [f"Warning: {show_words(warning)}" for warning in summary.warnings]
    if summary.receptive_field_unknown:
        blocks.append(f"Warning: {show_words(summary.receptive_field_unknown)}")
    if results.code is None:
        return [*blocks, "The network is more than plain Keras layers: the table is its definition."]
    return [*blocks, "The same in plain Keras:", fence(results.code, "python")]


def _layer_row(layer: LayerInfo, channels_first: bool) -> list[str]:
    shape = layer.output_shape
    size = shape[1:] if channels_first and len(shape) == 3 else shape[:-1]
    channels = shape[:1] if channels_first and len(shape) == 3 else shape[-1:]
    return [
        show_code(layer.name),
        show_code(layer.type),
        format_shape(size) or "-",
        format_shape(channels) or "-",
        format_pair(layer.receptive_field),
        format_pair(layer.effective_stride),
        f"{layer.params:,}",
    ]


def _describe_repeating(results: RunResults) -> list[str]:
    blocks = [fence(results.command, "sh")]
    if results.source_sha256 is not None:
        blocks.append(f"The file behind `--model` has the SHA-256 {show_code(str(results.source_sha256))}.")
    blocks.append(
        "The same bits need the same versions, the same kind of processor and the same number of threads."
        if results.record.deterministic
        else "The run makes no promise of identical bits: its accuracy comes back only about."
    )
    return blocks


def _format_log(results: RunResults) -> list[str]:
    headers = ["Epoch", "Learning rate", "Loss", "Accuracy", "Val. loss", "Val. accuracy", "Seconds"]
    rows = [
        [
            str(row.epoch),
            f"{row.learning_rate:.10g}",
            f"{row.loss:.4f}",
            format_percent(row.accuracy),
            f"{row.val_loss:.4f}",
            format_percent(row.val_accuracy) + ("*" if row.epoch == results.best.epoch else ""),
            f"{row.seconds:,.1f}",
        ]
        for row in results.history
    ]
    note = (
        "\\* the best epoch. Loss and accuracy are of the training images, while the network was changing "
        "and with dropout on; the validation columns are of the network after the epoch."
    )
    return [format_markdown(Grid(headers, rows, left=0)), note]
