"""What is accepted for training can be saved and read back, or is refused before the first step."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.runs.run_directory import Run

OWN = """
import random

import keras
from keras import layers


def network(*front, activation="relu"):
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            *front,
            layers.Conv2D(4, 3, strides=4, activation=activation),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def doubled_swish(x):
    return 2 * x * keras.ops.sigmoid(x)


def own_activation():
    return network(activation=doubled_swish)


def gelu(x):
    return keras.ops.gelu(x, approximate=True)


def relu(x):
    return keras.ops.clip(x, 0, 6)


def named_as_gelu():
    return network(activation=gelu)


def named_as_relu():
    return network(activation=relu)


class Dropout(layers.Dropout):
    def call(self, inputs, training=False):
        return inputs * 0.5


def named_as_dropout_before_zeros():
    model = network(Dropout(0.5))
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 0)
    return model


def activation_with_weights():
    return network(activation=layers.PReLU(shared_axes=[1, 2]))


def own_lambda():
    return network(layers.Lambda(lambda x: keras.ops.square(x)))


def brightness():
    return network(layers.RandomBrightness(0.1, value_range=(0, 1)))


class Scaled(layers.Layer):
    def call(self, inputs):
        return inputs * 0.5


def own_layer():
    return network(Scaled())


class OwnModel(keras.Model):
    pass


def own_model():
    plain = network()
    return OwnModel(plain.inputs, plain.outputs)


class Unspeakable(layers.Layer):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.kernel = self.add_weight(shape=(3,), name="kernel")

    def call(self, inputs):
        return inputs * self.kernel

    def get_config(self):
        raise RuntimeError("no words for it")

    def save_own_variables(self, store):
        raise RuntimeError("no place for it")


def unsavable():
    return network(Unspeakable())


def another_each_time():
    return network(layers.Conv2D(random.SystemRandom().randint(3, 10**4), 1, activation=doubled_swish))
"""

SHORT = ("--dataset", "digits", "--limit-train", "32", "--epochs", "1", "--no-accelerate")
NEED_CODE = [
    "own_activation",
    "own_lambda",
    "brightness",
    "own_layer",
    "own_model",
    "activation_with_weights",
]
# As Keras calls something else, which does the same for many numbers.
NAMESAKES = ["named_as_gelu", "named_as_relu", "named_as_dropout_before_zeros"]


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


def train(function: str, *options: str) -> Result:
    return eip("train", "--model", f"own.py:{function}", *SHORT, "--run-dir", "run", *options)


@pytest.fixture(autouse=True)
def own_networks() -> None:
    Path("own.py").write_text(OWN, encoding="utf-8")


@pytest.mark.parametrize("function", [*NEED_CODE, *NAMESAKES])
def test_what_its_file_cannot_rebuild_is_read_with_its_code(function: str) -> None:
    trained = train(function, "--format", "json")
    assert trained.exit_code == 0, trained.stderr
    assert "read with its code" in trained.stderr
    assert json.loads(trained.stdout)["needs_code"] is True
    evaluated = eip("evaluate", "run/final.h5", "--format", "json")
    assert evaluated.exit_code == 0, evaluated.stderr
    assert json.loads(evaluated.stdout)["accuracy"] == json.loads(trained.stdout)["final_accuracy"]


def test_the_way_to_read_such_a_file_by_itself_is_said() -> None:
    assert train("own_activation").exit_code == 0
    Path("run/final.h5").rename("alone.h5")
    refused = eip("evaluate", "alone.h5", "--dataset", "digits")
    assert "such as that of 'doubled_swish'" in refused.stderr
    assert "name the function that builds the network with --model" in refused.stderr
    assert (
        eip("evaluate", "alone.h5", "--dataset", "digits", "--model", "own.py:own_activation").exit_code == 0
    )


def test_the_whole_program_works_on_such_a_run() -> None:
    assert train("own_activation").exit_code == 0
    assert eip("train", "--resume", "run", "--epochs", "2").exit_code == 0
    assert eip("report", "run").exit_code == 0
    assert eip("compare-baseline", "run", "run/checkpoint.h5").exit_code == 0
    assert eip("summary", "run").exit_code == 0


def test_a_plain_network_needs_no_code() -> None:
    trained = train("network", "--format", "json")
    assert json.loads(trained.stdout)["needs_code"] is False
    assert "with its code" not in trained.stderr
    Path("own.py").unlink()
    assert eip("evaluate", "run").exit_code == 0


def test_code_that_has_changed_or_gone_is_asked_for() -> None:
    assert train("own_layer").exit_code == 0
    Path("own.py").write_text(OWN + "\n", encoding="utf-8")
    assert "which has changed since: name it with --model" in eip("evaluate", "run").stderr
    named = eip("evaluate", "run", "--model", "own.py:own_layer")
    assert named.exit_code == 0, named.stderr
    Path("own.py").unlink()
    assert "which is not here: name it with --model" in eip("evaluate", "run").stderr


def test_code_that_was_moved_is_named_once_for_all_commands() -> None:
    assert train("own_layer").exit_code == 0
    Path("own.py").rename("moved.py")
    assert "(eip evaluate run/checkpoint.h5 --model ..., once)" in eip("report", "run").stderr
    assert eip("evaluate", "run", "--model", "moved.py:own_layer").exit_code == 0
    for command in (["evaluate", "run"], ["report", "run"], ["summary", "run"]):
        result = eip(*command)
        assert result.exit_code == 0, result.stderr


def test_the_code_that_a_strangers_run_names_is_not_run() -> None:
    assert train("own_layer").exit_code == 0
    shutil.rmtree("cache")  # as on a machine where it was never trained
    Path("own.py").write_text(OWN + "\nopen('was-run', 'w')\n", encoding="utf-8")
    record_path = Run(Path("run")).record_path
    content = json.loads(record_path.read_text(encoding="utf-8"))
    from eip_cli.foundation.files import file_sha256

    content["sha256"][content["config"]["model"]] = file_sha256("own.py")
    record_path.write_text(json.dumps(content), encoding="utf-8")
    for command in (["evaluate", "run"], ["report", "run"], ["summary", "run"]):
        result = eip(*command)
        assert result.exit_code == 1
        assert "was not run here before: if you trust it, name it with --model" in result.stderr
    assert not Path("was-run").exists()


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("unsavable", "a training of .*own.py:unsavable would be lost: .*no (words|place) for it"),
        ("another_each_time", "could not be read back, neither from its file"),
    ],
)
def test_what_would_be_lost_is_refused_before_anything_is_written(function: str, message: str) -> None:
    refused = train(function)
    assert refused.exit_code == 1
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("Error: ")]
    assert re.search(message, line), line
    assert not Path("run").exists()
