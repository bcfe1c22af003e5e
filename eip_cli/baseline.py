"""The published numbers, and the comparison of one training with them."""

import csv
import math
from dataclasses import dataclass
from importlib.resources import files

from .results import Comparison, Pair
from .statistics import Z95, verdict_of

# The base network's final test accuracy: the report's "Accuracy on test data is: 82.44".
BASELINE_ACCURACY = 0.8244
TEST_IMAGE_COUNT = 10_000
# The images that the baseline was measured on: the fingerprint, in any order, of CIFAR-10's 60,000
# images and labels, computed with data.Fingerprint from a copy whose channel means and deviations
# are the published ones (0.4914, 0.4822, 0.4465; 0.2470, 0.2435, 0.2616).
CIFAR10_FINGERPRINT = "5fbd265ab2cd14b1308847385411b241b3eda0b4b04c995d2fe85a0ecc0137d7"
# Standard deviation of the final accuracy over 53 public reruns of the base network (82.52 +- 0.44).
RUN_TO_RUN_DEVIATION = 0.0044
BASELINE_NETWORK = "base"
BASELINE_EPOCHS = 50


@dataclass(frozen=True)
class PublishedRun:
    """A published training of one of the known networks, with its whole log in the package."""

    name: str
    network: str
    log: str
    params: int
    receptive_field: Pair


# Sizes are checked against the networks themselves in the tests; written here so that the
# comparison of published numbers needs no TensorFlow.
PUBLISHED_RUNS = (
    PublishedRun("base, 2019", "base", "base_2019.csv", 1_172_410, (36, 36)),
    PublishedRun("separable, 2019", "separable", "separable_2019.csv", 58_965, (44, 44)),
)


def read_published_log(run: PublishedRun) -> list[dict[str, float]]:
    """The published log, a dictionary an epoch: epoch, loss, accuracy, val_loss, val_accuracy, ..."""
    text = files("eip_cli").joinpath("published", run.log).read_text(encoding="utf-8")
    return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(text.splitlines())]


def baseline_for(dataset: str) -> float | None:
    """The accuracy to beat on ``dataset``: 0.8244 on CIFAR-10, None elsewhere."""
    return BASELINE_ACCURACY if dataset == "cifar10" else None


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
    model: str | None = None,
    epochs: int | None = None,
    best_accuracy: float | None = None,
    best_epoch: int | None = None,
    selected_on: str | None = None,
    comparable: bool = True,
    notes: tuple[str, ...] = (),
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
