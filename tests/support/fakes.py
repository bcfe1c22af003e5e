"""Makes files that look like the data sets', of the real size or small."""

import gzip
import pickle
import struct
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from eip_cli.datasets.cifar10 import CIFAR10
from eip_cli.datasets.cifar100 import CIFAR100
from eip_cli.datasets.collection import Arrays, Collection
from eip_cli.datasets.fashion_mnist import FASHION_MNIST
from eip_cli.datasets.mnist import MNIST
from eip_cli.datasets.reading.mnist_files import IDX_FILES

SMALL_CIFAR10 = replace(CIFAR10, train_counts=(10,) * 10, test_counts=(2,) * 10)  # 20 images a file
SMALL_CIFAR100 = replace(CIFAR100, train_counts=(2,) * 100, test_counts=(1,) * 100)
SMALL_MNIST = replace(MNIST, train_counts=tuple(range(1, 11)), test_counts=(3, 2, *(1,) * 8))
SMALL_FASHION = replace(FASHION_MNIST, train_counts=(5,) * 10, test_counts=(2,) * 10)


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
        file.add(batches, batches.name)
    return archive


def write_cifar100(folder: Path, seed: int = 0, collection: Collection = SMALL_CIFAR100) -> Path:
    """Write ``folder``/cifar-100-python of random images, as Python 2 pickled it, and return it."""
    written = folder / collection.folder_name
    written.mkdir(parents=True)
    random = np.random.default_rng(seed)
    for name, counts in (("train", collection.train_counts), ("test", collection.test_counts)):
        fine = [label for label, count in enumerate(counts) for _ in range(count)]
        images = random.integers(0, 256, (len(fine), 3072), np.uint8)
        coarse = [label % 20 for label in fine]
        files = [f"picture_{number}.png" for number in range(len(fine))]
        batch = {"data": images, "fine_labels": fine, "coarse_labels": coarse, "filenames": files}
        (written / name).write_bytes(pickle.dumps(batch | {"batch_label": name}, 2))
    names = {"fine_label_names": list(collection.class_names), "coarse_label_names": []}
    (written / "meta").write_bytes(pickle.dumps(names, 2))
    return written


def make_arrays(collection: Collection, seed: int = 0) -> Arrays:
    """Random images with the right number of labels, in a random order."""
    random = np.random.default_rng(seed)
    splits = []
    for counts in (collection.train_counts, collection.test_counts):
        labels = random.permutation(np.repeat(np.arange(len(counts)), counts))
        splits += [random.integers(0, 256, (len(labels), *collection.image_shape), np.uint8), labels]
    return Arrays(*splits)


def as_idx(values: np.ndarray) -> bytes:
    """Unsigned bytes in the IDX format."""
    return (
        struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype("u1").tobytes()
    )


def write_idx(folder: Path, arrays: Arrays, ending: str = ".gz", dotted: bool = False) -> Path:
    """Write the four files that MNIST consists of into ``folder``, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, np.ndarray] = dict(zip(IDX_FILES, arrays, strict=True))
    for name, values in parts.items():
        content = as_idx(values[..., 0] if values.ndim == 4 else values)
        path = folder / ((name.replace("-idx", ".idx") if dotted else name) + ending)
        path.write_bytes(gzip.compress(content, mtime=0) if ending == ".gz" else content)
    return folder


def write_npz(path: Path, arrays: Arrays) -> Path:
    """Write MNIST as Keras keeps it, and return where."""
    train_images, train_labels, test_images, test_labels = arrays
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        x_train=train_images[..., 0],
        y_train=train_labels.astype("u1"),
        x_test=test_images[..., 0],
        y_test=test_labels.astype("u1"),
    )
    return path
