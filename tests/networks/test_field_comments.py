"""Comments on receptive fields: what they state, and whether the layers of their lines have it."""

from pathlib import Path

import pytest

from eip_cli.networks.model import build_model
from eip_cli.networks.source_text.field_comments import read_field
from eip_cli.networks.source_text.layer_lines import noting_layer_lines
from eip_cli.networks.source_text.stated_fields import StatedField, check_stated_fields
from eip_cli.networks.summary import summarize_model


@pytest.mark.parametrize(
    ("comment", "size"),
    [
        ("# RF 5", 5),
        ("# RF: 5x5", 5),
        ("#rf=5", 5),
        ("# receptive field 7", 7),
        ("#RF = 14", 14),
        ("# Receptive Field - 5", 5),
        ("# R.F. = 10x10", 10),
        ("# 32x32x64 RF=5", 5),
        ("# 32x32x64, RF 5, 4,736 parameters", 5),
        ("# Output: 26x26x64, RF: 5*5", 5),
        ("# output 28 \N{MULTIPLICATION SIGN} 28, RF 5 \N{MULTIPLICATION SIGN} 7", (5, 7)),
        ("# RF(7x7)", 7),
        ("# RF: 5x5x64", 5),
        ("# rf_out=9", 9),
        ("# the receptive field is 11 now", 11),
        ("# global receptive field: 44 pixels", 44),
        ("# LRF 3x3, GRF 7x7", 7),
        ("# RF in: 3, RF out: 5", 5),
        ("# RF 5 -> 9", 9),
        ("# RF = 5 + (3 - 1)*2 = 9", 9),
        ("# RF:1+(3-1)*1=3, n=32", 3),
        ("# 5x5 RF", 5),
        ("# 28x28 | 7x7 receptive field", 7),
        ("# RF", None),
        ("# RF: whole image", None),
        ("# local receptive field 3x3", None),
        ("# RF 3+2", None),
        ("# RF of 5 to 7", None),
        ("# RF 5%", None),
        ("# RF 5.5", None),
        ("# surf 5, perf 6", None),
        ("# 64 filters of 3x3", None),
    ],
)
def test_the_forms_of_public_notebooks_are_read(comment: str, size: int | tuple[int, int] | None) -> None:
    assert read_field(comment) == ((size, size) if isinstance(size, int) else size)


SEQUENTIAL = """
import keras
from keras.layers import Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D

def network():
    model = keras.Sequential([keras.Input((32, 32, 3))])
    model.add(Conv2D(16, 3))  # 30x30x16 RF 3
    model.add(Conv2D(16, 3))  # 28x28x16 RF: 7x7
    # RF 6
    model.add(MaxPooling2D())
    model.add(Conv2D(
        16,
        3,
    ))  # RF = 9
    for filters in (16, 16):
        model.add(Conv2D(filters, 3))  # RF 18
    model.add(GlobalAveragePooling2D())  # RF 32x32
    model.add(Dense(10, activation="softmax"))  # RF 20
    rate = 0.1  # RF 99
    return model

def other():
    return Conv2D(16, 3)  # RF 1000
"""
FUNCTIONAL = """
import keras
from keras import layers

SHARED = layers.Conv2D(4, 3, padding="same")

def convolve(x):
    x = layers.SeparableConv2D(4, 3, padding="same")(x)  # RF: 7
    return layers.ReLU()(layers.BatchNormalization()(x))

def network():
    image = keras.Input((32, 32, 3))
    x = convolve(image)  # RF 3
    x = convolve(x)  # RF 7
    x = layers.Add()([x,
                      convolve(x)])  # RF 7
    y = x + x  # RF 7
    y = SHARED(y)  # RF 9
    y = SHARED(y)  # RF 12
    inner = keras.Sequential([keras.Input((32, 32, 4)), layers.Conv2D(3, 3), layers.Conv2D(3, 3)])
    y = inner(y)  # RF 15
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(y)))
"""


def checked(source: str, folder: Path) -> dict[int, StatedField]:
    file = folder / "net.py"
    file.write_text(source, encoding="utf-8")
    with noting_layer_lines(file) as lines:
        model = build_model(f"{file}:network")
    return {one.line: one for one in check_stated_fields(model, summarize_model(model, "net"), lines)}


def lines_that(stated: dict[int, StatedField], agree: bool | None) -> list[int]:
    return [line for line, one in stated.items() if one.agrees is agree]


def test_comments_are_held_against_the_layers_of_their_lines(tmp_path: Path) -> None:
    stated = checked(SEQUENTIAL, tmp_path)
    assert lines_that(stated, True) == [7, 9, 16, 17]
    assert lines_that(stated, False) == [8, 14, 18]
    assert lines_that(stated, None) == [19]  # no layer; and code that was not run is left out
    assert (stated[8].says, stated[8].fields, len(stated[8].layers)) == ((7, 7), ((5, 5),), 1)
    assert stated[14].fields == ((10, 10),)
    assert stated[16].fields == ((14, 14), (18, 18))
    assert stated[18].fields == (None,)


def test_helpers_shared_layers_and_inner_networks_are_followed(tmp_path: Path) -> None:
    stated = checked(FUNCTIONAL, tmp_path)
    assert lines_that(stated, False) == [14, 19]
    assert lines_that(stated, None) == []
    assert stated[14].says == (7, 7)
    assert set(stated[14].fields) == {(5, 5)}
    assert stated[21].fields == ((15, 15),)


def test_keras_is_left_as_it_was(tmp_path: Path) -> None:
    import keras

    before = keras.Operation.__init__, keras.layers.Layer.__call__
    with pytest.raises(ZeroDivisionError), noting_layer_lines(tmp_path / "net.py"):
        assert keras.Operation.__init__ is not before[0]
        raise ZeroDivisionError
    assert (keras.Operation.__init__, keras.layers.Layer.__call__) == before
