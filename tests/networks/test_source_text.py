"""A network's code: it builds the same network, branches too, and says the truth behind each line."""

import re

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import build_model
from eip_cli.networks.source_text.network_text import write_commented_code, write_network_code
from eip_cli.networks.summary import summarize_model
from tests.support import branched_networks
from tests.support.places import EXAMPLES

layers = keras.layers


def shuffled_and_split() -> keras.Model:
    """Operations with and without settings, several outputs, numbers among the arguments."""
    image = keras.Input((8, 8, 4))
    one, other = keras.ops.split(image * 2 - 1, 2, axis=-1)
    joined = keras.ops.concatenate([layers.Conv2D(2, 3, padding="same")(one), -other], axis=-1)
    mean = keras.ops.mean(joined, axis=(1, 2), keepdims=True)
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(keras.ops.relu(joined) * mean)))


def shared() -> keras.Model:
    """One convolution called three times, and a whole network called twice."""
    image = keras.Input((8, 8, 2))
    conv = layers.Conv2D(2, 3, padding="same", name="again")
    block = keras.Sequential([keras.Input((8, 8, 2)), layers.Conv2D(2, 1), layers.ReLU(name="inner")])
    x = layers.Add()([conv(image), conv(conv(image)), block(image)])
    return keras.Model(image, layers.GlobalMaxPooling2D()(block(x)))


def nested_with_equal_names() -> keras.Model:
    """Two inner models with a layer of one name, and attention, which takes two tensors."""
    image = keras.Input((4, 4, 2))
    blocks = [keras.Sequential([keras.Input((4, 4, 2)), layers.Conv2D(2, 1, name="same")]) for _ in range(2)]
    x = layers.Multiply()([block(image) for block in blocks])
    x = layers.Reshape((16, 2))(x)
    return keras.Model(image, layers.Flatten()(layers.MultiHeadAttention(1, 2)(x, x)))


NETWORKS = {
    **KNOWN_NETWORKS,
    "A": branched_networks.residual,
    "B": branched_networks.gated_in_three_sizes,
    "C": branched_networks.gated_in_two_sizes,
    "example": lambda: build_model(f"{EXAMPLES / 'my_network.py'}:bottleneck"),
    "operations": shuffled_and_split,
    "shared": shared,
    "nested": nested_with_equal_names,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_code_builds_the_same_network(name: str) -> None:
    model = NETWORKS[name]()
    code = write_commented_code(model, summarize_model(model, name))
    names: dict[str, keras.Model] = {}
    exec(code, names)
    twin = names["model"]
    assert twin.count_params() == model.count_params()
    if name in ("shared", "nested"):  # written out, their weights may come in another order
        left = list(model.weights)
        for weight in twin.weights:
            same = next(one for one in left if (one.shape, one.name) == (weight.shape, weight.name))
            weight.assign(same)
            left = [one for one in left if one is not same]
    else:
        twin.set_weights(model.get_weights())
    images = np.random.default_rng(0).random((2, *model.input_shape[1:]), dtype="float32")
    np.testing.assert_array_equal(twin(images, training=False), model(images, training=False))
    if name in ("A", "B", "C", "example", "separable", "base"):
        assert [plain_config(layer) for layer in layers_of(twin)] == [
            plain_config(layer) for layer in layers_of(model)
        ]


def layers_of(model: keras.Model) -> list[keras.Layer]:
    return [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]


def plain_config(layer: keras.Layer) -> dict[str, object]:
    return {**layer.get_config(), "name": type(layer).__name__}


@pytest.mark.parametrize(
    ("name", "params", "field"), [("A", 58_965, 77), ("B", 58_837, 53), ("C", 58_861, 49)]
)
def test_the_networks_with_branches_are_those_that_were_counted(name: str, params: int, field: int) -> None:
    summary = summarize_model(NETWORKS[name](), name)
    assert (summary.total_params, summary.receptive_field) == (params, (field, field))


@pytest.mark.parametrize("name", NETWORKS)
def test_each_line_with_a_layer_has_its_figures(name: str) -> None:
    model = NETWORKS[name]()
    summary = summarize_model(model, name)
    code = write_commented_code(model, summary)
    said = re.findall(
        r"# (\S+), RF (?:the whole image|unknown|[\dx]+), ([\d,]+) parameters$", code, re.MULTILINE
    )
    assert len(said) == len(summary.layers)
    assert sum(int(params.replace(",", "")) for _, params in said) == summary.total_params
    fields = re.findall(r"RF ([\dx]+),", code)
    assert len(fields) == len([row for row in summary.layers if row.receptive_field])
    assert re.sub(r" *  # .*", "", code) == write_network_code(model)


def test_the_lines_are_those_of_the_assignment() -> None:
    code = write_commented_code(
        build_model("separable"), summarize_model(build_model("separable"), "separable")
    )
    assert re.search(r"name='conv2'\), +# 32x32x64, RF 5, 4,736 parameters$", code, re.MULTILINE)
    assert re.search(r"Flatten\(\), +# 10, RF the whole image, 0 parameters$", code, re.MULTILINE)


def test_branches_stand_together_and_names_are_used_again() -> None:
    code = write_network_code(branched_networks.gated_in_three_sizes()) or ""
    variables = re.findall(r"^(\w+) = ", code, re.MULTILINE)
    assert set(variables) == {"image", "x", "a", "b", "model"}
    assert "aaabbaaax" in "".join(variables[1:])
    assert "mask=" not in code
    assert "training=" not in code


def test_what_cannot_be_written_is_named() -> None:
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, layers.Lambda(lambda x: x, name="mine")(image))
    with pytest.raises(
        ModelError, match="plain Keras: layer 'mine': Lambda is not one of Keras's plain layers"
    ):
        write_commented_code(model, summarize_model(model, "model"))
