"""What a network is to solve: images of one shape, each of one of so many classes."""

from typing import NamedTuple

NO_CLASS = -1  # in the place of a predicted class, where an answer is none


class Problem(NamedTuple):
    """``image_shape`` is (height, width, channels)."""

    image_shape: tuple[int, int, int]
    classes: int


CIFAR10_PROBLEM = Problem((32, 32, 3), 10)
