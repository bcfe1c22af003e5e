"""Where CIFAR-10 is found: copies that other programs keep, and folders one deeper than the usual."""

from dataclasses import replace
from pathlib import Path

import pytest

from eip_cli.datasets.obtaining import fetch_collection, load_collection
from eip_cli.foundation.errors import DataError
from tests.support.fakes import SMALL_CIFAR10, pack_cifar10, write_cifar10

# With no address to download from: what is not found is an error.
SMALL = replace(SMALL_CIFAR10, archives=(replace(SMALL_CIFAR10.archives[0], urls=()),))
ARCHIVE_NAME = SMALL.archives[0].file_name


class Listener:
    """Keeps the notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def start(self, description: str, total_bytes: int) -> None:
        raise AssertionError("a download began")

    def advance(self, n_bytes: int) -> None: ...
    def finish(self) -> None: ...

    def notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.fixture
def keras_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets"


@pytest.mark.parametrize("inner", ["cifar-10-batches-py-target", ".", "cifar-10-batches-py"])
def test_the_folder_that_keras_keeps_is_used_where_the_cache_is_empty(
    inner: str, keras_datasets: Path
) -> None:
    batches = write_cifar10(keras_datasets / inner, images_per_file=20)
    listener = Listener()
    assert load_collection(SMALL, None, listener)[1] == batches
    assert listener.notices == [f"Using the copy of CIFAR-10 in {batches}: nothing is downloaded."]
    assert fetch_collection(SMALL, None, listener) == batches


@pytest.mark.parametrize("name", ["cifar-10-batches-py.tar.gz", "cifar-10-batches-py-target_archive"])
def test_the_archive_that_keras_keeps_is_used(name: str, keras_datasets: Path, tmp_path: Path) -> None:
    keras_datasets.mkdir(parents=True)
    archive = pack_cifar10(write_cifar10(tmp_path / "made", images_per_file=20), keras_datasets / name)
    assert load_collection(SMALL, None, Listener())[1] == archive


def test_the_folder_that_torchvision_keeps_is_used(keras_datasets: Path) -> None:
    batches = write_cifar10(Path("data"), images_per_file=20)
    assert load_collection(SMALL, None, Listener())[1] == batches


def test_the_cache_comes_first(keras_datasets: Path, tmp_path: Path) -> None:
    write_cifar10(keras_datasets, images_per_file=20)
    cached = write_cifar10(tmp_path / "cache", images_per_file=20)
    listener = Listener()
    assert load_collection(SMALL, None, listener)[1] == cached
    assert listener.notices == []


def test_a_damaged_copy_of_another_program_is_said_and_passed_over(keras_datasets: Path) -> None:
    damaged = write_cifar10(keras_datasets, images_per_file=20)
    (damaged / "data_batch_2").unlink()
    good = write_cifar10(Path("data"), images_per_file=20)
    listener = Listener()
    assert load_collection(SMALL, None, listener)[1] == good
    assert listener.notices[0].startswith("Another program's copy of CIFAR-10 is passed over: ")
    assert "data_batch_2" in listener.notices[0]


def test_a_named_folder_is_not_left_for_another_programs_copy(keras_datasets: Path, tmp_path: Path) -> None:
    write_cifar10(keras_datasets, images_per_file=20)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no CIFAR-10 in"):
        load_collection(SMALL, tmp_path / "empty")


@pytest.mark.parametrize("by_environment", [False, True])
def test_a_folder_one_deeper_is_found(
    by_environment: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "named"
    (named / "another").mkdir(parents=True)
    batches = write_cifar10(named / "downloads", images_per_file=20)
    if by_environment:
        monkeypatch.setenv("EIP_DATA_DIR", str(named))
    assert load_collection(SMALL, None if by_environment else named)[1] == batches


def test_an_archive_one_deeper_is_found_and_one_that_is_nearer_wins(tmp_path: Path) -> None:
    named = tmp_path / "named"
    (named / "a").mkdir(parents=True)
    made = write_cifar10(tmp_path / "made", images_per_file=20)
    deeper = pack_cifar10(made, named / "a" / ARCHIVE_NAME)
    assert load_collection(SMALL, named)[1] == deeper
    nearer = pack_cifar10(made, named / ARCHIVE_NAME)
    assert load_collection(SMALL, named)[1] == nearer
    assert fetch_collection(SMALL, named) == nearer
