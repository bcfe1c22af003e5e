"""The effective receptive field: known answers, and never beyond the theoretical one."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.receptive_field.effective import EffectiveField, measure_effective_field
from tests.networks.test_receptive_field_by_gradient import SETTINGS, Recipe
from tests.support import branched_networks, networks

layers = keras.layers


def images_for(model: keras.Model, number: int = 3) -> np.ndarray:
    return np.random.default_rng(0).random((number, *model.input_shape[1:]), dtype="float32")


def measured(model: keras.Model) -> EffectiveField:
    return measure_effective_field(model, "network", images_for(model))


def averaging(*kernels: int) -> keras.Model:
    image = x = keras.Input((15, 15, 1))
    for kernel in kernels:
        x = layers.AveragePooling2D(kernel, strides=1, padding="valid")(x)
    return keras.Model(image, x)


def test_one_window_counts_each_of_its_pixels_alike() -> None:
    field = measured(averaging(5))
    assert (field.unit, field.spans) == ((5, 5), ((5, 9), (5, 9)))
    assert field.weights[5:10, 5:10] == pytest.approx(1 / 25)
    assert (field.pixels, field.pixels_95, field.share) == (25, 24, 0.96)


def test_two_windows_weigh_the_middle_most() -> None:
    triangle = np.array([1, 2, 3, 2, 1]) / 9
    field = measured(averaging(3, 3))
    np.testing.assert_allclose(field.weights[5:10, 5:10], np.outer(triangle, triangle), atol=1e-6)
    weights = np.sort(np.outer(triangle, triangle).ravel())[::-1]
    assert field.pixels_95 == int((np.cumsum(weights) < 0.95).sum()) + 1


def test_of_an_even_map_it_is_the_lower_right_of_the_middle_four() -> None:
    image = keras.Input((8, 8, 1))
    field = measured(keras.Model(image, layers.AveragePooling2D(2)(image)))
    assert (field.unit, field.spans) == ((2, 2), ((4, 5), (4, 5)))


def is_inside(field: EffectiveField) -> bool:
    assert field.spans is not None
    (top, bottom), (left, right) = field.spans
    outside = field.weights.copy()
    outside[max(top, 0) : bottom + 1, max(left, 0) : right + 1] = 0
    return not outside.any()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the recipes are TensorFlow's")
@settings(SETTINGS, max_examples=15)
@given(st.data())
def test_it_lies_inside_the_theoretical_field_on_random_networks(data: st.DataObject) -> None:
    model = Recipe(data.draw, max_pooling=data.draw(st.booleans())).network()
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape).astype("float32"))
    try:
        field = measure_effective_field(model, "random", images_for(model, 1))
    except ModelError as error:
        assert "gradient" in str(error)  # of a unit that only padding reaches
        return
    if field.spans is not None:
        assert is_inside(field)
        assert 1 <= field.pixels_95 <= field.pixels
    assert field.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("build", [branched_networks.residual, branched_networks.gated_in_two_sizes])
def test_it_lies_inside_the_theoretical_field_of_networks_with_branches(
    build: Callable[[], keras.Model],
) -> None:
    assert is_inside(measured(build()))


def test_layers_of_inner_networks_and_dilated_ones_are_measured() -> None:
    inner = keras.Sequential([keras.Input((15, 15, 2)), layers.Conv2D(2, 3, dilation_rate=3, name="last")])
    image = keras.Input((15, 15, 2))
    x = layers.GlobalAveragePooling2D()(inner(image))
    field = measured(keras.Model(image, x))
    assert field.layer.endswith("/last")
    assert field.spans == ((4, 10), (4, 10))
    assert np.count_nonzero(field.weights) == 9


def test_where_maps_see_the_whole_image_the_last_map_is_measured() -> None:
    field = measured(networks.excited())
    assert (field.layer[:8], field.spans, field.pixels) == ("multiply", None, 32 * 32)


def test_what_nothing_reaches_is_said() -> None:
    image = keras.Input((8, 8, 1))
    dead = layers.Conv2D(1, 3, activation="relu", bias_initializer=keras.initializers.Constant(-1e6))(image)
    with pytest.raises(ModelError, match="centre is zero for all 3 images"):
        measured(keras.Model(image, dead))
    with pytest.raises(ModelError, match="no layer sees less than the whole image"):
        measured(keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(image))))
    with pytest.raises(ModelError, match="no receptive field for layer"):
        measured(networks.unknown_layer())
