"""What every test starts from: an empty working directory and no data of the user's."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

XLA_PROGRAMS = "--tf_xla_persistent_cache_directory="


def pytest_configure(config: pytest.Config) -> None:
    """Have all processes of this session share the programs that XLA compiles, and Keras without settings."""
    folder = tempfile.mkdtemp(prefix="eip-tests-keras-")
    os.environ["KERAS_HOME"] = folder  # else the user's keras.json and Keras's data are seen
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    if "TF_XLA_FLAGS" not in os.environ:  # else the user's own, or those of the process that started this one
        folder = tempfile.mkdtemp(prefix="eip-tests-xla-")
        os.environ["TF_XLA_FLAGS"] = XLA_PROGRAMS + folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


# The files that take longest: begun first, so that none of them is left for one worker at the end.
LONGEST = (
    *("test_kills.py", "test_cluster.py", "test_sweeping.py", "test_program.py", "test_training.py"),
    *("test_recipe_options.py", "test_acceleration.py", "test_report.py", "test_page.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first, else in the order of their paths."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def no_run_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings in this process end without a gallery, which takes longer than they do."""
    pictures = "eip_cli.display.images.run_pictures.draw_run_pictures"
    monkeypatch.setattr(pictures, lambda run: f"No gallery of {run.path} in a test")


@pytest.fixture(autouse=True)
def empty_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs land in ``tmp_path``, and neither the user's data folder nor cache is seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EIP_DATA_DIR", raising=False)
    monkeypatch.setenv("EIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path
