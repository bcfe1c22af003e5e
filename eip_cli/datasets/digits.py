"""scikit-learn's handwritten digits, which need no download."""

import numpy as np

from eip_cli.foundation.errors import DataError
from eip_cli.foundation.problem import Problem

from .dataset import Dataset

DIGITS_PROBLEM = Problem((32, 32, 3), 10)
NO_DIGITS = "the digits come with scikit-learn, which is missing: pip install scikit-learn"
DIGITS_CLASS_NAMES = tuple("0123456789")


def load_digits_dataset() -> Dataset:
    """Load scikit-learn's 1,797 handwritten digits of 8x8 pixels, each pixel as 4x4 of 32x32x3.

    scikit-learn has no split of them: every fifth image of each class is a test image here.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(NO_DIGITS) from None
    digits = load_digits()
    values = (digits.images * 255 / 16).round().astype(np.uint8)  # they are whole numbers 0-16
    images = np.repeat(values.repeat(4, axis=1).repeat(4, axis=2)[..., np.newaxis], 3, axis=3)
    labels = digits.target.astype(np.int64)
    is_test = np.zeros(len(labels), bool)
    for label in range(10):
        is_test[np.flatnonzero(labels == label)[4::5]] = True
    return Dataset(
        name="digits",
        class_names=DIGITS_CLASS_NAMES,
        train_images=images[~is_test],
        train_labels=labels[~is_test],
        test_images=images[is_test],
        test_labels=labels[is_test],
        source="scikit-learn's load_digits",
    )
