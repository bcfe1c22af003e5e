"""A layer's call as the receptive field sees it: its input and output tensors, and what their units see."""

from dataclasses import dataclass
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError

from . import arithmetic as rf

Grid = tuple[rf.AxisField, rf.AxisField]
"""The receptive fields along height and width."""

Shape = tuple[int | None, ...]
"""Sizes without the batch axis; None where the network leaves one open."""


@dataclass(frozen=True)
class Positions:
    """An image's rows and columns in a tensor: what the units at each of them see.

    ``axes`` are the tensor's axes along which height and width lie, the batch axis not counted; the same
    one twice where the positions stand in one row, as the tokens of a transformer do. All other axes
    are channels. ``size`` is height and width; None where inference has another one than the shapes say.
    """

    grid: Grid
    axes: tuple[int, int]
    size: tuple[int, int] | None

    @property
    def is_image(self) -> bool:
        """Whether height and width have an axis each."""
        return self.axes[0] != self.axes[1]


@dataclass(frozen=True)
class WholeImage:
    """Units that have seen the whole image; ``is_map`` where they are many, a map that goes on from there."""

    is_map: bool


@dataclass(frozen=True)
class LaidOut:
    """Units that see what they did, but no longer in the order of an image: flattened, or reshaped."""


@dataclass(frozen=True)
class Unknown:
    """Units after a layer whose receptive field is not known."""


Sight = Positions | WholeImage | LaidOut | Unknown


@dataclass(frozen=True)
class Feature:
    """A tensor on its way through the network: its shape without the batch axis, and what its units see."""

    shape: Shape
    sight: Sight

    @property
    def grid(self) -> Grid | None:
        """The receptive fields along height and width; None where this is no image, or has seen all of it."""
        return self.sight.grid if isinstance(self.sight, Positions) and self.sight.is_image else None


@dataclass(frozen=True)
class Call:
    """One call of a layer (or of a Keras operation); ``arguments`` are the positional ones."""

    operation: keras.Operation
    name: str
    inputs: tuple[Feature, ...]
    output_shape: Shape
    image_size: tuple[int, int]
    arguments: tuple[Any, ...] = ()

    @property
    def type(self) -> str:
        """The class of the layer, as Keras names it."""
        return type(self.operation).__name__

    @property
    def positions(self) -> Positions:
        """The positions of the one input, which most rules are only asked for where it has them."""
        sight = self.inputs[0].sight
        assert isinstance(sight, Positions)
        return sight

    def image(self, data_format: str) -> Positions:
        """The positions of the one input, which the layer takes as an image of ``data_format``."""
        axes = (1, 2) if data_format == "channels_first" else (0, 1)
        if len(self.inputs[0].shape) != 3 or self.positions.axes != axes:
            raise self.refusal(f"reads its input as a {data_format} image, which it is not")
        return self.positions

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the one input, asked for by rules that depend on them."""
        if self.positions.size is None:
            raise self.refusal("depends on the size of an image that is cropped in training only")
        return self.positions.size

    @property
    def output_size(self) -> tuple[int, int]:
        """Height and width of the output, which lie along the same axes as the input's."""
        height, width = (self.output_shape[axis] for axis in self.positions.axes)
        assert height is not None and width is not None  # no rule is asked for open sizes
        return height, width

    def moved(self, height: rf.AxisField, width: rf.AxisField) -> Positions:
        """The positions of the output, an image whose height and width lie along the input's axes."""
        size = None if self.positions.size is None else self.output_size
        return Positions((height, width), self.positions.axes, size)

    def refusal(self, reason: str) -> ModelError:
        """The error that names this layer."""
        return ModelError(f"no receptive field for layer {self.name!r} ({self.type}): it {reason}")


def see_whole_image(call: Call) -> WholeImage:
    """What the units of the output see once any path to them has seen the whole image.

    A vector, or a map of one position, is what a classifier ends in; anything larger is a map, unless it
    is such a vector written in two axes.
    """
    is_spread = sum(size != 1 for size in call.output_shape) > 1
    of_map = any(not isinstance(one.sight, WholeImage) or one.sight.is_map for one in call.inputs)
    return WholeImage(is_map=is_spread and (of_map or len(call.output_shape) > 2))


def show_shape(shape: Shape) -> str:
    """Sizes as messages name them: ``32x32x64``."""
    return "x".join("?" if size is None else str(size) for size in shape)
