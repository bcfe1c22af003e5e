"""Picture files of a user's own: upright, on white, cut or whole; what is none is refused in one line."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eip_cli.foundation.errors import DataError
from eip_cli.inspection.own_pictures import read_picture

SHAPE = (32, 32, 3)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def quarters(width: int, height: int) -> Image.Image:
    """Red and green above, blue and white below."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    return Image.fromarray(pixels)


def corners(image: np.ndarray) -> list[tuple[int, ...]]:
    """The colours near the four corners, rounded to what they were."""
    rows, columns = (2, image.shape[0] - 3), (2, image.shape[1] - 3)
    return [
        tuple(int(value > 127) * 255 for value in image[row, column]) for row in rows for column in columns
    ]


UPRIGHT = [RED, GREEN, BLUE, (255, 255, 255)]


def test_a_picture_of_the_right_size_stays_as_it_is(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png", SHAPE)
    np.testing.assert_array_equal(found.seen, pixels)
    np.testing.assert_array_equal(found.shown, pixels)
    assert (found.size, found.had_alpha) == ((32, 32), False)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientations_are_followed(orientation: int, tmp_path: Path) -> None:
    turns = [
        *([], [Image.Transpose.FLIP_LEFT_RIGHT], [Image.Transpose.ROTATE_180]),
        *([Image.Transpose.FLIP_TOP_BOTTOM], [Image.Transpose.TRANSPOSE], [Image.Transpose.ROTATE_90]),
        *([Image.Transpose.TRANSVERSE], [Image.Transpose.ROTATE_270]),
    ]
    stored = quarters(120, 80)
    for turn in turns[orientation - 1]:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    found = read_picture(tmp_path / "a.jpg", SHAPE)
    assert found.size == (120, 80)
    assert corners(found.shown) == corners(found.seen) == UPRIGHT


def test_transparent_parts_are_white_whatever_lies_hidden_there(tmp_path: Path) -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[:32, :, 3] = 255  # red above, and below red that is not to be seen
    layered = Image.fromarray(pixels)
    layered.save(tmp_path / "a.png")
    layered.convert("LA").save(tmp_path / "grey.png")
    palette = quarters(64, 64).convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    palette.save(tmp_path / "palette.png", transparency=palette.info["transparency"])
    found = read_picture(tmp_path / "a.png", SHAPE)
    assert found.had_alpha
    assert corners(found.seen) == [RED, RED, (255, 255, 255), (255, 255, 255)]
    assert read_picture(tmp_path / "grey.png", SHAPE).seen[-1, 0].tolist() == [255, 255, 255]
    assert corners(read_picture(tmp_path / "palette.png", SHAPE).seen)[0] == (255, 255, 255)
    Image.fromarray(np.full((9, 9, 4), 255, np.uint8)).save(tmp_path / "opaque.png")
    assert not read_picture(tmp_path / "opaque.png", SHAPE).had_alpha


def test_the_middle_is_cut_out_or_the_whole_is_fitted(tmp_path: Path) -> None:
    wide = np.full((50, 150, 3), 255, np.uint8)
    wide[:, :50], wide[:, 50:100], wide[:, 100:] = RED, GREEN, BLUE
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert set(corners(read_picture(tmp_path / "wide.png", SHAPE).seen)) == {GREEN}
    whole = read_picture(tmp_path / "wide.png", SHAPE, fit=True).seen
    assert set(corners(whole)) == {(255, 255, 255)}
    assert [tuple(whole[16, column] // 255 * 255) for column in (3, 16, 28)] == [RED, GREEN, BLUE]
    Image.fromarray(wide.transpose(1, 0, 2)).save(tmp_path / "high.png")
    assert set(corners(read_picture(tmp_path / "high.png", SHAPE).seen)) == {GREEN}
    Image.fromarray(wide[:1, :1]).save(tmp_path / "dot.png")
    assert set(corners(read_picture(tmp_path / "dot.png", SHAPE).seen)) == {RED}
    Image.new("RGB", (3000, 1), RED).save(tmp_path / "line.png")
    for fit in (False, True):
        assert read_picture(tmp_path / "line.png", SHAPE, fit).seen.shape == SHAPE


def test_fine_patterns_become_their_mean_and_none_of_their_own(tmp_path: Path) -> None:
    checks = np.indices((640, 640)).sum(axis=0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(tmp_path / "a.png")
    seen = read_picture(tmp_path / "a.png", SHAPE).seen
    assert abs(seen[4:-4, 4:-4].astype(int) - 127).max() <= 2


def test_grey_colours_and_deep_grey_become_what_the_network_takes(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 28, dtype=np.uint8)[np.newaxis].repeat(28, axis=0)
    Image.fromarray(ramp).save(tmp_path / "grey.png")
    assert read_picture(tmp_path / "grey.png", (28, 28, 1)).seen[..., 0].tolist() == ramp.tolist()
    assert read_picture(tmp_path / "grey.png", (28, 28, 3)).seen[..., 2].tolist() == ramp.tolist()
    Image.fromarray(ramp.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    deep = read_picture(tmp_path / "deep.png", (28, 28, 1)).seen[..., 0].astype(int)
    assert abs(deep - ramp).max() <= 1
    quarters(28, 28).save(tmp_path / "colours.png")
    grey = read_picture(tmp_path / "colours.png", (28, 28, 1)).seen
    assert [int(grey[row, column, 0]) for row in (2, 25) for column in (2, 25)] == [76, 150, 29, 255]
    quarters(64, 64).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert corners(read_picture(tmp_path / "print.jpg", SHAPE).seen) == UPRIGHT


def write_bomb(path: Path) -> None:
    """A PNG that says it has 10 gigapixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))


def test_what_is_no_picture_is_refused_in_one_line(tmp_path: Path) -> None:
    quarters(200, 200).save(tmp_path / "whole.png")
    content = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.png").write_text("no picture\n")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "page.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    (tmp_path / "folder").mkdir()
    write_bomb(tmp_path / "bomb.png")
    for name, words in (
        ("missing.png", "there is no file"),
        ("cut.png", "is damaged, or no whole picture"),
        ("text.png", "is no picture that can be read here: PNG, JPEG"),
        ("empty.jpg", "is no picture that can be read here"),
        ("page.eps", "is no picture that can be read here"),
        ("folder", "is a folder"),
        ("bomb.png", "has more than 89 million pixels"),
    ):
        with pytest.raises(DataError, match=words) as refusal:
            read_picture(tmp_path / name, SHAPE)
        assert str(tmp_path / name) in str(refusal.value)
        assert "\n" not in str(refusal.value)
