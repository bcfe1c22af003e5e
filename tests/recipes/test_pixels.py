"""Pixels: bytes made into the numbers that a network was made for."""

import numpy as np
import pytest

from eip_cli.foundation.errors import TrainingError
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.pixels import PIXEL_FORMS, is_pixel_form, make_pixel_scale

BYTES = np.array([[[[0, 51, 255]]]], np.uint8)


def scaled(form: str) -> np.ndarray:
    return make_pixel_scale(form, lambda: ((0.2, 0.4, 0.6), (0.1, 0.2, 0.4))).apply(BYTES)


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("0-1", [0, 0.2, 1]),
        ("0-255", [0, 51, 255]),
        ("-1-1", [-1, -0.6, 1]),
        ("standardised", [-2, -1, 1]),
        ("standardised=0.5/0.25", [-2, -1.2, 2]),
        ("standardised=0,0.2,.5/1,1,0.5", [0, 0, 1]),
    ],
)
def test_each_form_makes_its_numbers_of_bytes(form: str, values: list[float]) -> None:
    assert scaled(form).dtype == np.float32
    assert scaled(form)[0, 0, 0] == pytest.approx(values, abs=1e-6)


def test_pixels_up_to_one_are_the_bytes_over_255_to_the_bit() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    assert np.array_equal(
        make_pixel_scale("0-1", lambda: ((), ())).apply(every), every.astype("float32") / np.float32(255)
    )


def test_a_channel_that_is_the_same_everywhere_is_not_divided_by_nothing() -> None:
    black = make_pixel_scale("standardised", lambda: ((0.0,), (0.0,)))
    assert np.array_equal(black.apply(np.zeros((1, 2, 2, 3), np.uint8)), np.zeros((1, 2, 2, 3)))


def test_the_numbers_behind_standardised_are_named() -> None:
    scale = make_pixel_scale("standardised", lambda: ((0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)))
    assert str(scale) == ("standardised (mean 0.4914 0.4822 0.4465, deviation 0.2470 0.2435 0.2616, of 0-1)")


@pytest.mark.parametrize(
    "text", ["", "0-2", "standardised=", "standardised=1", "standardised=1/0", "standardised=1,2/3", "0-1 "]
)
def test_what_is_no_form_is_refused(text: str) -> None:
    assert not is_pixel_form(text)
    with pytest.raises(TrainingError, match="no pixels"):
        TrainConfig(pixels=text)


def test_numbers_by_channel_fit_images_of_as_many_channels_alone() -> None:
    coloured = make_pixel_scale("standardised=0,0.2,.5/1,1,0.5", lambda: ((), ()))
    coloured.require_channels(3)
    with pytest.raises(TrainingError, match="have 3 means, and these images 1 channel: give as many, or one"):
        coloured.require_channels(1)
    make_pixel_scale("standardised=0.5/0.25", lambda: ((), ())).require_channels(3)


def test_every_form_is_one() -> None:
    assert all(is_pixel_form(form) and TrainConfig(pixels=form).pixels == form for form in PIXEL_FORMS)
