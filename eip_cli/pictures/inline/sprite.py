"""Many small images in one, each at a place of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eip_cli.pictures.tiles.pixels import as_rgb, encode_png

GAP = 2  # pixels between images, so that none takes colour from its neighbour where it is scaled


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
    height = max((image.shape[0] for image in images), default=1) + GAP
    width = max((image.shape[1] for image in images), default=1) + GAP
    columns = max(1, math.ceil(math.sqrt(len(images))))
    canvas = np.zeros((max(1, math.ceil(len(images) / columns)) * height, columns * width, 3), np.uint8)
    places = []
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        place = Place(column * width, row * height, image.shape[1], image.shape[0])
        canvas[place.y : place.y + place.height, place.x : place.x + place.width] = as_rgb(image)
        places.append(place)
    return Sprite(encode_png(canvas), canvas.shape[1], canvas.shape[0], tuple(places))
