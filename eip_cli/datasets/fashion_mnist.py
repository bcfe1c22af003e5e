"""Fashion-MNIST: 70,000 pictures of clothes in 28x28 grey pixels (Xiao, Rasul and Vollgraf 2017)."""

from .download import Archive
from .reading.mnist_files import MnistFiles

# Keras's copy; the makers' repository; and their bucket, torchvision's source, which has no https.
_MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)


def _archive(file_name: str, n_bytes: int, sha256: str) -> Archive:
    return Archive(file_name, tuple(f"{mirror}{file_name}" for mirror in _MIRRORS), n_bytes, sha256)


FASHION_MNIST = MnistFiles(
    name="fashion-mnist",
    title="Fashion-MNIST",
    folder_name="FashionMNIST/raw",  # torchvision's, which finds the files there
    folders=("fashion-mnist", "FashionMNIST"),  # the first is Keras's
    image_shape=(28, 28, 1),
    # In the order of the labels: https://github.com/zalandoresearch/fashion-mnist.
    class_names=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    train_counts=(6_000,) * 10,
    test_counts=(1_000,) * 10,
    # Sizes and hashes: tensorflow_datasets/url_checksums/fashion_mnist.txt; the same hashes are in
    # keras/src/datasets/fashion_mnist.py, and torchvision has the MD5 of the same files.
    archives=(
        _archive(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        _archive(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        _archive(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        _archive(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
)
