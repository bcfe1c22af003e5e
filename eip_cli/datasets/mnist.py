"""MNIST: 70,000 handwritten digits of 28x28 grey pixels (LeCun, Cortes and Burges 1998)."""

from .download import Archive
from .reading.mnist_files import MnistFiles

# Google's copy, from which tensorflow_datasets loads, and that of torchvision. The site of the makers,
# yann.lecun.com/exdb/mnist, no longer gives the files out.
_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


def _archive(file_name: str, n_bytes: int, sha256: str) -> Archive:
    return Archive(file_name, tuple(f"{mirror}{file_name}" for mirror in _MIRRORS), n_bytes, sha256)


MNIST = MnistFiles(
    name="mnist",
    title="MNIST",
    folder_name="MNIST/raw",  # torchvision's, which finds the files there
    folders=("mnist", "MNIST"),
    npz_name="mnist.npz",
    image_shape=(28, 28, 1),
    class_names=tuple("0123456789"),
    # Counted over the labels: http://yann.lecun.com/exdb/mnist/ gives the sums alone.
    train_counts=(5_923, 6_742, 5_958, 6_131, 5_842, 5_421, 5_918, 6_265, 5_851, 5_949),
    test_counts=(980, 1_135, 1_032, 1_010, 982, 892, 958, 1_028, 974, 1_009),
    # Sizes and hashes: tensorflow_datasets/url_checksums/mnist.txt; torchvision has the same files' MD5.
    archives=(
        _archive(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _archive(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _archive(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _archive(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
)
