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
from eip_cli.training.measurement import Loss, measure

# Training images: the test images are for the measurement alone.
TRIED_IMAGES = 1_000
# Three standard deviations of the difference of two accuracies on as many images, at most.
FAR_BETTER = 0.05
# The channels of ImageNet, as torchvision's pre-trained networks take them.
IMAGENET = f"{STANDARDISED}=0.485,0.456,0.406/0.229,0.224,0.225"


def find_doubt(
    predict: Callable[[np.ndarray], np.ndarray], loss: Loss, dataset: Dataset, pixels: PixelScale
) -> str | None:
    """Why accuracies measured with ``pixels`` say little of the weights behind ``predict``, in words.

    Either another usual scaling is far better on 1,000 training images, or none is better than guessing.
    None where neither is so.
    """
    count = min(TRIED_IMAGES, len(dataset.train_labels))
    images, labels = dataset.train_images[:count], dataset.train_labels[:count]

    def try_out(scale: PixelScale) -> float:
        return measure(predict, loss, images, labels, pixels=scale).accuracy

    own = try_out(pixels)
    tried = {scale.form: try_out(scale) for scale in _usual_scales(dataset) if scale.form != pixels.form}
    best = max(tried.values())
    if max(best, own) < 1 / len(dataset.class_names) + FAR_BETTER:
        return (
            f"{own:.1%} of {count:,} training images are right, with every usual scaling of pixels no more "
            "than by guessing: untrained weights, or weights for other images, classes or pixels (--pixels)"
        )
    if best < own + FAR_BETTER:
        return None
    # Those that are about as good: which of them it was, so few images do not tell.
    likely = [
        form for form in sorted(tried, key=lambda form: -tried[form]) if tried[form] > best - FAR_BETTER
    ]
    found = ", ".join(f"{tried[form]:.1%} with --pixels {form}" for form in likely)
    return (
        f"of {count:,} training images {own:.1%} are right with pixels {pixels.form}, but {found}: these "
        "weights were made for other pixels than they were given here"
    )


def _usual_scales(dataset: Dataset) -> list[PixelScale]:
    mean, deviation = dataset.channel_statistics
    overall = float(np.mean(mean))
    spread = math.sqrt(float(np.mean(np.square(deviation) + np.square(mean))) - overall**2)
    forms = [
        STANDARDISED,
        IMAGENET,
        *([f"{STANDARDISED}={overall:.4f}/{spread:.4f}"] if spread > 1e-4 else []),
    ]
    return [
        UNIT_PIXELS,
        BYTE_PIXELS,
        SIGNED_PIXELS,
        *(make_pixel_scale(form, lambda: dataset.channel_statistics) for form in forms),
    ]
