"""The sanity check: weights as if never trained, and ranks that agree or do not."""

import random

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.inspection.random_weights import correlate_maps, draw_weights
from eip_cli.networks.model import build_model
from tests.support import networks

layers = keras.layers


def test_they_depend_on_the_seed_alone_and_touch_no_other_random_numbers() -> None:
    model = networks.tiny()
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    first = draw_weights(model)
    assert (random.random(), np.random.random()) == expected
    model.set_weights([weight + 1 for weight in model.get_weights()])
    for one, again, other in zip(
        first, draw_weights(networks.tiny()), draw_weights(model, seed=1), strict=True
    ):
        np.testing.assert_array_equal(one, again)
        assert one.ndim == 1 or np.abs(one - other).max() > 0


def test_they_are_what_the_layers_initializers_give() -> None:
    model = build_model("separable")
    for variable, drawn, built in zip(model.weights, draw_weights(model), model.get_weights(), strict=True):
        assert drawn.shape == built.shape
        if drawn.ndim == 1:
            np.testing.assert_array_equal(drawn, built)  # zeros and ones
        else:
            assert drawn.std() == pytest.approx(built.std(), rel=0.25), variable.path


def test_they_reach_nested_models_and_keep_their_own_initializers() -> None:
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3, kernel_initializer="ones")])
    model = keras.Sequential([keras.Input((8, 8, 3)), inner, layers.Flatten(), layers.Dense(10)])
    model.set_weights([np.full(weight.shape, 7.0) for weight in model.get_weights()])
    drawn = draw_weights(model)
    assert set(drawn[0].ravel()) == {1.0}
    assert not any((weight == 7).any() for weight in drawn)


def test_ranks_are_compared_and_maps_without_ranks_are_left_out() -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((3, 5, 5))
    assert correlate_maps(maps, [np.exp(maps)]).correlation == pytest.approx(1)
    assert correlate_maps(maps, [-maps]).correlation == pytest.approx(-1)
    others = maps.copy()
    others[1] = 0
    check = correlate_maps(maps, [others, others])
    assert (check.correlation, check.n, check.constant) == (pytest.approx(1), 2, 1)
    assert correlate_maps(maps, [others, -maps]).correlation == pytest.approx((0 - 1 + 0) / 3)
    nothing = correlate_maps(maps, [np.zeros_like(maps)])
    assert (nothing.correlation, nothing.n, nothing.constant) == (None, 0, 3)


def test_signs_that_cancel_do_not_hide_that_maps_are_alike() -> None:
    maps = np.random.default_rng(0).random((40, 7, 7))
    check = correlate_maps(maps, [maps, -maps])
    assert check.correlation == pytest.approx(0)
    assert check.absolute == pytest.approx(1)
    assert check.chance == pytest.approx(
        np.sqrt(2 / np.pi / 48), rel=0.3
    )  # the mean size of a normal deviate
    assert correlate_maps(maps[:1], [maps[:1]]).chance is None
