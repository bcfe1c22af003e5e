"""Trainings on images of other shapes and classes than CIFAR-10's, and what reads them afterwards."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from eip_cli.checkpoints.checkpoint_file import load_checkpoint, save_model
from eip_cli.checkpoints.opening import find_pixels, open_checkpoint
from eip_cli.cli import cli
from eip_cli.comparison.record_checks import is_at_chance
from eip_cli.datasets.loading import COLLECTIONS, problem_of
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError
from eip_cli.networks.input_layers import standardised_input
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import build_model
from eip_cli.recipes.configuration import DATASETS, TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.history import EpochRow
from tests.support.fakes import SMALL_CIFAR100, SMALL_MNIST, make_arrays, write_cifar100, write_idx

layers = keras.layers
ANY_SHAPE = """
import keras
from keras import layers

def build(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(4, 3, strides=4, activation="relu"),
        layers.Flatten(),
        layers.Dense(classes, "softmax"),
    ])

def of_code(input_shape, classes):
    image = keras.Input(input_shape)
    tripled = layers.Lambda(lambda pixels: pixels * 3)(image)
    return keras.Model(image, layers.Dense(classes, "softmax")(layers.Flatten()(tripled)))
"""
TRAINING = (
    "--epochs",
    "1",
    "--batch-size",
    "16",
    "--no-accelerate",
    "--data-dir",
    "images",
)


@pytest.fixture(autouse=True)
def small_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small data sets in the place of the real ones, in the folder ``images``."""
    monkeypatch.setitem(COLLECTIONS, "mnist", SMALL_MNIST)
    monkeypatch.setitem(COLLECTIONS, "cifar100", SMALL_CIFAR100)
    write_idx(tmp_path / "images" / "MNIST" / "raw", make_arrays(SMALL_MNIST))
    write_cifar100(tmp_path / "images")
    (tmp_path / "net.py").write_text(ANY_SHAPE)


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("dataset", "classes", "n", "options"),
    [
        ("mnist", 10, 13, ("--augment", "flip,crop,rotate,cutout,mixup", "--pixels", "standardised")),
        ("cifar100", 100, 100, ("--label-smoothing", "0.1", "--validation-split", "0.5")),
    ],
)
def test_a_training_is_evaluated_on_its_own_images(
    dataset: str, classes: int, n: int, options: tuple[str, ...]
) -> None:
    training = ("--model", "net.py:build", "--dataset", dataset, *TRAINING, *options)
    record = as_json(eip("train", *training, "--run-dir", "run", "--format", "json"))
    content = as_json(eip("evaluate", "run", "--confusion-matrix", "--format", "json"))
    assert (content["dataset"], content["n"], content["doubt"]) == (dataset, n, None)
    assert (content["baseline_accuracy"], content["delta"]) == (None, None)
    assert content["pixels"] == record["config"]["pixels"]
    assert len(content["per_class"]) == classes
    assert np.sum(content["confusion_matrix"]) == n
    row = json.loads(eip("compare-baseline", "run", "--format", "json").stdout)[-1]
    assert (row["verdict"], row["delta"]) == ("not comparable", None)
    assert COLLECTIONS[dataset].title in eip("report", "run").stdout


def test_a_network_that_needs_its_code_is_built_for_its_runs_images() -> None:
    training = ("--model", "net.py:of_code", "--dataset", "mnist", *TRAINING)
    assert as_json(eip("train", *training, "--run-dir", "run", "--format", "json"))["needs_code"]
    assert as_json(eip("evaluate", "run", "--format", "json"))["n"] == 13


def test_rates_are_tried_with_networks_for_the_data_set() -> None:
    asked = (
        "--dataset",
        "mnist",
        "--data-dir",
        "images",
        "--steps",
        "50",
        "--seeds",
        "2",
        "--batch-size",
        "16",
    )
    assert len(as_json(eip("find-rate", "net.py:build", *asked, "--format", "json"))["seeds"]) == 2


def test_a_network_of_other_images_is_refused_before_any_are_loaded() -> None:
    save_model(build_model("net.py:build", 0, (32, 32, 3), 10), "ten.h5")
    result = eip("train", "--model", "ten.h5", "--dataset", "cifar100", "--data-dir", "nowhere")
    assert result.exit_code == 1
    assert "ten.h5 gives output of shape (10,): (100,) is needed" in result.stderr
    assert "(28, 28, 1) is needed" in eip("evaluate", "ten.h5", "--dataset", "mnist").stderr


@pytest.mark.parametrize("dataset", ["mnist", "cifar100"])
def test_weights_alone_are_matched_to_the_known_networks_of_every_data_set(
    dataset: str, tmp_path: Path
) -> None:
    problem = problem_of(dataset)
    written = build_model("separable", 3, *problem)
    save_model(written, tmp_path / "weights.h5", weights_only=True)
    for asked in (None, problem):
        loaded = load_checkpoint(tmp_path / "weights.h5", candidates=KNOWN_NETWORKS, problem=asked)
        assert loaded.network == "separable"
        assert loaded.model.input_shape[1:] == problem.image_shape
        assert loaded.model.output_shape[1:] == (problem.classes,)
    other = problem_of("cifar100" if problem.classes == 10 else "mnist")
    with pytest.raises(CheckpointError, match="fits none of the known networks"):
        load_checkpoint(tmp_path / "weights.h5", candidates=KNOWN_NETWORKS, problem=other)


def test_a_network_that_standardises_inside_is_evaluated_without_being_told_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the file has left its run, which knows."""

    def build_own(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
        head = [layers.Conv2D(4, 3, strides=4), layers.Flatten(), layers.Dense(classes, "softmax")]
        return keras.Sequential([*standardised_input(input_shape), *head])

    monkeypatch.setitem(KNOWN_NETWORKS, "own", build_own)
    training = ("--model", "own", "--dataset", "mnist", *TRAINING)
    result = eip("train", *training, "--run-dir", "run", "--format", "json")
    assert as_json(result)["config"]["pixels"] == "0-255"
    assert "own gets pixels 0-255: its 'standardised' turns 0 to 255 into -2 to 2" in result.stderr
    for ending in (".h5", ".keras"):
        save_model(open_checkpoint("run/final.h5").model, f"left{ending}")
        opened = open_checkpoint(f"left{ending}")
        assert find_pixels(opened)[0] == "0-255"
    contents = [
        as_json(eip("evaluate", name, "--dataset", "mnist", "--data-dir", "images", "--format", "json"))
        for name in ("run", "left.h5", "left.keras")
    ]
    assert [content["pixels"] for content in contents] == ["0-255"] * 3
    assert len({content["loss"] for content in contents}) == 1


@pytest.mark.parametrize("command", ["summary", "build"])
def test_a_network_is_shown_as_it_is_for_a_data_set(command: str) -> None:
    for model, params in (("separable", 81_735), ("net.py:build", 112 + 256 * 100 + 100)):
        shown = as_json(eip(command, model, "--dataset", "cifar100", "--format", "json"))
        assert shown["total_params"] == params


def test_guessing_is_told_by_the_number_of_classes() -> None:
    row = EpochRow(1, 0.001, 4.0, 0.08, 4.0, 0.08, 1.0)
    assert is_at_chance(row, 400, "cifar10")
    assert not is_at_chance(row, 400, "cifar100")
    assert not is_at_chance(row, 200, "mnist")


def test_each_data_set_has_a_protocol() -> None:
    lengths = {
        name: (config.epochs, config.batch_size)
        for name in DATASETS
        for config in [resolve_config(TrainConfig(dataset=name))]
    }
    assert lengths == {
        "cifar10": (50, 128),
        "cifar100": (50, 128),
        "mnist": (10, 128),
        "fashion-mnist": (10, 128),
        "digits": (10, 16),
    }


def test_data_are_checked_and_drawn() -> None:
    result = eip("data", "mnist", "--data-dir", "images", "--plot", "mnist.png", "--seed", "2")
    assert result.stdout == f"MNIST is complete in {Path('images/MNIST/raw')}\n"
    assert result.stderr == "Wrote mnist.png\n"
    assert Path("mnist.png").read_bytes().startswith(b"\x89PNG")
    assert eip("data", "digits", "--augment", "none", "--plot", "digits.svg").exit_code == 0
    drawn = Path("digits.svg").read_text(encoding="utf-8")
    assert "augmentation: none; seed 0" in drawn or "<path" in drawn


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("cifar",), 2, "'cifar' is not one of 'cifar10', 'cifar100', 'mnist', 'fashion-mnist', 'digits'"),
        (("digits", "--augment", "flip"), 2, "--augment is about the picture: name its file with --plot"),
        (("digits", "--plot", "picture.bmp"), 1, "use an ending such as .png"),
        (("fashion-mnist", "--data-dir", "images/MNIST"), 1, "not Fashion-MNIST's (an array of 55 x"),
        (
            ("mnist", "--data-dir", "images/cifar-100-python", "--plot", "no/where.png"),
            1,
            "there is no folder no",
        ),
    ],
)
def test_what_cannot_be_fetched_or_drawn_says_so(
    arguments: tuple[str, ...], status: int, message: str
) -> None:
    result = eip("data", *arguments)
    assert result.exit_code == status
    assert message in result.stderr


def test_a_matrix_of_a_hundred_classes_is_drawn_in_colours(tmp_path: Path) -> None:
    from eip_cli.pictures.confusion_matrix import draw_confusion_matrix

    matrix = tuple(tuple(map(int, row)) for row in np.eye(100, dtype=int))
    draw_confusion_matrix(matrix, SMALL_CIFAR100.class_names, "cifar100", tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").stat().st_size > 10_000
