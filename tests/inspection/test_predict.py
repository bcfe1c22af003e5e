"""eip predict: the answers are the network's own, and those that cannot be had are said."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.cli import cli
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.backend import keras
from eip_cli.recipes.pixels import make_pixel_scale

layers = keras.layers
DIGITS = load_dataset("digits")


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


@pytest.fixture
def net(tmp_path: Path) -> keras.Model:
    """A network with weights by chance in ``net.keras``, and two test images and no picture beside it."""
    image = keras.Input((32, 32, 3))
    model = keras.Model(
        image, layers.Dense(10, "softmax")(layers.Flatten()(layers.AveragePooling2D(4)(image)))
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 1, weight.shape) for weight in model.get_weights()])
    save_model(model, tmp_path / "net.keras")
    for number in (3, 8):
        Image.fromarray(DIGITS.test_images[number]).save(tmp_path / f"{number}.png")
    (tmp_path / "not.png").write_text("no picture")
    return model


def test_the_answers_are_the_networks_own(net: keras.Model) -> None:
    result = eip("predict", "net.keras", "3.png", "8.png", "--dataset", "digits", "--format", "json")
    assert result.exit_code == 0, result.stderr
    expected = np.asarray(net(DIGITS.test_images[[3, 8]] / 255.0))
    content = json.loads(result.stdout)
    assert [list(one) for one in content] == [["file", "top"]] * 2
    assert [one["file"] for one in content] == ["3.png", "8.png"]
    for one, row in zip(content, expected, strict=True):
        order = row.argsort()[::-1][:3]
        assert [guess["class"] for guess in one["top"]] == [str(label) for label in order]
        assert [guess["probability"] for guess in one["top"]] == pytest.approx(row[order].tolist(), rel=1e-4)


def test_class_names_come_without_the_images_and_pixels_may_be_named(net: keras.Model) -> None:
    result = eip("predict", "net.keras", "3.png", "--format", "csv", "--pixels", "0-255")
    assert result.exit_code == 0, result.stderr  # without CIFAR-10
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [list(row) for row in rows] == [["file", "rank", "class", "probability"]] * 3
    assert rows[0]["class"] in (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )
    standardised = eip(
        "predict", "net.keras", "3.png", "--dataset", "digits", "--pixels", "standardised", "--format", "json"
    )
    scale = make_pixel_scale("standardised", lambda: DIGITS.channel_statistics)
    expected = np.asarray(net(scale.apply(DIGITS.test_images[[3]])))
    assert json.loads(standardised.stdout)[0]["top"][0]["probability"] == pytest.approx(
        expected.max(), rel=1e-4
    )


def test_it_is_said_that_ten_classes_are_all_it_knows(net: keras.Model) -> None:
    shown = " ".join(eip("predict", "net.keras", "3.png").stdout.split())
    assert "The network knows 10 classes (airplane, automobile," in shown
    assert "answers with one of them whatever a picture shows" in shown


def test_a_broken_file_leaves_the_others_their_answers(net: keras.Model) -> None:
    result = eip("predict", "net.keras", "3.png", "not.png", "missing.jpg", "8.png", "--format", "json")
    assert result.exit_code == 1
    assert [one["file"] for one in json.loads(result.stdout)] == ["3.png", "8.png"]
    assert "2 of 4 pictures could not be read: not.png is no picture" in result.stderr
    assert "there is no file missing.jpg" in result.stderr
    alone = eip("predict", "net.keras", "not.png")
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert alone.stderr.startswith("Error: no picture could be read: not.png is no picture")
    assert eip("predict", "net.keras").exit_code == 2


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_plot_shows_both_and_takes_names_as_they_are(
    net: keras.Model, tmp_path: Path, ending: str
) -> None:
    name = "<b>$x$ & y]]>.png"
    Image.fromarray(DIGITS.test_images[5]).resize((90, 60)).save(tmp_path / name)
    plot = tmp_path / f"seen.{ending}"
    result = eip("predict", "net.keras", name, "3.png", "--fit", "--plot", str(plot))
    assert result.exit_code == 0, result.stderr
    assert name in result.stdout
    if ending == "svg":
        images = [one for one in ElementTree.parse(plot).iter() if one.tag.endswith("}image")]
        assert len(images) == 4
    else:
        assert Image.open(plot).size[0] > 800
    again = eip("predict", "net.keras", name, "--plot", str(plot))
    assert (again.exit_code, "exists: name another file" in again.stderr) == (1, True)


def test_terminal_codes_in_names_are_shown_as_what_they_are(net: keras.Model, tmp_path: Path) -> None:
    name = "a\x1b[31mred.png"
    Image.fromarray(DIGITS.test_images[5]).save(tmp_path / name)
    assert "\x1b" not in eip("predict", "net.keras", name).stdout
    assert json.loads(eip("predict", "net.keras", name, "--format", "json").stdout)[0]["file"] == name
