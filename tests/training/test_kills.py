"""Trainings that die at any moment continue to the very bits of one that did not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eip_cli.foundation.errors import RunError
from eip_cli.runs.run_directory import Run
from eip_cli.training.session import resume_training, train_model
from tests.support.places import ROOT
from tests.training.test_training import TINY, assert_same_training

PROGRAM = Path(__file__).with_name("fatal_training.py")

# The files of TINY's three epochs appear in this order: run.json; for each epoch state.npz, checkpoint.h5
# where the epoch is the best so far, history.csv, run.json; at the end final.h5, run.json, curves.png.
MOMENTS = [
    ("import", "SIGKILL"),
    ("replace:1:before", "SIGKILL"),
    ("replace:1:after", "SIGKILL"),
    ("step:1:2", "SIGKILL"),
    ("validate:1", "SIGKILL"),
    ("write:2", "SIGKILL"),
    ("replace:2:before", "SIGKILL"),
    ("replace:2:after", "SIGKILL"),
    ("write:3", "SIGKILL"),
    ("replace:3:after", "SIGKILL"),
    ("replace:4:after", "SIGKILL"),
    ("replace:5:after", "SIGKILL"),
    ("step:2:5", "SIGKILL"),
    ("validate:2", "SIGKILL"),
    ("write:6", "SIGKILL"),
    ("replace:6:after", "SIGKILL"),
    ("replace:7:after", "SIGKILL"),
    ("replace:9:after", "SIGKILL"),
    ("replace:10:after", "SIGKILL"),
    ("step:3:5", "SIGKILL"),
    ("replace:12:before", "SIGKILL"),
    ("replace:12:after", "SIGKILL"),
    ("replace:13:after", "SIGKILL"),
    ("step:1:1", "SIGINT"),
    ("write:4", "SIGINT"),
    ("replace:6:before", "SIGINT"),
    ("validate:2", "SIGINT"),
    ("step:3:4", "SIGINT"),
]


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Path, int]]:
    """Where each training died and the status it ended with."""
    folder = tmp_path_factory.mktemp("deaths")
    runs = [folder / "-".join(moment).replace(":", "-") for moment in MOMENTS]
    lines = ["\t".join([str(run), *moment]) + "\n" for run, moment in zip(runs, MOMENTS, strict=True)]
    result = subprocess.run(
        [sys.executable, PROGRAM],
        input="".join(lines),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        check=True,
        timeout=900,
    )
    statuses = map(int, result.stdout.split())
    return dict(zip(MOMENTS, zip(runs, statuses, strict=True), strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same training, left alone."""
    return train_model(TINY, tmp_path_factory.mktemp("whole") / "run")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", MOMENTS, ids="-".join)
def test_nothing_is_lost(
    moment: tuple[str, str], deaths: dict[tuple[str, str], tuple[Path, int]], whole: Run
) -> None:
    path, status = deaths[moment]
    assert status == (130 if moment[1] == "SIGINT" else -9)
    if not (path / "run.json").exists():
        # Nothing was trained yet; a name that is taken is the most that is left.
        assert moment[0] in ("import", "replace:1:before")
        with pytest.raises(RunError, match=r"is not a run|no run"):
            resume_training(Run(path))
        return
    run, record = resume_training(Run(path))
    assert (record.status, record.deterministic) == ("finished", True)
    assert_same_training(run, whole)
    assert not [
        file.name for file in run.path.iterdir() if file.name.startswith(".") and file.name != ".lock"
    ]
