"""What is known of a network: a row for each call of a layer, and totals. Frozen results, free of Keras."""

from dataclasses import dataclass

from eip_cli.foundation.errors import ModelError

from .receptive_field.arithmetic import Pair, Stride


@dataclass(frozen=True)
class LayerInfo:
    """One call of one layer.

    The three geometric fields are (height, width) in input pixels, and None once the
    path has seen the whole image, or where they are not known. A stride is a fraction after upsampling.
    A size in ``output_shape`` is None where the network leaves it open.
    """

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    params: int
    macs: int
    receptive_field: Pair | None
    effective_stride: Stride | None
    effective_padding: Pair | None


@dataclass(frozen=True)
class ModelSummary:
    """A network's layers and totals; the geometry is that of its largest receptive field.

    It is None where units of a feature map see the whole image (``whole_image_seen``: squeeze and
    excitation, attention), and where ``receptive_field_unknown`` says why it is not known.
    """

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
    whole_image_seen: bool = False
    receptive_field_unknown: str | None = None


def require_receptive_field(summary: ModelSummary) -> None:
    """Raise ModelError, which names the layer and why, where the receptive field is not known."""
    if summary.receptive_field_unknown is not None:
        raise ModelError(summary.receptive_field_unknown)
