"""``eip summary --plot``, ``--code`` and ``--show-erf``: what they print, write and refuse."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.cli import cli
from eip_cli.foundation.backend import keras
from tests.support.networks import tiny

layers = keras.layers
NETWORK = """
import keras
from keras import layers

def network():
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(4, 3, name="first"),  # 30x30x4, RF 3
        layers.Conv2D(4, 3, name="second"),  # 28x28x4, RF: 7x7
        layers.MaxPooling2D(2, name="third"),  # 14x14x4, RF 6
        layers.GlobalAveragePooling2D(name="fourth"),
        layers.Dense(10, name="fifth", activation="softmax"),
    ])
"""


def summarized(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["summary", *arguments], prog_name="eip")
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def own() -> str:
    Path("net.py").write_text(NETWORK, encoding="utf-8")
    return "net.py:network"


def test_the_table_stays_beside_the_picture(own: str) -> None:
    table = summarized(own, "--show-rf").stdout
    result = summarized(own, "--show-rf", "--plot", "network.svg")
    assert result.stdout == table
    assert result.stderr == "Wrote network.svg\n"
    assert Path("network.svg").stat().st_size > 10_000


def test_a_network_without_a_known_receptive_field_is_drawn(own: str) -> None:
    Path("net.py").write_text(
        NETWORK.replace("keras.Input((32, 32, 3))", "keras.Input((None, None, 3))"), encoding="utf-8"
    )
    summarized(own, "--plot", "network.png")
    assert "fixed size" in summarized(own, "--show-rf", "--plot", "fields.png", status=1).stderr
    assert not Path("fields.png").exists()


def test_the_effective_field_of_a_checkpoint() -> None:
    save_model(tiny(), Path("tiny.h5"))
    result = summarized("tiny.h5", "--show-erf", "--format", "json")
    found = json.loads(result.stdout)
    before = json.loads(summarized("tiny.h5", "--format", "json").stdout)
    assert {name: found[name] for name in before} == before
    assert found["receptive_field"] == 11
    assert (found["erf_layer"], found["erf_unit"]) == (before["layers"][3]["name"], [1, 1])
    assert (found["erf_images"], found["erf_pixels"]) == (200, 121)
    assert found["erf_measured_on"] == "200 test images of digits, the file's weights"
    assert 1 <= found["erf_pixels_95"] <= 121
    assert found["erf_share"] == found["erf_pixels_95"] / 121
    table = " ".join(summarized("tiny.h5", "--show-erf", "--plot", "field.png").stdout.split())
    assert f"95% of it lies in {found['erf_pixels_95']} of 121 pixels" in table


def test_fresh_weights_are_called_so() -> None:
    found = json.loads(summarized("separable", "--show-erf", "--format", "json").stdout)
    assert found["erf_measured_on"] == "200 test images of digits, untrained weights"


@pytest.mark.parametrize("shape", [(20, 24, 1), (48, 48, 3)])
def test_images_of_no_data_set_are_noise(shape: tuple[int, int, int]) -> None:
    image = keras.Input(shape)
    x = layers.Conv2D(2, (3, 5), activation="relu")(image)
    save_model(keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))), Path("odd.keras"))
    found = json.loads(
        summarized("odd.keras", "--show-erf", "--show-rf", "--plot", "odd.png", "--format", "json").stdout
    )
    assert found["receptive_field"] == [3, 5]
    assert found["erf_measured_on"].startswith("200 images of noise")


def test_the_code_is_alone_on_standard_output_and_runs(own: str) -> None:
    result = summarized(own, "--code")
    names: dict[str, keras.Model] = {}
    exec(result.stdout, names)
    assert names["model"].count_params() == 310
    assert result.stderr.splitlines() == [
        "net.py:9: says RF 7, it is 5 (second)",
        "3 comments on receptive fields: 1 wrong",
    ]


def test_the_code_in_other_forms(own: str) -> None:
    payload = json.loads(summarized(own, "--code", "--format", "json").stdout)
    assert payload["total_params"] == 310
    assert [(one["line"], one["says"], one["agrees"]) for one in payload["comments"]] == [
        (8, 3, True),
        (9, 7, False),
        (10, 6, True),
    ]
    assert summarized(own, "--code", "--format", "markdown").stdout == f"```python\n{payload['code']}```\n"
    assert "no form in CSV" in summarized(own, "--code", "--format", "csv", status=2).stderr


def test_a_network_of_more_than_plain_keras_has_no_code() -> None:
    Path("net.py").write_text(
        NETWORK.replace('layers.MaxPooling2D(2, name="third")', 'layers.Lambda(lambda x: x, name="mine")')
    )
    assert "layer 'mine'" in summarized("net.py:network", "--code", status=1).stderr
