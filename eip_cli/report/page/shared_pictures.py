"""The pictures of all runs together: their curves, and their accuracies against their sizes."""

from collections.abc import Sequence
from dataclasses import replace

from eip_cli.comparison.record_checks import is_on_cifar10
from eip_cli.comparison.row import Comparison, published_comparisons
from eip_cli.comparison.seed_samples import Sample
from eip_cli.comparison.statistics import wilson_interval
from eip_cli.display.formatting import format_percent
from eip_cli.pictures.accuracies.against_parameters import (
    Measurement,
    find_front,
    make_accuracy_against_parameters,
)
from eip_cli.pictures.curves import LONG_TRAINING, Curve, make_comparison
from eip_cli.pictures.inline.svg import make_inline_svg
from eip_cli.pictures.lettering import shorten
from eip_cli.published.baseline import TEST_IMAGE_COUNT, baseline_for
from eip_cli.report.fact_table import DATASET_NAMES
from eip_cli.report.run_results import RunResults
from eip_cli.runs.record import RunRecord

from .contents import Picture
from .material import Material

LONGEST_CURVE_NAME = 40


def draw_shared(material: Material) -> tuple[Picture, ...]:
    """The curves, then a picture of sizes and accuracies for each data set."""
    curves = [_draw_curves(material.curves)] if material.curves else []
    groups = _group_measurements(material)
    return (
        *curves,
        *(
            _draw_sizes(f"sizes{number}", title, points)
            for number, (title, points) in enumerate(groups.items())
        ),
    )


def _draw_curves(curves: Sequence[Curve]) -> Picture:
    named = [replace(curve, name=shorten(curve.name, LONGEST_CURVE_NAME)) for curve in curves]
    ends = "; ".join(_describe_curve(curve) for curve in curves)
    reading = "Each line is the accuracy on the validation images after each epoch, and higher is better"
    if any(len(curve.runs) > 1 for curve in curves):
        reading += "; a band goes from the lowest to the highest of several seeds, around their mean"
    if any(curve.is_published for curve in curves):
        reading += "; dotted are the published trainings"
    if max((len(curve.epochs) for curve in curves if not curve.is_published), default=0) >= LONG_TRAINING:
        reading += ", and the right half shows the later epochs enlarged"
    description = f"Validation accuracy against epochs. {ends}."
    return Picture(
        "Accuracy by epoch",
        make_inline_svg(make_comparison(named), "curves", description),
        f"{reading}.",
    )


def _describe_curve(curve: Curve) -> str:
    lasts = [run[len(curve.epochs) - 1] for run in curve.runs if curve.epochs]
    if not lasts:
        return f"{curve.name} has no epoch"
    reached = format_percent(sum(lasts) / len(lasts))
    seeds = f" on average over {len(lasts)} seeds" if len(lasts) > 1 else ""
    return f"{curve.name} ends at {reached} after epoch {len(curve.epochs)}{seeds}"


def _group_measurements(material: Material) -> dict[str, list[Measurement]]:
    """What was measured on the test images, by data set; CIFAR-10's with the published trainings."""
    groups: dict[str, list[Measurement]] = {}
    by_name = {one.title: one.results for one in material.shown if one.stands_for is None}
    for row in material.rows:
        sample, results = material.samples.get(row.name), by_name.get(row.name)
        if row.source == "sweep" and sample is not None:
            record, measured = sample.record, _measure_sample(row, sample)
        elif results is not None:
            record, measured = results.record, _measure_run(results)
        else:
            continue
        if measured is not None and record is not None:
            groups.setdefault(_name_images(record), []).append(measured)
    for name in DATASET_NAMES:
        if baseline_for(name) is not None and DATASET_NAMES[name] in groups:
            groups[DATASET_NAMES[name]] += [_measure_published(row) for row in published_comparisons()]
    return groups


def _name_images(record: RunRecord) -> str:
    """The data set in words, apart where its images are not the ones that are known under its name."""
    name = DATASET_NAMES[record.config.dataset]
    is_other = baseline_for(record.config.dataset) is not None and not is_on_cifar10(record)
    return f"{name}, other images than its own" if is_other else name


def _measure_run(results: RunResults) -> Measurement | None:
    """The last epoch's, or, where training images were held out, that of the one use of the test images."""
    record = results.record
    accuracy = results.last.accuracy if record.config.validation_split is None else record.test_accuracy
    if accuracy is None or not results.test_images:
        return None
    interval = wilson_interval(round(accuracy * results.test_images), results.test_images)
    return Measurement(results.name, results.summary.total_params, accuracy, interval)


def _measure_sample(row: Comparison, sample: Sample) -> Measurement | None:
    is_held_out = sample.config.validation_split is not None
    accuracy = row.test_accuracy if is_held_out else row.final_accuracy
    interval = row.test_accuracy_ci95 if is_held_out else row.accuracy_ci95
    if accuracy is None or row.params is None:
        return None
    return Measurement(f"{row.name} (n = {row.n})", row.params, accuracy, interval)


def _measure_published(row: Comparison) -> Measurement:
    assert row.final_accuracy is not None and row.params is not None
    interval = wilson_interval(round(row.final_accuracy * TEST_IMAGE_COUNT), TEST_IMAGE_COUNT)
    return Measurement(row.name, row.params, row.final_accuracy, interval, is_published=True)


def _draw_sizes(prefix: str, dataset: str, points: Sequence[Measurement]) -> Picture:
    said = "; ".join(
        f"{point.name}: {point.params:,} parameters, {format_percent(point.accuracy)}" for point in points
    )
    front = ", ".join(point.name for point in find_front(points))
    description = f"Test accuracy on {dataset} against parameters. {said}. On the Pareto front: {front}."
    reading = (
        "Higher is better and further left is smaller: nothing shown beats what the dashed steps touch with "
        "as few parameters, and where the 95% intervals overlap, which of two is higher may be chance."
    )
    return Picture(
        f"Accuracy against parameters, {dataset}",
        make_inline_svg(make_accuracy_against_parameters(points), prefix, description),
        reading,
    )
