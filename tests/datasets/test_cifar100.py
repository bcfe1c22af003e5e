"""CIFAR-100: a hundred fine classes, in the forms that its makers, Keras and torchvision keep it in."""

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eip_cli.datasets.cifar100 import CIFAR100
from eip_cli.datasets.download import Archive
from eip_cli.datasets.obtaining import fetch_collection, load_collection
from eip_cli.datasets.reading.cifar_files import read_batch
from eip_cli.foundation.errors import DataError
from tests.support.fakes import SMALL_CIFAR100, pack_cifar10, write_cifar10, write_cifar100
from tests.support.mirrors import Mirror, serve

ARCHIVE = CIFAR100.archives[0].file_name


def change(path: Path, **fields: object) -> None:
    path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()) | fields, 2))


def test_there_are_a_hundred_classes_in_the_order_of_the_alphabet() -> None:
    assert len(set(CIFAR100.class_names)) == 100
    assert list(CIFAR100.class_names) == sorted(CIFAR100.class_names)
    assert (CIFAR100.class_names[0], CIFAR100.class_names[99]) == ("apple", "worm")
    assert sum(CIFAR100.train_counts) == 50_000
    assert sum(CIFAR100.test_counts) == 10_000


def test_labels_are_the_fine_ones_and_images_are_red_green_and_blue(tmp_path: Path) -> None:
    written = write_cifar100(tmp_path)
    batch = pickle.loads((written / "test").read_bytes())
    arrays, location = load_collection(SMALL_CIFAR100, tmp_path)
    assert location == written
    assert arrays.test_labels.tolist() == batch["fine_labels"]
    assert arrays.train_images.shape == (200, 32, 32, 3)
    np.testing.assert_array_equal(arrays.test_images[5, :, :, 2].ravel(), batch["data"][5, 2048:])


@pytest.mark.parametrize(
    "form",
    [
        "cifar-100-python",
        "elsewhere",
        "data/cifar-100-python",
        "cifar-100-python-target/cifar-100-python",
        "cifar-100-python.tar.gz",
        "cifar-100-python-target_archive",
    ],
)
def test_every_usual_form_is_found(form: str, tmp_path: Path) -> None:
    made = write_cifar100(tmp_path / "made")
    place = tmp_path / "named" / form
    place.parent.mkdir(parents=True)
    if "." in form or form.endswith("archive"):
        pack_cifar10(made, place)
    else:
        made.rename(place)
    assert load_collection(SMALL_CIFAR100, tmp_path / "named")[1] == place


def test_files_that_are_called_test_or_train_by_chance_are_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "test").write_text("a script")
    (tmp_path / "train").mkdir()
    write_cifar10(tmp_path, images_per_file=20)
    with pytest.raises(DataError, match=r"no CIFAR-100 in .*\(`eip data cifar100` fetches it\)"):
        load_collection(SMALL_CIFAR100, tmp_path)


@pytest.mark.parametrize(
    ("file", "fields", "message"),
    [
        ("test", {"fine_labels": [*range(99), 100]}, "no whole numbers 0-99 under 'fine_labels'"),
        ("test", {"fine_labels": [7] * 100}, "has 0 to 100 test images a class where CIFAR-100 has 1"),
        ("train", {"fine_labels": None}, "train of .*fine_labels"),
        (
            "train",
            {"data": np.zeros((3, 3072), np.uint8), "fine_labels": [0] * 3},
            "holds 3 images where .* 200",
        ),
        ("train", {"data": Path("code")}, "was refused, it holds .*pathlib.* which no CIFAR-100 batch has"),
    ],
)
def test_a_damaged_or_hostile_batch_is_refused(
    file: str, fields: dict[str, object], message: str, tmp_path: Path
) -> None:
    change(write_cifar100(tmp_path) / file, **fields)
    with pytest.raises(DataError, match=message) as refusal:
        load_collection(SMALL_CIFAR100, tmp_path)
    assert "get a fresh copy of CIFAR-100 (`eip data cifar100`)" in str(refusal.value)


def test_a_batch_as_long_as_the_original_is_within_the_bounds() -> None:
    """50,000 images with two labels and a file name each, by an old protocol."""
    count = 50_000
    names = [f"picture_s_{number:06}.png" for number in range(count)]
    labels = [number % 100 for number in range(count)]
    batch = {"filenames": names, "fine_labels": labels, "coarse_labels": labels, "batch_label": "training"}
    few = np.zeros((count, 3072), np.uint8)
    content = pickle.dumps(batch | {"data": few}, 4)
    assert len(content) > 150e6
    images, found = read_batch(content, "train", CIFAR100)
    assert images.shape == (count, 3072)
    assert found.tolist() == labels


def test_a_download_leaves_the_folder_that_other_programs_know(tmp_path: Path) -> None:
    packed = pack_cifar10(write_cifar100(tmp_path / "made"), tmp_path / ARCHIVE).read_bytes()
    with serve(Mirror(packed)) as urls:
        archive = Archive(ARCHIVE, urls, len(packed), hashlib.sha256(packed).hexdigest(), 5)
        where = fetch_collection(replace(SMALL_CIFAR100, archives=(archive,)), tmp_path / "filled")
    assert where == tmp_path / "filled" / "cifar-100-python"
    assert {path.name for path in where.iterdir()} == {"train", "test", "meta"}
