"""Datasets: where they are found, what is checked, and how parts of them are taken."""

import gzip
import io
import pickle
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eip_cli.datasets.cifar10 import CIFAR10
from eip_cli.datasets.collection import Collection
from eip_cli.datasets.dataset import Dataset, limit_training_images, split_validation
from eip_cli.datasets.loading import load_dataset
from eip_cli.datasets.obtaining import load_collection
from eip_cli.foundation.errors import DataError
from tests.support.fakes import SMALL_CIFAR10 as SMALL
from tests.support.fakes import pack_cifar10, write_cifar10

FOLDER_NAME, ARCHIVE_NAME = SMALL.folder_name, SMALL.archives[0].file_name


@pytest.fixture(autouse=True)
def no_data_but_the_tests_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EIP_DATA_DIR", raising=False)
    monkeypatch.setenv("EIP_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def batches(tmp_path: Path) -> Path:
    """A small cifar-10-batches-py of random images in the folder ``data``."""
    return write_cifar10(tmp_path / "data", images_per_file=20, seed=1)


@pytest.fixture(scope="module")
def full_size(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """60,000 black images with the right labels, loaded as a user would."""
    folder = tmp_path_factory.mktemp("full")
    write_cifar10(folder)
    yield load_dataset("cifar10", folder)
    shutil.rmtree(folder)


def rewrite(path: Path, **fields: object) -> None:
    """Change fields of a batch file."""
    batch = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps(batch | {key.encode(): value for key, value in fields.items()}))


def test_cifar10_is_uint8_with_its_ten_classes(full_size: Dataset) -> None:
    assert full_size.train_images.shape == (50_000, 32, 32, 3)
    assert full_size.test_images.shape == (10_000, 32, 32, 3)
    assert full_size.train_images.dtype == np.uint8
    assert full_size.train_labels.dtype == np.int64
    assert np.bincount(full_size.train_labels).tolist() == [5_000] * 10
    assert np.bincount(full_size.test_labels).tolist() == [1_000] * 10
    assert full_size.class_names[0] == "airplane"
    assert full_size.class_names[9] == "truck"


def test_channels_rows_and_columns_are_where_they_belong(batches: Path) -> None:
    images = np.zeros((20, 3, 32, 32), np.uint8)
    images[7, 0, 5, 9] = 11  # red
    images[7, 2, 30, 1] = 22  # blue
    rewrite(batches / "data_batch_2", data=images.reshape(20, 3072))
    train_images = SMALL.read(batches).train_images
    assert train_images[20 + 7, 5, 9].tolist() == [11, 0, 0]
    assert train_images[20 + 7, 30, 1].tolist() == [0, 0, 22]
    assert train_images[20:40].sum() == 33


def test_a_folder_of_batches_its_parent_and_an_archive_all_do(batches: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    pack_cifar10(batches, packed / ARCHIVE_NAME)
    expected, _ = load_collection(SMALL, batches)
    for folder, source in ((batches.parent, batches), (packed, packed / ARCHIVE_NAME)):
        arrays, location = load_collection(SMALL, folder)
        assert location == source
        for array, expected_array in zip(arrays, expected, strict=True):
            np.testing.assert_array_equal(array, expected_array)
    assert [path.name for path in packed.iterdir()] == [ARCHIVE_NAME]  # nothing is unpacked there


def test_the_argument_comes_before_the_environment(
    batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EIP_DATA_DIR", str(batches))
    assert load_collection(SMALL, None)[1] == batches
    with pytest.raises(DataError, match="elsewhere does not exist"):
        load_collection(SMALL, tmp_path / "elsewhere")


def refusal_of(folder: Path, collection: Collection = SMALL) -> str:
    """The one line that loading from ``folder`` ends with."""
    with pytest.raises(DataError) as refusal:
        load_collection(collection, folder)
    assert str(refusal.value).isprintable()
    return str(refusal.value)


def test_a_folder_without_cifar10_says_what_it_would_hold(tmp_path: Path) -> None:
    (tmp_path / "other.txt").touch()
    assert f"no CIFAR-10 in {tmp_path}" in refusal_of(tmp_path)
    assert f"hold {FOLDER_NAME} or {ARCHIVE_NAME}" in refusal_of(tmp_path)
    assert "is not a folder" in refusal_of(tmp_path / "other.txt")
    assert "does not exist" in refusal_of(tmp_path / "missing")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a missing file": (lambda batches: (batches / "data_batch_4").unlink(), "data_batch_4 is missing"),
    "a truncated file": (lambda batches: truncate(batches / "data_batch_4"), "data_batch_4 of .* is damaged"),
    "an empty file": (
        lambda batches: (batches / "test_batch").write_bytes(b""),
        "test_batch of .* is damaged",
    ),
    "a web page": (lambda batches: (batches / "test_batch").write_bytes(b"<html>"), "test_batch of .*"),
    "a label of 10": (lambda batches: rewrite(batches / "test_batch", labels=[10] * 20), "0-9"),
    "uneven classes": (
        lambda batches: rewrite(batches / "test_batch", labels=[3] * 20),
        "0 to 20 test images",
    ),
    "no labels": (lambda batches: rewrite(batches / "data_batch_1", labels=None), "data_batch_1 of .*labels"),
    "too few images": (
        lambda batches: rewrite(batches / "data_batch_5", labels=[0], data=np.zeros((1, 3072), np.uint8)),
        "data_batch_5 of .* holds 1 images where CIFAR-10 has 20",
    ),
    "a folder for a file": (
        lambda batches: replace_by_a_folder(batches / "test_batch"),
        "test_batch is not a file",
    ),
    "a file of 65 MB": (
        lambda batches: (batches / "test_batch").write_bytes(bytes(65 * 2**20)),
        "larger than any CIFAR-10 batch",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_refused(damage: str, batches: Path) -> None:
    do_damage, message = DAMAGES[damage]
    do_damage(batches)
    with pytest.raises(DataError, match=message):
        load_collection(SMALL, batches)
    assert "eip data" in refusal_of(batches)


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
def test_a_pipe_in_the_place_of_a_batch_does_not_hang(batches: Path) -> None:
    import os

    (batches / "test_batch").unlink()
    os.mkfifo(batches / "test_batch")
    assert "test_batch is not a file" in refusal_of(batches)


def test_the_real_check_wants_60000_images(batches: Path) -> None:
    assert "holds 20 images where CIFAR-10 has 10000" in refusal_of(batches, CIFAR10)


def test_a_truncated_archive_is_refused_wherever_it_ends(batches: Path, tmp_path: Path) -> None:
    archive = pack_cifar10(batches, tmp_path / ARCHIVE_NAME)
    whole = archive.read_bytes()
    for length in (0, 1, 9, 500, len(whole) // 3, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        archive.write_bytes(whole[:length])
        assert f"{archive} is truncated or damaged" in refusal_of(tmp_path)


def test_a_changed_byte_in_an_archive_is_noticed(batches: Path, tmp_path: Path) -> None:
    archive = pack_cifar10(batches, tmp_path / ARCHIVE_NAME)
    content = bytearray(gzip.compress(gzip.decompress(archive.read_bytes()), compresslevel=0))
    content[len(content) * 5 // 12] ^= 1  # in the middle of an image: only gzip's checksum can tell
    archive.write_bytes(content)
    assert "CRC" in refusal_of(tmp_path)


def hostile_members() -> dict[str, tarfile.TarInfo]:
    """Members that a CIFAR-10 archive has no use for."""

    def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        return info

    return {
        "a path upwards": member("../outside"),
        "a path upwards in the middle": member(f"{FOLDER_NAME}/../../outside"),
        "an absolute path": member("/tmp/outside"),
        "a Windows path": member("C:\\outside"),
        "a symbolic link": member(f"{FOLDER_NAME}/link", tarfile.SYMTYPE, "/etc/passwd"),
        "a hard link": member(f"{FOLDER_NAME}/link", tarfile.LNKTYPE, "/etc/passwd"),
        "a link for a batch": member(f"{FOLDER_NAME}/test_batch", tarfile.SYMTYPE, "/etc/passwd"),
        "a device": member(f"{FOLDER_NAME}/zero", tarfile.CHRTYPE),
        "a pipe": member(f"{FOLDER_NAME}/pipe", tarfile.FIFOTYPE),
        "a sparse file": member(f"{FOLDER_NAME}/holes", tarfile.GNUTYPE_SPARSE),
    }


@pytest.mark.parametrize("what", hostile_members())
@pytest.mark.parametrize("position", ["first", "last"])
def test_an_archive_with_anything_but_plain_files_is_refused(
    what: str, position: str, batches: Path, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / ARCHIVE_NAME, "w:gz") as archive:
        if position == "first":
            archive.addfile(hostile_members()[what])
        archive.add(batches, FOLDER_NAME)
        if position == "last":
            archive.addfile(hostile_members()[what])
    shutil.rmtree(batches.parent)
    assert "was refused" in refusal_of(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [ARCHIVE_NAME]


def test_an_archive_with_two_batches_of_one_name_is_refused(batches: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / ARCHIVE_NAME, "w:gz") as archive:
        archive.add(batches, FOLDER_NAME)
        archive.add(batches / "data_batch_1", f"{FOLDER_NAME}/data_batch_1")
    assert "is in it twice" in refusal_of(tmp_path)


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    endless = tarfile.TarInfo("filler")
    endless.size = 8 * 2**30
    (tmp_path / ARCHIVE_NAME).write_bytes(gzip.compress(endless.tobuf(tarfile.GNU_FORMAT)))
    assert "unpacks to more than CIFAR-10 holds" in refusal_of(tmp_path)
    large = tarfile.TarInfo(f"{FOLDER_NAME}/test_batch")
    large.size = 65 * 2**20
    (tmp_path / ARCHIVE_NAME).write_bytes(gzip.compress(large.tobuf()))
    assert "too large" in refusal_of(tmp_path)


def test_a_header_with_a_negative_size_is_refused(tmp_path: Path) -> None:
    """Passing over a negative number of bytes would read the same header for ever."""
    for kind in (tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        backwards = tarfile.TarInfo("filler")
        backwards.size, backwards.type = -1024, kind
        (tmp_path / ARCHIVE_NAME).write_bytes(gzip.compress(backwards.tobuf(tarfile.GNU_FORMAT) * 4))
        assert "was refused" in refusal_of(tmp_path)


def test_other_files_and_long_headers_in_an_archive_are_passed_over(batches: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / ARCHIVE_NAME, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        extra = tarfile.TarInfo(f"{FOLDER_NAME}/readme.html")
        extra.size, extra.pax_headers = 5, {"comment": "x" * 5000}
        archive.addfile(extra, io.BytesIO(b"hello"))
        archive.add(batches, f"./{FOLDER_NAME}")
    shutil.rmtree(batches.parent)
    assert len(load_collection(SMALL, tmp_path)[0].train_images) == 100


def test_an_archive_without_a_batch_names_it(batches: Path, tmp_path: Path) -> None:
    (batches / "data_batch_3").unlink()
    pack_cifar10(batches, tmp_path / ARCHIVE_NAME)
    assert f"lacks {FOLDER_NAME}/data_batch_3" in refusal_of(tmp_path)


def as_dataset(batches: Path) -> Dataset:
    return Dataset("cifar10", tuple("0123456789"), *SMALL.read(batches), source="here")


def test_one_fingerprint_depends_on_the_order_of_the_images_and_the_other_does_not(batches: Path) -> None:
    dataset = as_dataset(batches)
    order = np.random.default_rng(0).permutation(100)
    shuffled = replace(
        dataset, train_images=dataset.train_images[order], train_labels=dataset.train_labels[order]
    )
    assert shuffled.fingerprint.unordered == dataset.fingerprint.unordered
    assert shuffled.fingerprint.ordered != dataset.fingerprint.ordered
    assert as_dataset(batches).fingerprint == dataset.fingerprint


def test_both_fingerprints_cover_pixels_labels_and_splits(batches: Path) -> None:
    dataset = as_dataset(batches)
    images = dataset.train_images.copy()
    images[50, 3, 4, 1] ^= 1
    labels = dataset.train_labels.copy()
    labels[[0, 1]] = labels[[1, 0]]
    changed = [
        replace(dataset, train_images=images),
        replace(dataset, train_labels=labels),
        replace(dataset, test_images=dataset.test_images[:-1], test_labels=dataset.test_labels[:-1]),
        replace(
            dataset,
            train_images=np.concatenate([dataset.train_images, dataset.test_images[:1]]),
            train_labels=np.append(dataset.train_labels, dataset.test_labels[:1]),
            test_images=dataset.test_images[1:],
            test_labels=dataset.test_labels[1:],
        ),
    ]
    every = [dataset, *changed]
    assert len({one.fingerprint.ordered for one in every}) == len(every)
    assert len({one.fingerprint.unordered for one in every}) == len(every)


def test_digits_are_small_photographs_of_ten_classes() -> None:
    digits = load_dataset("digits", Path("/not/needed"))
    assert digits.train_images.shape == (1442, 32, 32, 3)
    assert digits.test_images.shape == (355, 32, 32, 3)
    assert digits.train_images.dtype == np.uint8
    assert digits.train_labels.dtype == np.int64
    assert digits.train_images.max() == 255
    assert digits.class_names == tuple("0123456789")
    assert set(np.bincount(digits.test_labels).tolist()) == {34, 35, 36}
    # Each of the 8x8 pixels is a block of 4x4 in all three channels.
    blocks = digits.train_images.reshape(-1, 8, 4, 8, 4, 3)
    assert (blocks == blocks[:, :, :1, :, :1, :1]).all()


def test_the_split_of_the_digits_never_changes() -> None:
    digits = load_dataset("digits")
    assert digits.fingerprint.ordered == "17c4e219829409c78657447226567fd89d0f41b998cad3cf9b4563c55417e98c"


def test_digits_without_scikit_learn_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match="pip install scikit-learn"):
        load_dataset("digits")


def test_an_unknown_dataset_is_named_beside_the_known_ones() -> None:
    with pytest.raises(DataError, match="unknown dataset 'svhn': choose one of cifar10, cifar100, "):
        load_dataset("svhn")


def test_a_holdout_takes_its_share_of_every_class_by_the_seed_alone(full_size: Dataset) -> None:
    holdout = split_validation(full_size, 0.1, seed=3)
    assert np.bincount(full_size.train_labels[holdout.validation]).tolist() == [500] * 10
    np.testing.assert_array_equal(np.sort(np.concatenate(holdout)), np.arange(50_000))
    again, other = (split_validation(full_size, 0.1, seed) for seed in (3, 4))
    np.testing.assert_array_equal(again.validation, holdout.validation)
    assert (other.validation != holdout.validation).any()


def test_the_holdout_of_a_seed_is_the_same_in_every_version() -> None:
    holdout = split_validation(load_dataset("digits"), 0.1, seed=0)
    assert holdout.validation[:8].tolist() == [14, 15, 20, 31, 48, 49, 53, 61]


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 2.0, float("nan"), 0.001, 0.999])
def test_a_holdout_that_leaves_nothing_on_one_side_is_refused(fraction: float, batches: Path) -> None:
    with pytest.raises(DataError, match="validation split"):
        split_validation(as_dataset(batches), fraction, seed=0)


def test_a_limit_takes_the_first_training_images_and_leaves_the_test_images(batches: Path) -> None:
    dataset = as_dataset(batches)
    limited = limit_training_images(dataset, 30)
    np.testing.assert_array_equal(limited.train_images, dataset.train_images[:30])
    np.testing.assert_array_equal(limited.train_labels, dataset.train_labels[:30])
    assert len(limited.test_images) == 20
    assert limited.fingerprint != dataset.fingerprint


@pytest.mark.parametrize("number", [0, -1, 101])
def test_a_limit_outside_the_dataset_is_refused(number: int, batches: Path) -> None:
    with pytest.raises(
        DataError, match=f"cannot take {number} training images of cifar10: choose from 1 to 100"
    ):
        limit_training_images(as_dataset(batches), number)


def test_the_fake_has_every_file_of_the_real_one(batches: Path) -> None:
    assert {path.name for path in batches.iterdir()} == {*SMALL.batch_files, "batches.meta"}
