"""Small images as pixels to look at: large squares, heat over them, PNG files in memory."""

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray

# Dark to bright in even steps of lightness (Smith and van der Walt, 2015), told apart by the colour-blind.
HEAT_COLORS = "inferno"
# Share of the heat's colour over the image's grey: the coldest leaves the image to be seen.
LEAST_COVER, MOST_COVER = 0.35, 0.85


def as_rgb(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (height, width, 1 or 3) in red, green and blue."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def enlarge(image: NDArray, factor: int) -> NDArray:
    """Each pixel as a square of ``factor`` by ``factor``."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def lay_heat_over(image: NDArray[np.uint8], heat: NDArray[np.float64], factor: int) -> NDArray[np.uint8]:
    """The image in grey, each pixel a square, under ``heat`` (height, width; 0 to 1), which stays smooth."""
    grey = enlarge(as_rgb(image).astype("float64") @ [0.299, 0.587, 0.114], factor) / 255
    return _cover(grey, _smooth(heat, factor))


def color_scale(length: int, height: int) -> NDArray[np.uint8]:
    """The colours from 0 to 1 as they look over a middle grey: (height, length, 3)."""
    heat = np.linspace(0, 1, length)[np.newaxis].repeat(height, axis=0)
    return _cover(np.full_like(heat, 0.5), heat)


def _cover(grey: NDArray[np.float64], heat: NDArray[np.float64]) -> NDArray[np.uint8]:
    color = _heat_colors()[np.clip(np.rint(heat * 255), 0, 255).astype(int)]
    share = (LEAST_COVER + (MOST_COVER - LEAST_COVER) * heat)[..., np.newaxis]
    return np.rint(255 * (share * color + (1 - share) * grey[..., np.newaxis])).astype(np.uint8)


@cache
def _heat_colors() -> NDArray[np.float64]:
    from matplotlib import colormaps

    return colormaps[HEAT_COLORS](np.arange(256))[:, :3]


def _smooth(heat: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    from PIL import Image

    height, width = heat.shape
    picture = Image.fromarray(heat.astype("float32"))
    return np.asarray(picture.resize((width * factor, height * factor), Image.Resampling.BILINEAR), "float64")


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """The file that holds the image (height, width, 1 or 3)."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(as_rgb(image)).save(content, format="png", optimize=True)
    return content.getvalue()
