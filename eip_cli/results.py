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
