"""A layer's call as the receptive field sees it: its input and output tensors, and what their units see."""

from dataclasses import dataclass

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError

from . import arithmetic as rf

Grid = tuple[rf.AxisField, rf.AxisField]
"""The receptive fields along height and width."""


@dataclass(frozen=True)
class Feature:
    """A tensor on its way through the network: its shape without the batch axis, and what its units see.

    ``grid`` is None once a path has seen the whole image.
    """

    shape: tuple[int, ...]
    grid: Grid | None


@dataclass(frozen=True)
class Call:
    """One call of a layer (or of a Keras operation); shapes are without the batch axis."""

    operation: keras.Operation
    name: str
    inputs: tuple[Feature, ...]
    output_shape: tuple[int, ...]
    channels_first: bool
    image_size: tuple[int, int]

    @property
    def type(self) -> str:
        """The class of the layer, as Keras names it."""
        return type(self.operation).__name__

    @property
    def channel_axis(self) -> int:
        """Which axis of an image's shape without the batch axis holds the channels."""
        return 0 if self.channels_first else 2

    @property
    def grid(self) -> Grid:
        """The receptive fields of the one input, which a rule that needs a grid is only asked for."""
        grid = self.inputs[0].grid
        assert grid is not None
        return grid

    def size_of(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Height and width of an image's shape."""
        if len(shape) != 3:
            raise self.refusal(f"gives {show_shape(shape)}, which is not an image")
        return (shape[1], shape[2]) if self.channels_first else (shape[0], shape[1])

    def refusal(self, reason: str) -> ModelError:
        """The error that names this layer."""
        return ModelError(f"no receptive field for layer {self.name!r} ({self.type}): it {reason}")


def show_shape(shape: tuple[int, ...]) -> str:
    """Sizes as messages name them: ``32x32x64``."""
    return "x".join(map(str, shape))
