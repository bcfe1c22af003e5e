"""Picture files of a user's own -> the small images that a network takes."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.errors import DataError, in_one_line

if TYPE_CHECKING:
    from PIL.Image import Image

# Pillow reads these as data; of others some start programs (EPS) or are no pictures (PDF, movies).
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
# What stands behind transparent parts, and beside a whole picture that is not as wide as it is high.
WHITE = (255, 255, 255)
# Side of the picture that is kept to be shown.
SHOWN_SIDE = 512


@dataclass(frozen=True, eq=False)
class OwnPicture:
    """A user's picture: ``shown`` upright uint8 (height, width, 3), at most 512 pixels a side.

    ``seen`` is what a network takes: uint8 (height, width, channels). ``size`` is (width, height) of the
    upright original; ``had_alpha`` says that white was put behind it.
    """

    path: str
    size: tuple[int, int]
    shown: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    had_alpha: bool


def read_picture(path: Path | str, shape: tuple[int, int, int], fit: bool = False) -> OwnPicture:
    """Read a picture file and bring it to ``shape`` (height, width, channels; 1 is grey, 3 are colours).

    It is turned as its EXIF orientation says, put on white where it is transparent, and cut to the middle
    part of the shape's proportions; with ``fit`` the whole is taken, with white beside it. Lanczos's filter
    makes it smaller, over all of its pixels: leaving some out would make patterns that are not in it. A
    picture of the right size stays as it is, pixel by pixel.

    Raises DataError where there is no such file, or it is no picture, or damaged, or unreasonably large.
    """
    upright, had_alpha = _open_upright(Path(path))
    height, width, channels = shape
    framed = _pad(upright, width, height) if fit else _crop(upright, width, height)
    small = _resize(framed, width, height)
    seen = np.asarray(small.convert("L"))[..., np.newaxis] if channels == 1 else np.asarray(small)
    shown = upright.copy()
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return OwnPicture(str(path), upright.size, np.asarray(shown), seen, had_alpha)


def _open_upright(path: Path) -> tuple["Image", bool]:
    """The picture in red, green and blue, and whether it was transparent somewhere."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if path.is_dir():
        raise DataError(f"{path} is a folder: name the pictures in it")
    try:
        with warnings.catch_warnings():
            # Pillow warns of a picture that takes much memory, and refuses one of twice that.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # of damaged EXIF, say
            with Image.open(path, formats=FORMATS) as picture:
                picture.load()
                upright = ImageOps.exif_transpose(picture)
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise DataError(f"{path} is no picture that can be read here: {', '.join(FORMATS)} can") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        most = (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise DataError(f"{path} has more than {most:.0f} million pixels: make it smaller first") from None
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (
        Exception
    ) as error:  # whatever a decoder raises at a damaged file: OSError, ValueError, struct.error
        raise DataError(f"{path} is damaged, or no whole picture: {in_one_line(error):.200}") from None
    return _put_on_white(upright)


def _put_on_white(picture: "Image") -> tuple["Image", bool]:
    from PIL import Image

    if picture.mode.startswith(("I", "F")):  # 16 bits a pixel or more, which Pillow would cut off, not scale
        values = np.asarray(picture, "float64")
        largest = max(float(values.max()), 65535.0)
        picture = Image.fromarray((values * (255 / largest)).clip(0, 255).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB"), False
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, (*WHITE, 255))
    is_seen_through = bool((np.asarray(layered.getchannel("A")) < 255).any())
    return Image.alpha_composite(white, layered).convert("RGB"), is_seen_through


def _crop(picture: "Image", width: int, height: int) -> "Image":
    """The largest middle part with the proportions of ``width`` to ``height``."""
    scale = min(picture.width / width, picture.height / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
    return picture.crop((left, top, left + size[0], top + size[1]))


def _pad(picture: "Image", width: int, height: int) -> "Image":
    """The whole picture in the middle of the smallest white one with the proportions."""
    from PIL import Image

    scale = max(picture.width / width, picture.height / height)
    size = max(picture.width, round(width * scale)), max(picture.height, round(height * scale))
    padded = Image.new("RGB", size, WHITE)
    padded.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return padded


def _resize(picture: "Image", width: int, height: int) -> "Image":
    from PIL import Image

    if picture.size == (width, height):
        return picture
    return picture.resize((width, height), Image.Resampling.LANCZOS)
