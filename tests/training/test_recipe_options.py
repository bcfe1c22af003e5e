"""Trainings by a recipe of one's own: the same bits, continued exactly, recorded, and said when compared."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import TrainingError
from eip_cli.foundation.interruption import Interrupted
from eip_cli.networks.model import build_model
from eip_cli.recipes.configuration import OPTIMIZERS, TrainConfig
from eip_cli.recipes.protocols import RECIPE_SETTINGS, resolve_config
from eip_cli.runs.history import read_history
from eip_cli.runs.run_directory import HISTORY_FILE, Run
from eip_cli.training.loop.optimizers import make_optimizer
from eip_cli.training.session import resume_training, train_model
from tests.support.places import NETWORKS
from tests.training.test_training import TINY, Watcher, assert_same_training

EVERYTHING = replace(
    TINY,
    augment=("flip", "crop=4", "rotate=10", "cutout=8", "mixup=0.2"),
    optimizer="adamw",
    schedule="one-cycle",
    learning_rate=0.01,
    weight_decay=0.05,
    label_smoothing=0.05,
    clip_norm=1.0,
    warmup=0.5,
    average_weights=0.9,
)
# Both ways of computing a step, and both kinds of schedules: by the step, and by what happened before.
VARIANTS = {
    "keras": EVERYTHING,
    "twin": replace(EVERYTHING, accelerate=True, schedule="plateau=1"),
}
SHORT = ["--model", f"{NETWORKS}:tiny", "--dataset", "digits", "--limit-train", "64", "--epochs", "1"]


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Three epochs with every option on, uninterrupted, by the variant's name."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: train_model(config, folder / name)[0] for name, config in VARIANTS.items()}


@pytest.fixture
def finished(whole: dict[str, Run]) -> Run:
    return whole["keras"]


@pytest.mark.parametrize("at", [(1, 3), (3, 2)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_with_every_option_a_continued_training_is_the_uninterrupted_one(
    whole: dict[str, Run], variant: str, at: tuple[int, int]
) -> None:
    run, record = train_model(VARIANTS[variant], Path("part"), Watcher(at, Interrupted()))
    assert record.status == "interrupted"
    run, record = resume_training(run)
    assert (record.status, record.deterministic) == ("finished", True)
    assert_same_training(run, whole[variant])


def test_with_every_option_another_process_comes_to_the_same_bits(whole: dict[str, Run]) -> None:
    config = VARIANTS["twin"]
    words = [sys.executable, "-m", "eip_cli", "train", "--run-dir", "another"]
    for name in ("model", "dataset", "limit_train", "epochs", "batch_size", *RECIPE_SETTINGS):
        value = getattr(config, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", ",".join(value) if name == "augment" else str(value)]
    subprocess.run(words, check=True, capture_output=True)
    assert_same_training(Run(Path("another")), whole["twin"])


def test_every_option_is_recorded(finished: Run) -> None:
    config = json.loads((finished.path / "run.json").read_text())["config"]
    assert config["augment"] == ["flip", "crop=4", "rotate=10", "cutout=8", "mixup=0.2"]
    assert (config["optimizer"], config["schedule"]) == ("adamw", "one-cycle")
    assert (config["weight_decay"], config["label_smoothing"]) == (0.05, 0.05)
    assert (config["clip_norm"], config["warmup"], config["average_weights"]) == (1.0, 0.5, 0.9)
    assert finished.read_record().config == replace(
        EVERYTHING, model=config["model"], threads=config["threads"], pixels="0-1"
    )


CHANGES: list[dict[str, Any]] = [
    {},
    {"augment": ("flip",)},
    {"optimizer": "sgd"},
    {"schedule": "cosine"},
    {"label_smoothing": 0.1},
    {"weight_decay": 0.5},
    {"clip_norm": 0.01},
    {"warmup": 1.0},
    {"average_weights": 0.9},
]


def test_each_option_changes_the_training() -> None:
    losses = []
    for number, change in enumerate(CHANGES):
        config = replace(TINY, epochs=1, learning_rate=0.01, **change)
        run, _ = train_model(config, Path(f"run{number}"))
        losses.append(read_history(run.path / HISTORY_FILE)[0].val_loss)
    assert len(set(losses)) == len(CHANGES)


def test_without_options_the_recipe_is_the_networks_own() -> None:
    config = resolve_config(TrainConfig())
    assert (config.augment, config.optimizer, config.schedule) == ((), "adam", "report")
    assert (config.weight_decay, config.label_smoothing, config.clip_norm) == (None, 0, None)
    assert (config.warmup, config.average_weights) == (0, None)
    assert resolve_config(TrainConfig(average_weights=0)).average_weights is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_leaves_vectors_and_depthwise_kernels_alone(name: str) -> None:
    model = build_model("separable")
    config = resolve_config(TrainConfig(optimizer=name, weight_decay=0.1, learning_rate=0.5))
    optimizer = make_optimizer(model, config)
    optimizer.build(model.trainable_variables)
    before = [np.asarray(weight) for weight in model.trainable_variables]
    optimizer.apply([keras.ops.zeros(weight.shape) for weight in before])
    for weight, old in zip(model.trainable_variables, before, strict=True):
        decays = len(weight.shape) > 1 and "depthwise" not in weight.path
        assert np.asarray(weight) == pytest.approx(old * (1 - 0.5 * 0.1 * decays), abs=1e-6), weight.path


def test_a_network_with_an_optimizer_of_its_own_keeps_it_unless_another_is_named() -> None:
    own = replace(TINY, model=f"{NETWORKS}:compiled", epochs=1)
    config = train_model(own, Path("own"))[1].config
    assert (config.optimizer, config.schedule) == ("own", "own")
    config = train_model(replace(own, optimizer="adam"), Path("adam"))[1].config
    assert (config.optimizer, config.schedule, config.learning_rate) == ("adam", "report", 0.004)
    with pytest.raises(TrainingError, match="give --optimizer with --weight-decay"):
        train_model(replace(own, weight_decay=0.1), Path("decay"))
    with pytest.raises(TrainingError, match="need categorical cross-entropy"):
        train_model(replace(own, label_smoothing=0.1), Path("smooth"))


def test_what_departs_is_said_and_repeated_by_the_command() -> None:
    options = ["--augment", "flip,crop", "--schedule", "one-cycle=1", "--optimizer", "sgd"]
    options += ["--weight-decay", "0.002", "--average-weights"]
    trained = eip("train", *SHORT, *options, "--no-accelerate", "--run-dir", "run")
    assert trained.exit_code == 0, trained.stderr
    said = (
        "schedule one-cycle=1, augment flip+crop=4, optimizer sgd, weight decay 0.002, average weights 0.999"
    )
    assert f"nother recipe than the network's own: learning rate 0.1, {said}" in " ".join(
        trained.stderr.split()
    )
    report = eip("report", "run").stdout
    assert "| Augmentation | flip, crop=4 |" in report.replace("`", "")
    assert (
        "| Optimizer | Sgd, Keras's defaults, weight decay 0.002, weights averaged, keeping 0.999 |" in report
    )
    command = "--schedule one-cycle=1 --augment flip,crop=4 --optimizer sgd --weight-decay 0.002"
    assert f"{command} --average-weights 0.999" in report
    compared = json.loads(eip("compare-baseline", "run", "--format", "json").stdout)[-1]
    assert any(said in note for note in compared["notes"])


def test_what_plateau_watches_and_whose_average_is_kept_is_said() -> None:
    options = ["--no-accelerate", "--schedule", "plateau"]
    watched = "The plateau schedule watches the"
    assert f"{watched} training loss: no images are held out." in eip("train", *SHORT, *options).stderr
    assert f"{watched} validation loss." in eip("train", *SHORT, *options, "--validation-split", "0.2").stderr
    averaged = [f"{NETWORKS}:averaged_by_its_optimizer", *SHORT[2:], "--no-accelerate"]
    assert "the averages are validated and saved" in eip("train", "--model", *averaged).stderr


def test_a_sweep_varies_them() -> None:
    settings = ["--optimizer", "sgd", "--set", "augment=none,flip+crop=2"]
    result = eip("sweep", *SHORT, *settings, "--seeds", "1", "--no-accelerate", "--format", "json")
    assert result.exit_code == 0, result.stderr
    rows = [row for row in json.loads(result.stdout) if row["source"] == "sweep"]
    assert ["augment none" in row["name"] for row in rows] == [True, False]
    assert "augment flip+crop=2" in rows[1]["name"]
    assert all(any("optimizer sgd" in note for note in row["notes"]) for row in rows)
