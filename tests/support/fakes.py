"""Makes files that look like CIFAR-10, of the real size or small."""

import pickle
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from eip_cli.datasets.cifar10 import CIFAR10

SMALL_CIFAR10 = replace(CIFAR10, train_counts=(10,) * 10, test_counts=(2,) * 10)  # 20 images a file


def write_cifar10(folder: Path, images_per_file: int = 10_000, seed: int | None = None) -> Path:
    """Write ``folder``/cifar-10-batches-py and return it.

    Labels go round 0-9. Images are black, which is quick to write; random where a seed is given.
    """
    batches = folder / CIFAR10.folder_name
    batches.mkdir(parents=True)
    random = np.random.default_rng(seed)
    labels = [number % 10 for number in range(images_per_file)]
    for name in CIFAR10.batch_files:
        images = np.zeros((images_per_file, 3072), np.uint8)
        if seed is not None:
            images = random.integers(0, 256, images.shape, np.uint8)
        batch = {b"batch_label": name.encode(), b"labels": labels, b"data": images, b"filenames": []}
        (batches / name).write_bytes(pickle.dumps(batch))
    (batches / "batches.meta").write_bytes(pickle.dumps({"num_cases_per_batch": images_per_file}))
    return batches


def pack_cifar10(batches: Path, archive: Path) -> Path:
    """Pack a folder of batches as CIFAR-10 is packed, and return the archive's path."""
    with tarfile.open(archive, "w:gz") as file:
        file.add(batches, CIFAR10.folder_name)
    return archive
