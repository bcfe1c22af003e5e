"""The frozen records that rooms hand each other. No Keras, no input or output here.

Accuracies are fractions; sizes are in input pixels, height before width.
"""

from dataclasses import dataclass
from fractions import Fraction

Pair = tuple[int, int]
Stride = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class LayerInfo:
    """One call of one layer.

    The three geometric fields are (height, width) in input pixels, and None once the
    path has seen the whole image. A stride is a fraction after upsampling.
    """

    name: str
    type: str
    output_shape: tuple[int, ...]
    params: int
    macs: int
    receptive_field: Pair | None
    effective_stride: Stride | None
    effective_padding: Pair | None


@dataclass(frozen=True)
class ModelSummary:
    """A network's layers and totals; the geometry is that of its largest receptive field."""

    model: str
    total_params: int
    trainable_params: int
    non_trainable_params: int
    macs: int
    receptive_field: Pair | None
    effective_stride: Stride | None
    effective_padding: Pair | None
    layers: tuple[LayerInfo, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class EpochRow:
    """One epoch of a run's history. ``epoch`` counts from 1; accuracies are fractions.

    ``learning_rate`` is the schedule's value, not its float32 image; ``val_`` columns are
    measured on the run's validation images, which are the test images unless
    ``--validation-split`` held out training images.
    """

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Evaluation:
    """A model measured on a dataset's test images."""

    checkpoint: str
    model: str
    params: int
    dataset: str
    split: str
    n: int
    loss: float
    accuracy: float
    accuracy_ci95: tuple[float, float]
    baseline_accuracy: float | None
    delta: float | None
    selected_on: str
    per_class: dict[str, float]
    confusion_matrix: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()


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
