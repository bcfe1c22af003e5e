"""Many small images in one, each at a place of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eip_cli.pictures.tiles.pixels import as_rgb, encode_png

EDGE = 1  # pixels around an image that repeat its own: where it is scaled, no other colour runs into it


@dataclass(frozen=True)
class Place:
    """Where an image is in a sprite, in pixels from its left upper corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Sprite:
    """A PNG file with its size in pixels, and the places of the images in it, in their order."""

    png: bytes
    width: int
    height: int
    places: tuple[Place, ...]


def make_sprite(images: Sequence[NDArray[np.uint8]]) -> Sprite:
    """Images uint8 (height, width, 1 or 3) in about a square."""
    height = max((image.shape[0] for image in images), default=1) + 2 * EDGE
    width = max((image.shape[1] for image in images), default=1) + 2 * EDGE
    columns = max(1, math.ceil(math.sqrt(len(images))))
    canvas = np.zeros((max(1, math.ceil(len(images) / columns)) * height, columns * width, 3), np.uint8)
    places = []
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        x, y = column * width, row * height
        framed = np.pad(as_rgb(image), ((EDGE, EDGE), (EDGE, EDGE), (0, 0)), mode="edge")
        canvas[y : y + framed.shape[0], x : x + framed.shape[1]] = framed
        places.append(Place(x + EDGE, y + EDGE, image.shape[1], image.shape[0]))
    return Sprite(encode_png(canvas), canvas.shape[1], canvas.shape[0], tuple(places))
