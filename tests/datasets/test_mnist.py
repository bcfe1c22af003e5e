"""MNIST and Fashion-MNIST: every usual form is found and read, what is damaged or another's is refused."""

import gzip
import hashlib
import io
import os
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eip_cli.datasets.collection import Arrays
from eip_cli.datasets.download import Archive
from eip_cli.datasets.fashion_mnist import FASHION_MNIST
from eip_cli.datasets.mnist import MNIST
from eip_cli.datasets.obtaining import fetch_collection, load_collection
from eip_cli.datasets.reading.mnist_files import IDX_FILES, NPZ_ARRAYS, MnistFiles
from eip_cli.datasets.reading.npz_file import read_npz
from eip_cli.foundation.errors import DataError
from tests.support.fakes import SMALL_FASHION, SMALL_MNIST, as_idx, make_arrays, write_idx, write_npz
from tests.support.mirrors import Mirror, serve

DIGITS, CLOTHES = make_arrays(SMALL_MNIST), make_arrays(SMALL_FASHION)


def assert_same(found: Arrays, expected: Arrays) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def refusal_of(folder: Path, collection: MnistFiles = SMALL_MNIST) -> str:
    with pytest.raises(DataError) as refusal:
        load_collection(collection, folder)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 500
    return str(refusal.value)


def test_both_have_60000_and_10000_grey_images_of_ten_classes() -> None:
    for collection in (MNIST, FASHION_MNIST):
        assert sum(collection.train_counts) == 60_000
        assert sum(collection.test_counts) == 10_000
        assert collection.image_shape == (28, 28, 1)
        assert (
            len(collection.class_names) == len(collection.train_counts) == len(collection.test_counts) == 10
        )
        assert [archive.file_name for archive in collection.archives] == [f"{name}.gz" for name in IDX_FILES]
        assert all(len(archive.sha256) == 64 for archive in collection.archives)
    assert FASHION_MNIST.class_names[9] == "Ankle boot"


def test_images_have_one_channel_and_labels_are_whole_numbers(tmp_path: Path) -> None:
    arrays, location = load_collection(SMALL_MNIST, write_idx(tmp_path / "digits", DIGITS))
    assert location == tmp_path / "digits"
    assert arrays.train_images.shape == (55, 28, 28, 1)
    assert arrays.train_images.dtype == np.uint8
    assert arrays.test_labels.dtype == np.int64
    assert_same(arrays, DIGITS)


@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw", "mnist", "downloads/MNIST/raw", "torch/mnist"])
@pytest.mark.parametrize(("ending", "dotted"), [(".gz", False), ("", False), ("", True)])
def test_idx_files_are_found_where_they_usually_are(
    place: str, ending: str, dotted: bool, tmp_path: Path
) -> None:
    written = write_idx(tmp_path / place, DIGITS, ending, dotted)
    arrays, location = load_collection(SMALL_MNIST, tmp_path)
    assert location == written
    assert_same(arrays, DIGITS)


def test_kerass_file_is_found_too(tmp_path: Path) -> None:
    written = write_npz(tmp_path / "datasets" / "mnist.npz", DIGITS)
    for folder in (tmp_path, tmp_path / "datasets"):
        arrays, location = load_collection(SMALL_MNIST, folder)
        assert location == written
        assert_same(arrays, DIGITS)


def test_one_folder_may_hold_both(tmp_path: Path) -> None:
    for torchvisions in (True, False):
        root = tmp_path / str(torchvisions)
        write_idx(root / ("MNIST/raw" if torchvisions else "mnist"), DIGITS)
        write_idx(root / ("FashionMNIST/raw" if torchvisions else "fashion-mnist"), CLOTHES)
        assert_same(load_collection(SMALL_MNIST, root)[0], DIGITS)
        assert_same(load_collection(SMALL_FASHION, root)[0], CLOTHES)


def test_a_folder_with_the_other_data_set_alone_has_not_this_one(tmp_path: Path) -> None:
    write_idx(tmp_path / "FashionMNIST/raw", CLOTHES)
    assert refusal_of(tmp_path) == (
        f"no MNIST in {tmp_path}: it would hold MNIST/raw, mnist.npz or train-images-idx3-ubyte.gz and the "
        "three files beside it (`eip data mnist` fetches it)"
    )


def test_files_of_the_other_data_set_are_told_by_their_classes(tmp_path: Path) -> None:
    balanced = replace(SMALL_MNIST, train_counts=(5, 6, 4, *(5,) * 7), test_counts=(2,) * 10)
    write_idx(tmp_path, CLOTHES)
    assert "has 5 to 5 training images a class where MNIST has 4 to 6" in refusal_of(tmp_path, balanced)


@pytest.mark.parametrize("place", ["keras/datasets/fashion-mnist", "data/FashionMNIST/raw"])
def test_the_copies_of_keras_and_torchvision_are_used_before_anything_is_fetched(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    written = write_idx(tmp_path / place, CLOTHES)
    arrays, location = load_collection(SMALL_FASHION, None)
    assert location.resolve() == written
    assert_same(arrays, CLOTHES)


def served(collection: MnistFiles, contents: list[bytes], urls: tuple[str, ...]) -> MnistFiles:
    """``collection`` as if these were its archives, each at one address."""
    archives = tuple(
        Archive(f"{name}.gz", (url,), len(content), hashlib.sha256(content).hexdigest(), 5)
        for name, content, url in zip(IDX_FILES, contents, urls, strict=True)
    )
    return replace(collection, archives=archives)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = write_idx(tmp_path_factory.mktemp("packed"), CLOTHES)
    return [(folder / f"{name}.gz").read_bytes() for name in IDX_FILES]


def test_an_empty_cache_is_filled_with_the_four_files(packed: list[bytes], tmp_path: Path) -> None:
    mirrors = [Mirror(content) for content in packed]
    with serve(*mirrors) as urls:
        fashion = served(SMALL_FASHION, packed, urls)
        arrays, location = load_collection(fashion, None)
        assert_same(load_collection(fashion, None)[0], arrays)
    assert location == tmp_path / "cache" / "FashionMNIST" / "raw"
    assert [mirror.requests for mirror in mirrors] == [[None]] * 4
    assert sorted(path.name for path in location.iterdir()) == sorted(f"{name}.gz" for name in IDX_FILES)
    assert [path.name for path in location.parent.iterdir() if not path.name.startswith(".")] == ["raw"]


def test_a_download_that_stops_between_two_files_goes_on_with_the_next(
    packed: list[bytes], tmp_path: Path
) -> None:
    mirrors = [Mirror(content) for content in packed]
    broken = [*mirrors[:2], Mirror(packed[2], status=503), mirrors[3]]
    root = tmp_path / "mine"
    with serve(*broken) as urls, pytest.raises(DataError, match=r"no mirror delivered t10k-images.*503"):
        fetch_collection(served(SMALL_FASHION, packed, urls), root)
    with serve(*mirrors) as urls:
        fashion = served(SMALL_FASHION, packed, urls)
        assert fetch_collection(fashion, root) == root / "FashionMNIST" / "raw"
        assert_same(load_collection(fashion, root)[0], CLOTHES)
    assert [len(mirror.requests) for mirror in mirrors] == [1, 1, 1, 1]


def test_another_file_than_the_known_one_is_not_taken(packed: list[bytes]) -> None:
    lying = [Mirror(content[:-1] + b"x") for content in packed]
    with serve(*lying) as urls, pytest.raises(DataError, match="another SHA-256"):
        load_collection(served(SMALL_FASHION, packed, urls), None)


IMAGES, LABELS = f"{IDX_FILES[0]}.gz", f"{IDX_FILES[3]}.gz"


def change(path: Path, how: Callable[[bytes], bytes], keeps_packed: bool = False) -> None:
    content = path.read_bytes()
    path.write_bytes(how(content) if keeps_packed else gzip.compress(how(gzip.decompress(content))))


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def relabel(folder: Path, label: int) -> None:
    change(folder / LABELS, lambda content: content[:-1] + bytes([label]))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a missing file": (lambda folder: (folder / LABELS).unlink(), f"{LABELS} is missing"),
    "a cut file": (lambda folder: change(folder / IMAGES, lambda c: c[:-9], True), "is damaged"),
    "a cut array": (lambda folder: change(folder / IMAGES, lambda c: c[:-9]), "ends too early"),
    "an empty file": (lambda folder: (folder / IMAGES).write_bytes(b""), "does not begin as an IDX"),
    "a web page": (lambda folder: (folder / IMAGES).write_bytes(b"<html>"), "does not begin as an IDX"),
    "a longer file": (lambda folder: change(folder / IMAGES, lambda c: c + bytes(9)), "goes on after"),
    "a changed byte": (
        lambda folder: change(folder / LABELS, lambda c: c[:-8] + bytes([c[-8] ^ 1]) + c[-7:], True),
        "CRC check failed",
    ),
    "floats": (lambda folder: change(folder / IMAGES, lambda c: b"\0\0\x0d" + c[3:]), "of type 13"),
    "labels for images": (
        lambda folder: (folder / IMAGES).write_bytes((folder / LABELS).read_bytes()),
        "1 axes",
    ),
    "too many images": (
        lambda folder: change(folder / IMAGES, lambda c: c[:4] + struct.pack(">I", 2**32 - 1) + c[8:]),
        "an array of 4294967295 x 28 x 28 where 55 x 28 x 28 belongs",
    ),
    "a label of 10": (lambda folder: relabel(folder, 10), "a label 10 where MNIST's are 0-9"),
    "a folder for a file": (
        lambda folder: replace_by_a_folder(folder / IMAGES),
        f"{IMAGES} is not a file",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_refused_in_one_line(damage: str, tmp_path: Path) -> None:
    write_idx(tmp_path / "MNIST/raw", DIGITS)
    do_damage, message = DAMAGES[damage]
    do_damage(tmp_path / "MNIST/raw")
    refusal = refusal_of(tmp_path)
    assert message in refusal
    assert "(`eip data mnist`)" in refusal


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    write_idx(tmp_path, DIGITS)
    (tmp_path / IMAGES).unlink()
    os.mkfifo(tmp_path / IMAGES)
    assert "is not a file" in refusal_of(tmp_path)


def test_a_file_that_unpacks_to_gigabytes_is_refused_within_little_memory(tmp_path: Path) -> None:
    write_idx(tmp_path, DIGITS)
    bomb = io.BytesIO()
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(gzip.decompress((tmp_path / IMAGES).read_bytes()))
        for _ in range(200):
            file.write(bytes(2**20))
    (tmp_path / IMAGES).write_bytes(bomb.getvalue())
    tracemalloc.start()
    assert "goes on after its end" in refusal_of(tmp_path)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 20e6


def npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=allow_pickle)
    return content.getvalue()


def write_members(path: Path, compression: int = zipfile.ZIP_STORED, **members: bytes | None) -> Path:
    """Keras's file with other members in the place of its own; None leaves one out."""
    own: dict[str, np.ndarray] = dict(zip(NPZ_ARRAYS, DIGITS, strict=True))
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, values in own.items():
            content = members.get(name, npy(values[..., 0] if values.ndim == 4 else values))
            if content is not None:
                archive.writestr(f"{name}.npy", content)
    return path


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


HUGE = "{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296)}"
HOSTILE: dict[str, tuple[bytes | None, str]] = {
    "no array": (None, "no item named 'x_train.npy'"),
    "objects": (npy(np.array([{}] * 55), allow_pickle=True), "is object of shape (55,)"),
    "floats": (npy(DIGITS.train_images[..., 0].astype("f4")), "is float32"),
    "another shape": (npy(DIGITS.train_images), "of shape (55, 28, 28, 1)"),
    "a huge shape": (header(HUGE) + bytes(99), "of shape (4294967296, 4294967296)"),
    "too few bytes": (npy(DIGITS.train_images[..., 0])[:-1], "x_train has 43119 bytes"),
    "too many bytes": (npy(DIGITS.train_images[..., 0]) + bytes(10**6), "x_train is too large"),
    "negative numbers": (npy(DIGITS.train_images[..., 0].astype("i2") - 1), "outside 0-255"),
    "no header": (b"hello", "is damaged"),
    "a header of minus signs": (header("-" * 4000 + "1"), "is damaged"),
    "a header that does not end": (header("{'descr': ("), "is damaged"),
    "a later version": (b"\x93NUMPY\x09\x00" + bytes(99), "another version"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_or_damaged_npz_file_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    content, message = HOSTILE[what]
    write_members(tmp_path / "mnist.npz", zipfile.ZIP_DEFLATED, x_train=content)
    refusal = refusal_of(tmp_path)
    assert message in refusal
    assert "eip data mnist" in refusal


def test_an_npz_file_is_read_however_its_arrays_are_stored(tmp_path: Path) -> None:
    fortran = npy(np.asfortranarray(DIGITS.train_images[..., 0]))
    wide = npy(DIGITS.test_labels.astype(">i4"))
    write_members(tmp_path / "mnist.npz", zipfile.ZIP_DEFLATED, x_train=fortran, y_test=wide)
    assert_same(load_collection(SMALL_MNIST, tmp_path)[0], DIGITS)
    write_members(tmp_path / "mnist.npz", zipfile.ZIP_BZIP2)
    assert "compressed in an unusual way" in refusal_of(tmp_path)


def test_what_is_no_zip_file_or_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write_npz(tmp_path / "mnist.npz", DIGITS).read_bytes()
    for content in (b"", b"<html>", whole[:-1], whole[: len(whole) // 2], whole[:40] + whole[60:]):
        (tmp_path / "mnist.npz").write_bytes(content)
        assert "is damaged or not MNIST's" in refusal_of(tmp_path)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_changed_headers_give_the_array_or_one_line(data: st.DataObject) -> None:
    array = np.arange(6, dtype="u1")
    content = bytearray(npy(array))
    for place in data.draw(st.lists(st.integers(0, 127), min_size=1, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x.npy", bytes(content))
    path = Path("changed.npz")
    path.write_bytes(archive.getvalue())
    try:
        found = read_npz(path, {"x": (6,)}, SMALL_MNIST)["x"]
    except DataError as refusal:
        assert "\n" not in str(refusal)
    else:
        assert found.shape == (6,)


def test_as_idx_makes_what_the_format_says() -> None:
    assert as_idx(np.zeros((2, 3), np.uint8)) == b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03" + bytes(6)
