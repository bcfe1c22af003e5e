"""A few training images, and what augmentation makes of each: to be looked at, not trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eip_cli.datasets.dataset import Dataset
from eip_cli.recipes.augmentation import Augmentation

from .draws import Draws, draw_permutation
from .on_host import apply_changes, mix


@dataclass(frozen=True, eq=False)
class Samples:
    """Training images of different classes, by name, and what augmentation makes of each.

    ``images`` are uint8 (n, 1 + draws, height, width, channels): first the image as it is.
    """

    class_names: tuple[str, ...]
    images: NDArray[np.uint8]


def draw_samples(
    dataset: Dataset, augmentation: Augmentation, seed: int, count: int = 10, draws: int = 8
) -> Samples:
    """``count`` training images that ``seed`` picks, in the order of their classes, and ``draws`` of each.

    The draws are those of the first epochs of a training on all images with this seed.
    """
    images, labels = dataset.train_images, dataset.train_labels
    shuffled = draw_permutation(seed, count=len(labels))
    _, firsts = np.unique(labels[shuffled], return_index=True)  # of each class that there is
    chosen = shuffled[np.sort(firsts)[:count]]
    chosen = chosen[np.argsort(labels[chosen])]
    drawn = Draws(augmentation, images.shape, dataset.channel_statistics[0], seed)

    def take(epoch: int, wanted: NDArray[np.int64]) -> NDArray[np.uint8]:
        return apply_changes(images[wanted], drawn.changes(epoch, wanted))

    columns = [images[chosen]]
    for epoch in range(draws):
        column = take(epoch, chosen)
        if drawn.mixes:
            partners, share = drawn.partners(epoch, chosen)
            others = take(epoch, partners)
            column = np.rint(mix(column.astype("f4"), others.astype("f4"), share)).astype(np.uint8)
        columns.append(column)
    names = tuple(dataset.class_names[label] for label in labels[chosen])
    return Samples(names, np.stack(columns, axis=1))
