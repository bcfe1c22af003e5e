"""Rules that a network answers: kinds of layers, parameters, receptive field."""

from typing import Any

import keras
import numpy as np
import pytest

from eip_cli.networks.graphs import list_calls
from eip_cli.networks.model import build_model
from eip_cli.networks.summary import summarize_model
from eip_cli.rules.rule_set import load_rules, parse_rules
from eip_cli.rules.subject import Network, Subject

layers = keras.layers
SESSION3 = load_rules("session3")


def tiny(*middle: keras.Layer) -> keras.Sequential:
    """A small network with ``middle`` between its image and its classes."""
    return keras.Sequential(
        [keras.Input((32, 32, 3)), *middle, layers.GlobalAveragePooling2D(), layers.Dense(10, "softmax")]
    )


def look_at(model: keras.Model) -> Subject:
    return Subject(network=Network(tuple(list_calls(model)), summarize_model(model, "mine")))


def check(model: keras.Model) -> dict[str, tuple[bool | None, str]]:
    """What session 3 finds of a network alone, by the first word of each rule."""
    found = SESSION3.check(look_at(model))
    return {one.rule.split()[0]: (one.holds, " ".join([one.found, *one.names])) for one in found}


def ask(model: keras.Model, rule: str) -> tuple[str, str, bool | None]:
    """What one rule, as TOML, says of a network: its words, what was found, and whether it holds."""
    (found,) = parse_rules(f'title = "mine"\n[[rule]]\n{rule}', "mine.toml").check(look_at(model))
    return found.rule, " ".join([found.found, *found.names]), found.holds


@pytest.mark.parametrize(
    ("middle", "holds", "found"),
    [
        ([layers.SeparableConv2D(4, 3)], True, "1 of 1 convolutions are SeparableConv2D"),
        ([layers.SeparableConv2D(4, 3), layers.Conv2D(4, 3, name="plain")], False, "(Conv2D): plain"),
        ([layers.SeparableConv2D(4, 3), layers.Conv2D(4, 1, name="one")], False, "(Conv2D): one"),
        ([layers.Conv2DTranspose(4, 3, name="up")], False, "(Conv2DTranspose): up"),
        ([layers.DepthwiseConv2D(3, name="half")], False, "(DepthwiseConv2D): half"),
        ([layers.DepthwiseConv2D(3), layers.Conv2D(4, 1)], True, "1 pair of DepthwiseConv2D and 1x1 Conv2D"),
        (
            [layers.DepthwiseConv2D(3), layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(4, 1)],
            True,
            "1 pair of",
        ),
        (
            [layers.DepthwiseConv2D(3), layers.MaxPooling2D(), layers.Conv2D(4, 1)],
            False,
            "2 layers of another",
        ),
        ([layers.DepthwiseConv2D(3), layers.Conv2D(4, 3, name="three")], False, "three"),
        ([layers.DepthwiseConv2D(3), layers.Conv2D(6, 1, groups=3, name="split")], False, "split"),
        ([layers.SeparableConv2D(4, 3), layers.Dense(4, name="mix")], False, "(Dense): mix"),
        (
            [keras.Sequential([layers.Conv2D(4, 3, name="deep")], name="inner")],
            False,
            "inner/deep",
        ),
        ([layers.BatchNormalization()], False, "no convolution at all"),
    ],
)
def test_every_convolution_is_looked_at(middle: list[keras.Layer], holds: bool, found: str) -> None:
    held, said = check(tiny(*middle))["Depthwise"]
    assert held is holds
    assert found in said


def test_of_a_layer_of_ones_own_with_weights_nothing_can_be_said() -> None:
    class Mixer(keras.layers.Layer):
        def build(self, shape: tuple[int, ...]) -> None:
            self.kernel = self.add_weight(shape=(3, 3))

        def call(self, images: Any) -> Any:
            return images

    found = check(tiny(layers.SeparableConv2D(4, 3), Mixer(name="mixer")))
    assert found["Depthwise"] == (None, "layers that may be convolutions: mixer")


def test_a_network_without_batch_normalization_or_dropout_is_found_out() -> None:
    found = check(tiny(layers.SeparableConv2D(4, 3), layers.LayerNormalization()))
    assert found["Batch"] == (False, "no BatchNormalization layers")
    assert found["Dropout"] == (False, "no dropout layers")


def test_dropout_of_rate_0_is_none() -> None:
    found = check(tiny(layers.Dropout(0.0, name="idle")))
    assert found["Dropout"] == (False, "no dropout layers; rate 0, so idle: idle")
    found = check(tiny(layers.Dropout(0.0, name="idle"), layers.SpatialDropout2D(0.2)))
    assert found["Dropout"] == (True, "1 dropout layer, rate 0.2; rate 0, so idle: idle")


@pytest.mark.parametrize(("filters", "holds"), [(7_141, True), (7_142, False)])
def test_100_000_parameters_are_too_many(filters: int, holds: bool) -> None:
    # SeparableConv2D on 3 channels: 3 + 3 f + f; then 10 f + 10: 14 f + 13 in all.
    found = check(tiny(layers.SeparableConv2D(filters, 1)))
    assert found["Fewer"] == (holds, f"{14 * filters + 13:,} parameters")


@pytest.mark.parametrize(
    ("rule", "words", "found", "holds"),
    [
        ("kind='layers'\nlayer='dense'\nat_most=0", "No dense layer", "1 dense layer: out", False),
        (
            "kind='layers'\nlayer='max-pooling'\nat_most=0",
            "No max pooling layer",
            "no max pooling layers",
            True,
        ),
        (
            "kind='layers'\nlayer='dilated-convolution'",
            "Dilated convolution",
            "1 dilated convolution",
            True,
        ),
        (
            "kind='layers'\nlayer='dilated-convolution'\nat_least=2",
            "At least 2 dilated convolutions",
            "1 dilated convolution",
            False,
        ),
        ("kind='layers'\nlayer='separable-convolution'", "Separable convolution", "1 depthwise", True),
        ("kind='layers'\nlayer='pointwise-convolution'", "Pointwise convolution", "1 1x1 convolution", True),
        (
            "kind='layers'\nlayer='strided-convolution'",
            "Strided convolution",
            "no strided convolutions",
            False,
        ),
        ("kind='layers'\nlayer='skip-connection'", "Skip connection", "no skip connections", False),
        ("kind='layers'\nlayer='global-average-pooling'", "Global average pooling", "1 global", True),
        (
            "kind='convolutions'\nonly=['separable', 'pointwise']",
            "Depthwise separable and pointwise convolutions only",
            "1 layer of another kind (Conv2D): wide",
            False,
        ),
        (
            "kind='convolutions'\nonly=['ordinary', 'pointwise']",
            "Ordinary and pointwise convolutions only",
            "1 separable convolution: sep",
            False,
        ),
        (
            "kind='convolutions'\nonly=['separable', 'pointwise', 'ordinary']",
            "Depthwise separable and pointwise and ordinary convolutions only",
            "1 of 1 convolutions are SeparableConv2D; 1 pointwise convolution; 1 ordinary convolution",
            True,
        ),
        ("kind='receptive-field'\nabove=7", "Receptive field above 7", "7 pixels", False),
        ("kind='receptive-field'\nat_least=7", "Receptive field at least 7", "7 pixels", True),
        ("kind='parameters'\nat_most=1000\ncount='trainable'", "At most 1,000 trainable", "trainable", True),
    ],
)
def test_each_kind_of_rule_looks_at_the_network(rule: str, words: str, found: str, holds: bool) -> None:
    model = tiny(
        layers.SeparableConv2D(4, 3, name="sep"),
        layers.Conv2D(4, 1, name="one"),
        layers.Conv2D(4, 3, dilation_rate=2, name="wide"),
    )
    model.layers[-1].name = "out"
    said, seen, held = ask(model, rule)
    assert said.startswith(words)
    assert seen.startswith(found) or found in seen
    assert held is holds


def test_what_is_forbidden_does_not_hide_in_a_wrapper() -> None:
    image = keras.Input((32, 32, 3))
    rows = layers.Flatten()(layers.TimeDistributed(layers.Dense(4), name="rows")(image))
    model = keras.Model(image, layers.Activation("softmax")(rows))
    rule = "kind='layers'\nlayer='dense'\nat_most=0"
    assert ask(model, rule)[1:] == ("no dense layers in sight, but layers that may hold some: rows", None)


def test_a_product_of_tensors_may_be_a_convolution_and_constants_count_as_parameters() -> None:
    image = keras.Input((32, 32, 3))
    mixed = keras.ops.matmul(image, np.ones((3, 3), "float32"))
    wide = keras.ops.multiply(mixed, np.ones((32, 32, 3), "float32"))
    found = check(keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(wide))))
    assert found["Depthwise"] == (None, "layers that may be convolutions: matmul")
    assert found["Fewer"][1] == "40 parameters, and 3,072 constants that do the work of some"
    rule = "kind='parameters'\nbelow=100"
    assert ask(keras.Model(image, layers.Dense(10)(layers.Flatten()(wide))), rule)[2] is False


def test_pooling_and_shortcuts_count_however_they_are_written() -> None:
    image = keras.Input((32, 32, 3))
    inner = layers.SeparableConv2D(4, 3, padding="same")(image)
    joined = inner + layers.SeparableConv2D(4, 3, padding="same")(inner)
    model = keras.Model(image, keras.ops.max_pool(joined, 2))
    assert ask(model, "kind='layers'\nlayer='skip-connection'")[2] is True
    assert ask(model, "kind='layers'\nlayer='max-pooling'\nat_most=0")[2] is False
    twice = layers.Add()([inner, inner])
    assert ask(keras.Model(image, twice), "kind='layers'\nlayer='skip-connection'")[2] is False


def test_an_average_over_all_that_is_left_is_global() -> None:
    rule = "kind='layers'\nlayer='global-average-pooling'"
    image = keras.Input((32, 32, 3))
    pooled = layers.AveragePooling2D(32, name="all")(image)
    assert ask(keras.Model(image, layers.Flatten()(pooled)), rule)[2] is True
    pooled = layers.AveragePooling2D(16, name="half")(image)
    assert ask(keras.Model(image, layers.Flatten()(pooled)), rule)[2] is False


def test_a_receptive_field_is_judged_along_both_sides() -> None:
    tall = tiny(layers.SeparableConv2D(4, (9, 3), name="tall"))
    assert ask(tall, "kind='receptive-field'\nat_least=5")[1:] == ("9x3 pixels", False)


def test_parameters_that_are_stated_are_said_to_be() -> None:
    stated = Subject(no_network="predictions alone", stated_params=99_999)
    found = {one.rule.split()[0]: (one.holds, one.found) for one in SESSION3.check(stated)}
    assert found["Fewer"] == (True, "99,999 parameters, as stated: not counted")
    assert found["Batch"] == (None, "predictions alone")
    unknown = {one.rule.split()[0]: one.holds for one in SESSION3.check(Subject())}
    assert unknown == dict.fromkeys(unknown)


def test_the_known_networks_and_session_7() -> None:
    rules = load_rules("session7")
    found = {one.rule.split()[0]: one.holds for one in rules.check(look_at(build_model("separable")))}
    assert found == {
        "Receptive": False,  # 44 is not above 44
        "Separable": True,
        "Dilated": False,
        "Global": False,
        "Fewer": True,
        "Final": None,
    }
