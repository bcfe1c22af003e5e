"""What a training leaves to look at: its mistakes and its confusion matrix, or why there are none."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from eip_cli.cli import cli
from eip_cli.comparison.evaluation.subjects import evaluate_checkpoint
from eip_cli.display.images import run_pictures
from eip_cli.display.images.run_pictures import draw_run_pictures  # before the tests' own takes its place
from eip_cli.runs.run_directory import CONFUSION_FILE, GALLERY_FILE, Run
from tests.support.places import NETWORKS

TRAINING = [
    "train",
    "--model",
    f"{NETWORKS}:tiny",
    "--dataset",
    "digits",
    "--limit-train",
    "64",
    "--run-dir",
    "run",
]


def test_a_training_ends_with_its_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_pictures, "draw_run_pictures", draw_run_pictures)
    trained = CliRunner().invoke(cli, [*TRAINING, "--epochs", "1", "--no-accelerate"], prog_name="eip")
    assert trained.exit_code == 0, trained.stderr
    assert f"Its mistakes: {Path('run') / GALLERY_FILE}, gallery.csv and {CONFUSION_FILE}" in trained.stderr
    for name in (GALLERY_FILE, CONFUSION_FILE):
        assert (Path("run") / name).read_bytes().startswith(b"\x89PNG")
    with Path("run/gallery.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 25
    assert all(row["true"] != row["predicted"] for row in rows)
    assert evaluate_checkpoint("run").accuracy < 1


def test_a_run_without_its_images_is_whole_all_the_same() -> None:
    trained = CliRunner().invoke(cli, [*TRAINING, "--epochs", "1", "--no-accelerate"], prog_name="eip")
    assert trained.exit_code == 0, trained.stderr
    Path("run/checkpoint.h5").write_bytes(b"lost")
    assert draw_run_pictures(Run(Path("run"))).startswith("No gallery of run: ")
    assert not Path("run", GALLERY_FILE).exists()
