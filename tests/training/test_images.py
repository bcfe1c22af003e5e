"""Augmentation: what each change does, and that each draw depends on seed, epoch and image alone."""

import numpy as np
import pytest

from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.backend import keras
from eip_cli.recipes.augmentation import parse_augmentation
from eip_cli.recipes.pixels import PIXEL_FORMS, UNIT_PIXELS, make_pixel_scale
from eip_cli.training.images import on_device, on_host
from eip_cli.training.images.batches import Batches
from eip_cli.training.images.draws import Draws, draw_uniform
from eip_cli.training.images.on_host import mix
from eip_cli.training.images.samples import draw_samples

MEAN = (0.5, 0.25, 0.75)
RANDOM = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3)).astype(np.uint8)
ALL = np.arange(64)


class AugmentedImages:
    """Images as an epoch sees them, all but mixed."""

    def __init__(self, images: np.ndarray, draws: Draws) -> None:
        self.images = images
        self.draws = draws

    def take(self, epoch: int, chosen: np.ndarray) -> np.ndarray:
        return on_host.apply_changes(self.images[chosen], self.draws.changes(epoch, chosen))


def draws(*words: str, seed: int = 0, images: np.ndarray = RANDOM) -> Draws:
    return Draws(parse_augmentation(words), images.shape, MEAN, seed)


def augmented(*words: str, seed: int = 0, images: np.ndarray = RANDOM) -> AugmentedImages:
    return AugmentedImages(images, draws(*words, seed=seed, images=images))


@pytest.mark.parametrize(
    "words", [("flip",), ("crop",), ("rotate",), ("cutout",), ("flip", "crop", "rotate", "cutout")]
)
def test_an_image_is_the_same_whatever_stands_beside_it(words: tuple[str, ...]) -> None:
    source = augmented(*words)
    whole = source.take(3, ALL)
    order = np.random.default_rng(1).permutation(64)
    pieces = np.concatenate([source.take(3, part) for part in np.array_split(order, 7)])
    assert np.array_equal(pieces, whole[order])
    assert np.array_equal(augmented(*words).take(3, ALL), whole)  # another process would draw the same


def test_grey_images_are_changed_as_coloured_ones_are() -> None:
    """Each of the three channels changes as an image of that channel alone, of another size too."""
    coloured = RANDOM[:, :28, :28]
    words = ("flip", "crop", "rotate", "cutout")
    together = augmented(*words, images=coloured).take(2, ALL)
    for channel in range(3):
        grey = coloured[..., channel : channel + 1]
        drawn = Draws(parse_augmentation(words), grey.shape, (MEAN[channel],), 0)
        changed = AugmentedImages(grey, drawn).take(2, ALL)
        np.testing.assert_array_equal(changed[..., 0], together[..., channel])
        on_accelerator = on_device.apply_changes(on_device.keep(grey), drawn.changes(2, ALL))
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(on_accelerator).astype(int), changed.astype(int), atol=1
        )


def test_samples_are_what_the_first_epochs_of_a_training_see() -> None:
    digits = load_dataset("digits")
    asked = parse_augmentation(("flip", "crop"))
    samples = draw_samples(digits, asked, seed=3)
    assert samples.class_names == digits.class_names
    assert samples.images.shape == (10, 9, 32, 32, 3)
    chosen = np.array(
        [
            np.flatnonzero((digits.train_images == image).all(axis=(1, 2, 3)))[0]
            for image in samples.images[:, 0]
        ]
    )
    assert digits.train_labels[chosen].tolist() == list(range(10))
    drawn = Draws(asked, digits.train_images.shape, digits.channel_statistics[0], 3)
    training = AugmentedImages(digits.train_images, drawn)
    for epoch in range(8):
        np.testing.assert_array_equal(samples.images[:, 1 + epoch], training.take(epoch, chosen))


def test_mixed_samples_are_between_two_images() -> None:
    digits = load_dataset("digits")
    mixed = draw_samples(digits, parse_augmentation(("mixup=1",)), seed=0, count=3, draws=2)
    assert mixed.images.shape == (3, 3, 32, 32, 3)
    assert not np.array_equal(mixed.images[:, 1], mixed.images[:, 0])


@pytest.mark.parametrize("words", [("flip",), ("crop",), ("rotate",), ("cutout",)])
def test_another_epoch_or_seed_draws_others(words: tuple[str, ...]) -> None:
    drawn = augmented(*words).take(0, ALL)
    assert not np.array_equal(drawn, augmented(*words).take(1, ALL))
    assert not np.array_equal(drawn, augmented(*words, seed=1).take(0, ALL))
    assert not np.array_equal(drawn, RANDOM)


def test_the_images_themselves_stay_as_they_are() -> None:
    before = RANDOM.copy()
    drawn = draws("flip", "crop", "rotate", "cutout")
    Batches(RANDOM, ALL, UNIT_PIXELS, drawn, on_accelerator=False).take(0, ALL)
    assert np.array_equal(RANDOM, before)


def test_draws_are_spread_evenly_and_apart_from_each_other() -> None:
    images = np.arange(20_000)
    one, other = (draw_uniform(0, 0, images, stream) for stream in (1, 2))
    assert np.histogram(one, 10, (0, 1))[0] == pytest.approx(2_000, abs=5 * np.sqrt(1_800))
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(20_000)
    assert abs(np.corrcoef(one, draw_uniform(0, 1, images, 1))[0, 1]) < 4 / np.sqrt(20_000)
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 4 / np.sqrt(20_000)


def test_flip_mirrors_half_of_the_images() -> None:
    drawn = augmented("flip").take(0, ALL)
    is_flipped = np.array(
        [np.array_equal(one, image[:, ::-1]) for one, image in zip(drawn, RANDOM, strict=True)]
    )
    is_same = np.array([np.array_equal(one, image) for one, image in zip(drawn, RANDOM, strict=True)])
    assert (is_flipped ^ is_same).all()
    assert 20 < is_flipped.sum() < 44


def test_alternating_flips_show_each_image_both_ways_in_two_epochs() -> None:
    first, second, third = (augmented("flip=alternating").take(epoch, ALL) for epoch in range(3))
    assert np.array_equal(second, first[:, :, ::-1])
    assert np.array_equal(third, first)


def test_crop_is_a_part_of_the_reflected_image() -> None:
    drawn = augmented("crop=4").take(0, ALL)
    padded = np.pad(RANDOM, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="reflect")
    places = {
        (row, column)
        for image, whole in zip(drawn, padded, strict=True)
        for row in range(9)
        for column in range(9)
        if np.array_equal(image, whole[row : row + 32, column : column + 32])
    }
    assert len(places) > 30  # of 81
    assert {row for row, _ in places} == {column for _, column in places} == set(range(9))


def test_cutout_fills_a_square_with_the_mean() -> None:
    drawn = augmented("cutout=8").take(0, ALL)
    changed = (drawn != RANDOM).any(axis=-1)
    assert (drawn[changed] == [128, 64, 191]).all()
    assert changed.sum(axis=(1, 2)).max() <= 64
    assert (changed.any(axis=2).sum(axis=1) <= 8).all()


def test_rotate_turns_around_the_centre() -> None:
    # On a slope of grey a turn by an angle changes the slope's direction by that angle.
    slope = np.tile(np.arange(0, 224, 7, dtype=np.uint8)[None, None, :, None], (64, 32, 1, 3))
    turned = augmented("rotate=10", images=slope).take(0, ALL).astype(float)[:, 6:26, 6:26, 0]
    down, right = (np.diff(turned, axis=axis).mean((1, 2)) for axis in (1, 2))
    expected = (2 * draw_uniform(0, 0, ALL, 4) - 1) * 10
    assert np.degrees(np.arctan2(down, right)) == pytest.approx(expected, abs=0.6)  # greys are whole numbers


def test_mixup_pairs_every_image_once_an_epoch() -> None:
    partners, share = draws("mixup=0.2").partners(0, ALL)
    assert sorted(partners) == list(range(64))
    assert ((share >= 0) & (share <= 1)).all()
    some, some_share = draws("mixup=0.2").partners(0, ALL[5:9])
    assert np.array_equal(some, partners[5:9])
    assert np.array_equal(some_share, share[5:9])
    many = draws("mixup=0.2", images=np.zeros((5_000, 1, 1, 1), np.uint8))
    drawn = many.partners(0, np.arange(5_000))[1]
    # Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)).
    assert drawn.mean() == pytest.approx(0.5, abs=0.03)
    assert drawn.var() == pytest.approx(1 / (4 * 1.4), abs=0.01)


def test_a_mixture_is_a_weighted_mean() -> None:
    one, other = np.ones((2, 2, 2, 1), np.float32), np.zeros((2, 2, 2, 1), np.float32)
    assert mix(one, other, np.array([0.25, 1], np.float32))[:, 0, 0, 0].tolist() == [0.25, 1]


def test_all_changes_take_less_than_a_twentieth_of_a_step() -> None:
    import time

    images = np.random.default_rng(2).integers(0, 256, (1_280, 32, 32, 3)).astype(np.uint8)
    source = augmented("flip", "crop", "cutout", images=images)
    seconds = []
    for epoch in range(10):
        began = time.perf_counter()
        source.take(epoch, np.arange(128))
        seconds.append(time.perf_counter() - began)
    # A step of the separable network at batch 128 takes 413 ms on two cores of a Zen 3 (examples/README.md).
    assert min(seconds) < 0.05 * 0.4


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ((), ()),
        (("none",), ()),
        (("crop", "flip"), ("flip", "crop=4")),
        (
            ("mixup", "cutout=4", "rotate=7.5", "flip=alternating"),
            ("flip=alternating", "rotate=7.5", "cutout=4", "mixup=0.2"),
        ),
    ],
)
def test_words_are_recorded_with_their_strengths_in_the_order_of_use(
    words: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    assert parse_augmentation(words).texts == texts
    assert parse_augmentation(texts).texts == texts


@pytest.mark.parametrize(
    "word",
    ["", "flop", "flip=2", "crop=0", "crop=1.5", "crop=99", "crop=", "rotate=nan", "mixup=-1", "none=1"],
)
def test_words_that_are_none_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"augmentation|needed"):
        parse_augmentation((word,))


def test_real_images_stay_images() -> None:
    digits = load_dataset("digits")
    source = augmented("flip", "crop", "rotate", "cutout", images=digits.train_images)
    drawn = source.take(0, np.arange(100))
    assert drawn.dtype == np.uint8
    assert drawn.shape == (100, 32, 32, 3)


def test_images_of_one_channel_are_changed_alike() -> None:
    grey = RANDOM[..., :1]
    words = ("flip", "crop", "rotate")
    drawn = augmented(*words, images=grey).take(0, ALL)
    assert np.array_equal(drawn, augmented(*words).take(0, ALL)[..., :1])


@pytest.mark.parametrize("words", [("flip",), ("crop",), ("flip", "crop=3", "cutout"), ("rotate=20",)])
def test_an_accelerator_changes_images_as_the_processor_does(words: tuple[str, ...]) -> None:
    changes = draws(*words).changes(1, ALL)
    there = on_device.apply_changes(on_device.keep(RANDOM), changes)
    difference = np.abs(
        keras.ops.convert_to_numpy(there).astype(int) - on_host.apply_changes(RANDOM.copy(), changes)
    )
    assert difference.max() <= ("rotate=20" in words)
    assert (difference > 0).mean() < 0.001


def test_the_batches_of_an_epoch_are_made_ahead_in_the_order_of_the_images() -> None:
    batches = Batches(RANDOM, ALL, UNIT_PIXELS, draws("flip", "crop"), on_accelerator=False)
    order = np.random.default_rng(1).permutation(64)
    iterated = list(batches.iterate(2, order, 24))
    assert [len(images) for images, _ in iterated] == [24, 24, 16]
    for start, (images, targets) in zip((0, 24, 48), iterated, strict=True):
        expected = batches.take(2, order[start : start + 24])
        assert np.array_equal(images, expected[0])
        assert np.array_equal(targets, expected[1])


@pytest.mark.parametrize("form", PIXEL_FORMS)
def test_batches_made_on_an_accelerator_are_those_of_the_processor(form: str) -> None:
    pixels = make_pixel_scale(form, lambda: (MEAN, (0.25, 0.25, 0.5)))
    targets = np.eye(10, dtype="float32")[ALL % 10]
    for drawn in (None, draws("flip", "crop", "cutout", "mixup")):
        here, there = (Batches(RANDOM, targets, pixels, drawn, where) for where in (False, True))
        for one, other in zip(here.take(2, ALL[5:50]), there.take(2, ALL[5:50]), strict=True):
            np.testing.assert_allclose(keras.ops.convert_to_numpy(other), one, rtol=1e-6, atol=1e-6)
