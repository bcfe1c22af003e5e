"""The published trainings of the known networks, with their whole logs."""

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class PublishedRun:
    """A published training of one of the known networks, with its whole log in the package."""

    name: str
    network: str
    log: str
    params: int
    receptive_field: tuple[int, int]


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
