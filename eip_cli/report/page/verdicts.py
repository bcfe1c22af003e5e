"""What is said first: a sentence on each run and configuration, and which rules a run keeps."""

from collections.abc import Sequence

from eip_cli.comparison.row import Comparison
from eip_cli.display.formatting import format_percent
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.published.baseline import BASELINE_ACCURACY
from eip_cli.report.fact_table import DATASET_NAMES
from eip_cli.report.lettering import PLAIN
from eip_cli.report.run_results import RunResults

from .contents import RuleRow, Verdict
from .material import Material, ShownRun

MARKS = {True: "yes", False: "no", None: "cannot be said"}


def list_verdicts(material: Material) -> tuple[Verdict, ...]:
    """A verdict for each row: of a run by itself, of a configuration over its seeds."""
    by_name = {one.title: one for one in material.shown}
    return tuple(_judge(row, by_name.get(row.name)) for row in material.rows)


def summarize_verdicts(rows: Sequence[Comparison]) -> str | None:
    """One sentence over all, where there are several."""
    if len(rows) < 2:
        return None
    counts = {
        word: sum(row.verdict == word for row in rows) for word in ("better", "worse", "indistinguishable")
    }
    compared = sum(counts.values())
    published = f"the published {format_percent(BASELINE_ACCURACY)}"
    if not compared:
        return f"None of these {len(rows)} is compared with {published}."
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    apart = len(rows) - compared
    rest = f"; {apart} not compared with it" if apart else ""
    trained = [row.trained_verdict for row in rows if row.trained_verdict is not None]
    words = ", ".join(f"{trained.count(word)} {word}" for word in dict.fromkeys(trained))
    beside = f" Against the base network as trained here: {words}." if trained else ""
    return f"Against {published}: {said}{rest}.{beside}"


def _judge(row: Comparison, shown: ShownRun | None) -> Verdict:
    word = row.verdict if row.delta is not None else None
    rules = [] if shown is None or shown.is_baseline else [_count_rules(shown)]
    if row.delta is None and shown is not None and shown.stands_for is None:
        return Verdict(_state_accuracy(shown.results), word, (*_explain(shown.results), *rules))
    return Verdict(show_plainly(row.statement or row.name), word, tuple(rules))


def _state_accuracy(results: RunResults) -> str:
    """An accuracy that is not held against 82.44%, with its images and interval."""
    record, last = results.record, results.last
    kind = "test" if record.config.validation_split is None else "held-out training"
    number = "" if results.validation_images is None else f"{results.validation_images:,} "
    epoch = (
        f"epoch {last.epoch}"
        if results.final is not None
        else f"{last.epoch} of {record.config.epochs} epochs"
    )
    interval = ""
    if last.interval is not None:
        low, high = map(format_percent, last.interval)
        interval = f" (Wilson's 95% interval {low} to {high})"
    return (
        f"{show_plainly(results.name)} is right on {format_percent(last.accuracy)} of {number}{kind} images "
        f"of {DATASET_NAMES[record.config.dataset]} after {epoch}{interval}."
    )


def _explain(results: RunResults) -> list[str]:
    """What its best checkpoint does, where that was measured, and why there is no comparison."""
    found = []
    if results.record.test_accuracy is not None:
        tested = f"{format_percent(results.record.test_accuracy)} of {results.test_images:,} test images"
        found.append(f"Its best checkpoint is right on {tested}, measured once.")
    reason = results.obstacle or "the training has not finished"
    return [*found, f"There is no comparison: {show_plainly(reason)}."]


def _count_rules(shown: ShownRun) -> str:
    rules = shown.results.rules
    who = "It" if shown.stands_for is None else f"Its run {show_plainly(shown.results.name)}"
    broken = [rule.rule for rule in rules if rule.holds is False]
    unsure = sum(rule.holds is None for rule in rules)
    kept = len(rules) - len(broken) - unsure
    if kept == len(rules):
        return f"{who} keeps all {kept} rules of the assignment."
    parts = [f"{who} keeps {kept} of the assignment's {len(rules)} rules"]
    parts += [f"broken: {', '.join(broken)}"] if broken else []
    parts += [f"{unsure} cannot be answered by this run"] if unsure else []
    return "; ".join(parts) + "."


def list_rules(shown: Sequence[ShownRun]) -> tuple[RuleRow, ...]:
    """A row a rule, for the runs that the rules are asked of, a cell each."""
    if not shown:
        return ()
    columns = [one.results.rules for one in shown]
    return tuple(
        RuleRow(
            checks[0].rule,
            tuple((MARKS[check.holds], check.describe_found(PLAIN.code)) for check in checks),
        )
        for checks in zip(*columns, strict=True)
    )
