"""A stranger's weights on pixels that they were not made for: no verdict, and the word that helps."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.cli import cli
from eip_cli.comparison.evaluation.pixel_doubt import is_clearly_better
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.backend import keras
from eip_cli.recipes.pixels import PIXEL_FORMS, make_pixel_scale
from eip_cli.training.measurement import Measurement

layers = keras.layers


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


def evaluate(*arguments: str) -> dict:
    result = eip("evaluate", *arguments, "--dataset", "digits", "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file for each form of pixels: the nearest mean image of a class, as a network of one dense layer.

    |x - m|^2 is least where 2 x.m - |m|^2 is largest, which depends on the scale and the offset of x.
    """
    folder = tmp_path_factory.mktemp("weights")
    digits = load_dataset("digits")
    made = {}
    for form in PIXEL_FORMS:
        images = make_pixel_scale(form, lambda: digits.channel_statistics).apply(digits.train_images)
        rows = images.reshape(len(images), -1)
        means = np.stack([rows[digits.train_labels == label].mean(axis=0) for label in range(10)])
        model = keras.Sequential(
            [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10), layers.Activation("softmax")]
        )
        scale = 1 / np.square(means).sum(axis=1).mean()  # else the softmax is 0 and 1 alone
        model.layers[1].set_weights([2 * scale * means.T, -scale * np.square(means).sum(axis=1)])
        made[form] = folder / f"{form.replace('-', '_')}.h5"
        save_model(model, made[form])
    return made


@pytest.mark.parametrize("form", PIXEL_FORMS)
def test_on_its_own_pixels_nothing_is_said(weights: dict[str, Path], form: str) -> None:
    content = evaluate(str(weights[form]), "--pixels", form)
    assert content["pixels"] == form
    assert content["accuracy"] > 0.85
    assert content["doubt"] is None
    assert content["notes"] == []


def test_on_others_the_right_ones_are_named(weights: dict[str, Path]) -> None:
    content = evaluate(str(weights["-1-1"]))
    assert content["pixels"] == "0-1"
    assert "--pixels -1-1" in content["doubt"]
    assert content["notes"] == [f"no verdict: {content['doubt']}"]


def test_pixels_asked_for_are_doubted_too(weights: dict[str, Path]) -> None:
    assert "--pixels 0-255" in evaluate(str(weights["0-255"]), "--pixels", "0-1")["doubt"]


def test_untrained_weights_are_called_guessing() -> None:
    assert eip("build", "-o", "untrained.h5").exit_code == 0
    assert "than by guessing" in evaluate("untrained.h5")["doubt"]


def test_pixels_of_another_scale_keep_the_classes_of_some_networks_and_the_loss_tells() -> None:
    digits = load_dataset("digits")
    rows = digits.train_images.reshape(len(digits.train_images), -1).astype("float32")
    means = np.stack([rows[digits.train_labels == label].mean(axis=0) for label in range(10)])
    directions = means / np.linalg.norm(means, axis=1, keepdims=True)
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10, use_bias=False), layers.Softmax()]
    )
    model.layers[1].set_weights([(directions - directions.mean(axis=0)).T / 100])
    save_model(model, "bytes.h5")
    given, right = evaluate("bytes.h5"), evaluate("bytes.h5", "--pixels", "0-255")
    assert given["accuracy"] == right["accuracy"] > 0.8
    assert "--pixels 0-255: these weights were made for other pixels" in given["doubt"]
    assert given["doubt"].startswith("the loss on 1,000 training images is 2.26 with pixels 0-1")
    assert right["doubt"] is None


def test_a_small_difference_on_the_same_images_tells_too() -> None:
    labels = np.arange(10).repeat(100)

    def right_but_for(count: int) -> Measurement:
        return Measurement(0.1, 1 - count / 1000, np.where(np.arange(1000) < count, labels + 1, labels))

    assert is_clearly_better(right_but_for(4), right_but_for(24), labels)
    assert not is_clearly_better(right_but_for(4), right_but_for(12), labels)
    assert not is_clearly_better(right_but_for(24), right_but_for(4), labels)


def test_a_network_that_scales_its_pixels_gets_them_and_it_is_said(weights: dict[str, Path]) -> None:
    model = keras.models.load_model(weights["0-1"])
    save_model(keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), model]), "own.h5")
    result = eip("evaluate", "own.h5", "--dataset", "digits", "--format", "json")
    assert "gets pixels 0-255: its 'rescaling" in result.stderr
    content, plain = json.loads(result.stdout), evaluate(str(weights["0-1"]))
    assert (content["pixels"], content["doubt"]) == ("0-255", None)
    assert content["accuracy"] == pytest.approx(plain["accuracy"], abs=0.003)


def test_a_run_remembers_its_pixels() -> None:
    training = ("--dataset", "digits", "--limit-train", "64", "--epochs", "1", "--no-accelerate")
    result = eip("train", *training, "--pixels", "-1-1", "--run-dir", "run", "--format", "json")
    content = json.loads(result.stdout)
    assert content["config"]["pixels"] == content["pixel_scale"] == "-1-1"
    assert evaluate("run")["pixels"] == "-1-1"
    assert evaluate("run", "--pixels", "0-1")["doubt"] == "these weights were trained on pixels -1-1, not 0-1"
    assert "| Pixels | -1-1 |" in eip("report", "run").stdout
    assert "pixels -1-1 instead of 0-1" in eip("report", "run").stdout


def test_doubtful_weights_win_no_comparison(weights: dict[str, Path], tmp_path: Path) -> None:
    from tests.support.fakes import write_cifar10

    write_cifar10(tmp_path / "data", seed=0)
    result = eip("compare-baseline", str(weights["0-1"]), "--data-dir", "data", "--format", "json")
    row = json.loads(result.stdout)[-1]
    assert (row["verdict"], row["delta"]) == ("not comparable", None)


def test_outputs_that_are_not_finite_are_said() -> None:
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)])
    model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    model.layers[-1].bias.assign(np.full(10, np.inf))
    save_model(model, "infinite.h5")
    content = evaluate("infinite.h5")
    assert content["loss"] is None
    assert content["accuracy"] == 0
    assert "its outputs for 355 images are not finite numbers" in content["notes"]
