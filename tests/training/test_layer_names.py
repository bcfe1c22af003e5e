"""Layers called anything: built, saved, trained, continued, measured and reported under their names."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from eip_cli.cli import cli

NETWORK = """
import keras
layers = keras.layers

def named(first, second, whole):
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(4, 3, strides=4, name=first),
        layers.BatchNormalization(name=second),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax", name=first + " 2"),
    ], name=whole)

def spaces(): return named("my conv 1", "norm 1", "my net")
def umlauts(): return named("größe", "ß", "netz für Ü")
def signs(): return named("🔥", "[bold]100%:#1", "モデル")
def unprintable(): return named("conv\\x1b[31m", "norm\\n2", "net")
def nested():
    inner = keras.Sequential([layers.Conv2D(4, 3, strides=4, name="c 1")], name="inner ü")
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        inner,
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
    ])

def slash(): return named("block1/conv", "norm", "net")
def dots(): return named("..", "norm", "net")
"""


def eip(*arguments: str) -> str:
    result = CliRunner().invoke(cli, list(arguments), prog_name="eip")
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    ("function", "twin"),
    [
        *((name, "--no-accelerate") for name in ("spaces", "umlauts", "signs", "unprintable", "nested")),
        ("signs", "--accelerate"),
    ],
)
def test_a_network_works_whatever_its_layers_are_called(function: str, twin: str) -> None:
    Path("net.py").write_text(NETWORK)
    spec = f"net.py:{function}"
    for name in ("net.h5", "net.keras"):
        eip("build", spec, "-o", name)
        eip("summary", name)
    limits = ["--dataset", "digits", "--limit-train", "32", "--epochs", "1"]
    eip("train", "--model", spec, *limits, twin, "--run-dir", "r")
    eip("train", "--resume", "r", "--epochs", "2")
    eip("evaluate", "r")
    eip("report", "r")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("slash", "cannot contain character `/`"),
        ("dots", "has a layer named '..', which no model file holds"),
    ],
)
def test_a_name_that_cannot_be_saved_is_refused_before_anything_is_written(
    function: str, message: str
) -> None:
    Path("net.py").write_text(NETWORK)
    before = set(Path.cwd().iterdir())
    for arguments in (["train", "--dataset", "digits", "--model"], ["build", "-o", "net.h5"]):
        result = CliRunner().invoke(cli, [*arguments, f"net.py:{function}"], prog_name="eip")
        assert result.exit_code == 1
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert set(Path.cwd().iterdir()) <= before | {Path.cwd() / "__pycache__"}
