"""What rules are asked of: a network, a training and an accuracy, each as far as it is known."""

from dataclasses import dataclass

from eip_cli.comparison.row import Comparison
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.graphs import LayerCall
from eip_cli.runs.history import EpochRow


@dataclass(frozen=True, eq=False)
class Network:
    """A network's calls of layers, and its totals and receptive field."""

    calls: tuple[LayerCall, ...]
    summary: ModelSummary


@dataclass(frozen=True)
class Training:
    """A run's epochs, at least one, of ``planned_epochs``.

    ``start`` names the checkpoint that it began from, whose epochs the history does not hold. ``obstacle``
    says why its validation accuracies are not those of the assignment's test images, where they are not;
    ``doubt`` why nothing of the history is to be believed.
    """

    history: tuple[EpochRow, ...]
    planned_epochs: int
    is_complete: bool
    start: str | None = None
    obstacle: str | None = None
    doubt: str | None = None


@dataclass(frozen=True)
class FinalAccuracy:
    """The accuracy after the last epoch (a fraction), on which images, and its 95% interval if known.

    ``comparison`` is its row beside the published numbers, where it may be held against them.
    """

    accuracy: float
    measured: str
    interval: tuple[float, float] | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, eq=False)
class Subject:
    """What is known of one submission; each ``no_`` field says in words why the one before it is not there.

    ``stated_params`` is a number of parameters that somebody says, where there is no network to count in.
    """

    network: Network | None = None
    no_network: str = "there is no network to look at"
    stated_params: int | None = None
    training: Training | None = None
    no_training: str = "there is no record of a training"
    final: FinalAccuracy | None = None
    no_final: str = "no accuracy was measured"
