"""Galleries as the page shows them: the images of all in one sprite, each by its place there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eip_cli.display.images.gallery_report import sentence_of
from eip_cli.display.images.gallery_sheet import make_gallery_sheet
from eip_cli.inspection.gallery import Gallery
from eip_cli.pictures.inline.sprite import Place
from eip_cli.pictures.tiles.content import Tile
from eip_cli.pictures.tiles.pixels import enlarge, lay_heat_over

from .contents import ShownGallery, ShownTile, Thumbnail

THUMBNAIL_PIXELS = 96


def list_thumbnails(galleries: Sequence[Gallery | None]) -> list[NDArray[np.uint8]]:
    """The images of all galleries for one sprite: each image, and its heat map behind it if it has one."""
    found = []
    for gallery in galleries:
        for tile in () if gallery is None else make_gallery_sheet(gallery).tiles:
            factor = max(1, THUMBNAIL_PIXELS // max(tile.image.shape[:2]))
            found.append(enlarge(tile.image, factor))
            if tile.heat is not None:
                found.append(lay_heat_over(tile.image, tile.heat, factor))
    return found


def show_gallery(gallery: Gallery, places: list[Place]) -> ShownGallery:
    """The gallery with its images' places, which are taken from the beginning of ``places``."""
    sheet = make_gallery_sheet(gallery)
    reading = (
        "Each image stands over what the network takes it for, with the confidence of that, and its true "
        "class with the probability that was left for it"
    )
    if sheet.heat_legend is not None:
        reading += (
            "; beside it Grad-CAM, in which bright places are those that spoke for the answer, at "
            f"{gallery.heat.grad_cam.layer if gallery.heat else ''}"
        )
    return ShownGallery(
        sheet.title,
        sheet.subtitle,
        tuple(_show_tile(tile, places) for tile in sheet.tiles),
        f"{reading}.",
        tuple(map(sentence_of, gallery.notes)),
    )


def _show_tile(tile: Tile, places: list[Place]) -> ShownTile:
    image = Thumbnail(places.pop(0), tile.description)
    heat = None
    if tile.heat is not None:
        state = "heat map, zero all over" if tile.is_heat_empty else "heat map"
        heat = Thumbnail(places.pop(0), f"{state}: {tile.description}")
    return ShownTile(tile.heading, image, heat, tile.lines)
