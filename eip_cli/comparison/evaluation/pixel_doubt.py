"""Whether weights of unknown origin were made for other pixels than those that they are judged on."""

import math
from collections.abc import Callable

import numpy as np

from eip_cli.datasets.dataset import Dataset
from eip_cli.recipes.pixels import (
    BYTE_PIXELS,
    SIGNED_PIXELS,
    STANDARDISED,
    UNIT_PIXELS,
    PixelScale,
    make_pixel_scale,
)
from eip_cli.training.measurement import Loss, Measurement, measure

# Training images: the test images are for the measurement alone.
TRIED_IMAGES = 1_000
# Of these, so many show which scalings need not be tried on all: one batch.
GLANCED_IMAGES = 100
# Three standard deviations of the difference of two accuracies on as many images, at most.
FAR_BETTER = 0.05
# Standard deviations of the number of images that one scaling alone is right in, where many are so with both.
CLEARLY_BETTER = 4
# A plain ReLU network keeps its classes on pixels of another scale, and nothing else: cross-entropy, in nats.
FAR_LOWER_LOSS = 0.7
# The channels of ImageNet, as torchvision's pre-trained networks take them.
IMAGENET = f"{STANDARDISED}=0.485,0.456,0.406/0.229,0.224,0.225"


def find_doubt(
    predict: Callable[[np.ndarray], np.ndarray], loss: Loss, dataset: Dataset, pixels: PixelScale
) -> str | None:
    """Why accuracies measured with ``pixels`` say little of the weights behind ``predict``, in words.

    Either another usual scaling is far better on 1,000 training images, by accuracy or by loss, or none is
    better than guessing. None where neither is so.
    """
    count = min(TRIED_IMAGES, len(dataset.train_labels))
    images, labels = dataset.train_images[:count], dataset.train_labels[:count]

    def try_out(scale: PixelScale, number: int = count) -> Measurement:
        return measure(predict, loss, images[:number], labels[:number], pixels=scale)

    others = [scale for scale in _usual_scales(dataset) if scale.form != pixels.form]
    glance = try_out(pixels, GLANCED_IMAGES)
    others = [scale for scale in others if not _is_hopeless(try_out(scale, GLANCED_IMAGES), glance, labels)]
    if not others:
        return None
    own = try_out(pixels)
    tried = {scale.form: try_out(scale) for scale in others}
    by_accuracy = sorted(tried, key=lambda form: -tried[form].accuracy)
    best = tried[by_accuracy[0]]
    if max(best.accuracy, own.accuracy) < _best_of_guessing(len(dataset.class_names)):
        return (
            f"{own.accuracy:.1%} of {count:,} training images are right, with every usual scaling of pixels "
            "no more than by guessing: untrained weights, or weights for other images, classes or pixels "
            "(--pixels)"
        )
    made_for_others = "these weights were made for other pixels than they were given here"
    if best.accuracy >= own.accuracy + FAR_BETTER or is_clearly_better(best, own, labels):
        # Those that are about as good: which of them it was, so few images do not tell.
        likely = [form for form in by_accuracy if tried[form].accuracy > best.accuracy - FAR_BETTER]
        likely = [form for form in likely if tried[form].accuracy > own.accuracy]
        found = ", ".join(f"{tried[form].accuracy:.1%} with --pixels {form}" for form in likely)
        return (
            f"of {count:,} training images {own.accuracy:.1%} are right with pixels {pixels.form}, but "
            f"{found}: {made_for_others}"
        )
    as_right = [form for form in by_accuracy if not is_clearly_better(own, tried[form], labels)]
    lowest = min(as_right, key=lambda form: tried[form].loss, default=None)
    if lowest is not None and tried[lowest].loss < min(own.loss - FAR_LOWER_LOSS, own.loss / 2):
        return (
            f"the loss on {count:,} training images is {own.loss:.2f} with pixels {pixels.form}, but "
            f"{tried[lowest].loss:.2f} with --pixels {lowest}: {made_for_others}"
        )
    return None


def _best_of_guessing(classes: int) -> float:
    """An accuracy that guessing hardly reaches: 15% with ten classes, as many deviations with others."""
    chance = 1 / classes
    return chance + FAR_BETTER * math.sqrt(chance * (1 - chance) / (0.1 * 0.9))


def is_clearly_better(one: Measurement, other: Measurement, labels: np.ndarray) -> bool:
    """Whether ``one`` is right in more images than ``other`` by more than chance, image by image."""
    only_one = np.count_nonzero((one.predictions == labels) & (other.predictions != labels))
    only_other = np.count_nonzero((other.predictions == labels) & (one.predictions != labels))
    return bool(only_one - only_other >= CLEARLY_BETTER * max(1.0, math.sqrt(only_one + only_other)))


def _is_hopeless(tried: Measurement, own: Measurement, labels: np.ndarray) -> bool:
    """Whether a few images show that more of them could raise no doubt: fewer right, and a higher loss."""
    return is_clearly_better(own, tried, labels[: len(own.predictions)]) and not tried.loss < own.loss


def _usual_scales(dataset: Dataset) -> list[PixelScale]:
    mean, deviation = dataset.channel_statistics
    overall = float(np.mean(mean))
    spread = math.sqrt(float(np.mean(np.square(deviation) + np.square(mean))) - overall**2)
    forms = [
        STANDARDISED,
        *([IMAGENET] if len(mean) == 3 else []),
        *([f"{STANDARDISED}={overall:.4f}/{spread:.4f}"] if spread > 1e-4 else []),
    ]
    return [
        UNIT_PIXELS,
        BYTE_PIXELS,
        SIGNED_PIXELS,
        *(make_pixel_scale(form, lambda: dataset.channel_statistics) for form in forms),
    ]
