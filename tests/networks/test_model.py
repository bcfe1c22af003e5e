"""The two networks of the report, layer by layer, and networks of a user's own."""

from collections.abc import Callable

import numpy as np
import pytest

from eip_cli.checkpoints.identification import find_known_network
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.foundation.problem import Problem
from eip_cli.networks.graphs import list_calls
from eip_cli.networks.known import KNOWN_NETWORKS, build_base, build_separable
from eip_cli.networks.model import build_model, require_classifier
from eip_cli.networks.residual import build_quick, build_residual
from eip_cli.networks.summary import summarize_model
from eip_cli.rules.rule_set import load_rules
from eip_cli.rules.subject import Network, Subject
from tests.support.places import NETWORKS

SESSION3 = load_rules("session3")


def test_separable_has_the_reports_parameters() -> None:
    model = build_separable()
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert (model.count_params(), trainable) == (58_965, 57_793)


def test_separable_has_the_reports_layers_in_order() -> None:
    block, dropped = ["SeparableConv2D", "BatchNormalization"], ["Dropout"]
    pool = ["AveragePooling2D"]
    expected = block + (block + dropped) * 2 + pool + (block + dropped) * 4 + pool
    expected += ["SeparableConv2D", "Flatten", "Activation"]
    assert [type(layer).__name__ for layer in build_separable().layers] == expected


def test_every_separable_convolution_is_3x3_with_bias_and_relu_inside() -> None:
    convolutions = [
        layer for layer in build_separable().layers if isinstance(layer, keras.layers.SeparableConv2D)
    ]
    assert [layer.filters for layer in convolutions] == [64, 64, 64, 128, 128, 128, 10, 10]
    assert [layer.padding for layer in convolutions] == ["same"] * 6 + ["valid"] * 2
    assert [layer.strides for layer in convolutions] == [(1, 1)] * 6 + [(2, 2), (1, 1)]
    for layer in convolutions:
        assert layer.kernel_size == (3, 3)
        assert layer.use_bias
        assert layer.activation is keras.activations.relu
        assert isinstance(layer.depthwise_initializer, keras.initializers.GlorotUniform)
        assert isinstance(layer.pointwise_initializer, keras.initializers.GlorotUniform)


def test_separable_normalizes_as_keras_does_and_drops_a_quarter() -> None:
    for layer in build_separable().layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert (layer.momentum, layer.epsilon) == (0.99, 0.001)
        if isinstance(layer, keras.layers.Dropout):
            assert layer.rate == 0.25


def test_base_has_the_published_parameters_layer_by_layer() -> None:
    model = build_base()
    weighted = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert weighted == [1_344, 20_784, 41_568, 83_040, 166_080, 331_968, 393_728, 131_328, 2_570]
    assert model.count_params() == 1_172_410
    assert not model.non_trainable_weights


def test_base_alternates_same_and_valid_and_drops_a_quarter_then_half() -> None:
    layers = build_base().layers
    convolutions = [layer for layer in layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.padding for layer in convolutions] == ["same", "valid"] * 3
    rates = [layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.25, 0.25, 0.25, 0.5, 0.5]


@pytest.mark.parametrize("name", ["separable", "base"])
def test_a_network_gives_ten_probabilities(name: str) -> None:
    outputs = np.asarray(build_model(name)(np.zeros((2, 32, 32, 3), "float32")))
    assert outputs.shape == (2, 10)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-6)


def test_initial_weights_follow_from_the_seed_alone() -> None:
    first, again, other = (build_model("separable", seed).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    ("name", "input_shape", "classes", "parameters"),
    [
        ("separable", (32, 32, 3), 10, 58_965),
        ("separable", (28, 28, 1), 10, 58_819),
        ("separable", (32, 32, 3), 100, 81_735),
        ("base", (32, 32, 3), 10, 1_172_410),
        ("base", (28, 28, 1), 10, 876_634),
        ("base", (32, 32, 3), 100, 1_195_540),
    ],
)
def test_a_known_network_takes_the_images_and_classes_of_a_data_set(
    name: str, input_shape: tuple[int, int, int], classes: int, parameters: int
) -> None:
    model = build_model(name, 0, input_shape, classes)
    require_classifier(model, name, Problem(input_shape, classes))
    assert model.count_params() == parameters


@pytest.mark.parametrize("name", ["separable", "base"])
def test_a_known_network_without_room_in_the_images_says_so(name: str) -> None:
    with pytest.raises(ModelError, match=rf"^{name} takes no images of \(8, 8, 3\): ") as refusal:
        build_model(name, 0, (8, 8, 3))
    assert "\n" not in str(refusal.value)


def test_a_users_network_comes_from_a_file_or_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    from_file = build_model(f"{NETWORKS}:tiny")
    monkeypatch.chdir(NETWORKS.parent)
    from_module = build_model("networks:tiny")
    assert from_file.count_params() == from_module.count_params()
    require_classifier(from_file, "tiny")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "resnet",
            "no network 'resnet': use separable, base, residual, quick, file.py:function, or module:function",
        ),
        ("missing.py:build", "no file missing.py"),
        ("no_such_package.networks:build", "failed with ModuleNotFoundError"),
        (f"{NETWORKS}:absent", "has no function 'absent'"),
        (f"{NETWORKS}:layers", "has no function 'layers'"),
        (f"{NETWORKS}:broken", "failed with RuntimeError: the kernel is larger"),
        (f"{NETWORKS}:no_model", "returned str, not a Keras model"),
        (f"{NETWORKS}:not_built", "begin it with keras.Input((32, 32, 3))"),
    ],
)
def test_what_is_no_network_is_named_in_one_line(spec: str, message: str) -> None:
    with pytest.raises(ModelError) as refusal:
        build_model(spec)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("grey", "takes input of shape (32, 32, 1): (32, 32, 3) is needed"),
        ("twelve_classes", "gives output of shape (12,): (10,) is needed"),
        ("subclassed", "is a subclassed model, which .h5 files cannot hold"),
    ],
)
def test_a_network_that_does_not_fit_the_experiment_is_refused(function: str, message: str) -> None:
    model = build_model(f"{NETWORKS}:{function}")
    with pytest.raises(ModelError, match=r"^net ") as refusal:
        require_classifier(model, "net")
    assert message in str(refusal.value)


def test_what_is_needed_is_what_the_data_set_has() -> None:
    with pytest.raises(ModelError, match=r"input of shape \(32, 32, 3\): \(28, 28, 1\) is needed"):
        require_classifier(build_model("base"), "base", Problem((28, 28, 1), 10))
    with pytest.raises(ModelError, match=r"output of shape \(10,\): \(100,\) is needed"):
        require_classifier(build_model("base"), "base", Problem((32, 32, 3), 100))


@pytest.mark.parametrize(("build", "params"), [(build_residual, 52_538), (build_quick, 50_802)])
def test_residual_ones_are_separable_throughout_and_keep_the_reports_budget(
    build: Callable[[], keras.Model], params: int
) -> None:
    model = build()
    assert model.count_params() == params
    kinds = {type(layer).__name__ for layer in model.layers if layer.weights}
    assert kinds == {"SeparableConv2D", "BatchNormalization", "Dense"}
    found = SESSION3.check(
        Subject(network=Network(tuple(list_calls(model)), summarize_model(model, model.name)))
    )
    assert [one.holds for one in found[:4]] == [True] * 4


@pytest.mark.parametrize("name", KNOWN_NETWORKS)
def test_a_known_network_is_known_by_what_it_computes(name: str) -> None:
    model = KNOWN_NETWORKS[name]()
    assert find_known_network(keras.models.clone_model(model), KNOWN_NETWORKS) == name


def test_a_network_that_is_joined_otherwise_is_another() -> None:
    layers = keras.layers

    def subtract(layer: keras.Layer) -> keras.Layer:
        return layers.Subtract(name=layer.name) if layer.name == "stage3_add" else layer

    other = keras.models.clone_model(build_residual(), clone_function=subtract)
    assert find_known_network(other, KNOWN_NETWORKS) is None


def test_the_order_of_what_is_joined_is_part_of_a_network() -> None:
    layers = keras.layers

    def build(*problem: object, turned: bool = False) -> keras.Model:
        image = keras.Input((32, 32, 3))
        first, second = (
            layers.SeparableConv2D(4, 3)(image),
            layers.SeparableConv2D(4, 3, use_bias=False)(image),
        )
        joined = layers.Subtract()([second, first] if turned else [first, second])
        return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(joined)))

    assert find_known_network(build(), {"one": build}) == "one"
    assert find_known_network(build(turned=True), {"one": build}) is None
