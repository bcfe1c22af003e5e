"""A row of the comparison with the published numbers, and the comparison of one training with them."""

import math
from dataclasses import dataclass

from eip_cli.networks.receptive_field.arithmetic import Pair
from eip_cli.published.baseline import BASELINE_ACCURACY, RUN_TO_RUN_DEVIATION, TEST_IMAGE_COUNT
from eip_cli.published.logs import PUBLISHED_RUNS, read_published_log

from .statistics import Z95, verdict_of


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of two checkpoints on the same images: this one, and the one ``against``.

    The counts are of images that one of the two alone gets right.
    """

    against: str
    only_this_correct: int
    only_other_correct: int
    p_value: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """One row of the comparison with the published 82.44%; None where a field does not apply.

    A row of a sweep is a configuration: ``final_accuracy`` is the mean over its ``n`` finished runs of
    ``n_planned``, ``accuracy_sd`` their standard deviation (over n - 1), ``accuracy_ci95`` the interval of
    the mean. Where training images were held out, ``final_accuracy`` is of those and not compared;
    ``test_accuracy`` is that of the best checkpoint on the test images, measured once (of a sweep: the
    mean, with ``test_accuracy_sd`` and ``test_accuracy_ci95``).
    ``whole_image_seen`` says of a network that its feature maps see the whole image, which is no number;
    ``params_stated`` of ``params`` that somebody says so, and no network was there to be counted.
    The ``trained_`` fields compare it with the row named ``trained_baseline``, the base network as the
    same sweep trained it.
    """

    name: str
    source: str
    params: int | None
    receptive_field: Pair | None
    epochs: int | None
    final_accuracy: float | None
    best_accuracy: float | None
    best_epoch: int | None
    selected_on: str | None
    delta: float | None
    delta_ci95: tuple[float, float] | None
    verdict: str
    notes: tuple[str, ...] = ()
    model: str | None = None
    n: int | None = None
    accuracy_sd: float | None = None
    accuracy_ci95: tuple[float, float] | None = None
    seeds: tuple[int, ...] | None = None
    trained_baseline: str | None = None
    trained_delta: float | None = None
    trained_delta_ci95: tuple[float, float] | None = None
    trained_verdict: str | None = None
    mcnemar: McNemar | None = None
    statement: str | None = None
    n_planned: int | None = None
    test_accuracy: float | None = None
    test_accuracy_sd: float | None = None
    test_accuracy_ci95: tuple[float, float] | None = None
    whole_image_seen: bool = False
    params_stated: bool = False


def delta_interval(accuracy: float) -> tuple[float, float]:
    """The 95% interval of ``accuracy`` minus the published baseline, one training on each side.

    Two proportions on 10,000 test images each, widened on both sides by what the same network
    scatters from one training to the next: the test images are not the only source of chance.
    """
    images = sum(share * (1 - share) / TEST_IMAGE_COUNT for share in (accuracy, BASELINE_ACCURACY))
    half = Z95 * math.sqrt(images + 2 * RUN_TO_RUN_DEVIATION**2)
    delta = accuracy - BASELINE_ACCURACY
    return delta - half, delta + half


def compare(
    name: str,
    source: str,
    accuracy: float | None,
    *,
    params: int | None,
    receptive_field: Pair | None,
    whole_image_seen: bool = False,
    model: str | None = None,
    epochs: int | None = None,
    best_accuracy: float | None = None,
    best_epoch: int | None = None,
    selected_on: str | None = None,
    comparable: bool = True,
    notes: tuple[str, ...] = (),
    params_stated: bool = False,
) -> Comparison:
    """A row of the comparison; ``accuracy`` is the final test accuracy, a fraction.

    Without a final accuracy, or where ``comparable`` is false, the difference is left out
    and the verdict is ``not comparable``.
    """
    interval = delta_interval(accuracy) if accuracy is not None and comparable else None
    return Comparison(
        name=name,
        source=source,
        params=params,
        receptive_field=receptive_field,
        epochs=epochs,
        final_accuracy=accuracy,
        best_accuracy=best_accuracy,
        best_epoch=best_epoch,
        selected_on=selected_on,
        delta=accuracy - BASELINE_ACCURACY if accuracy is not None and interval else None,
        delta_ci95=interval,
        verdict=verdict_of(interval) if interval else "not comparable",
        notes=notes,
        model=model,
        whole_image_seen=whole_image_seen,
        params_stated=params_stated,
    )


def published_comparisons() -> list[Comparison]:
    """The published rows; both runs took the test images as validation images of every epoch."""
    rows = []
    for run in PUBLISHED_RUNS:
        log = read_published_log(run)
        best = max(log, key=lambda row: row["val_accuracy"])
        rows.append(
            compare(
                run.name,
                "published",
                log[-1]["val_accuracy"],
                params=run.params,
                receptive_field=run.receptive_field,
                model=run.network,
                epochs=len(log),
                best_accuracy=best["val_accuracy"],
                best_epoch=int(best["epoch"]),
                selected_on="test",
            )
        )
    return rows
