"""Weights that are stored by their layers' types, as one tree whoever wrote them.

Keras 3 nests HDF5 groups: ``layers/conv2d_1/vars/0``. Keras 2.12 and 2.13 named the group of
layers ``_layer_checkpoint_dependencies``, and up to 2.15 Keras on Windows wrote the whole path
with backslashes into the name of one group: ``layers\\conv2d_1``. Names are the keys of a dictionary
here and nothing more: none is looked up in the file or on the disk.
"""

import re
from dataclasses import dataclass, field

import h5py

from eip_cli.foundation.errors import CheckpointError

from .hdf5 import MAX_DEPTH

# The second is Keras 2.12's and 2.13's.
LAYER_GROUPS = ("layers", "_layer_checkpoint_dependencies")
VARIABLES = "vars"


@dataclass
class WeightTree:
    """The datasets of one group, and the groups in it, by name."""

    datasets: dict[str, h5py.Dataset] = field(default_factory=dict)
    groups: dict[str, "WeightTree"] = field(default_factory=dict)

    def part(self, name: str) -> "WeightTree":
        """The group of that name; an empty one where there is none."""
        return self.groups.get(name, WeightTree())

    def layers(self) -> dict[str, "WeightTree"]:
        """The layers' groups of a model."""
        return next((self.groups[name].groups for name in LAYER_GROUPS if name in self.groups), {})

    def variables(self) -> dict[str, h5py.Dataset]:
        """A layer's own weights, by their numbers."""
        return self.part(VARIABLES).datasets

    def holds_weights(self) -> bool:
        """Whether a layer or a model, or anything in it, has weights; a random generator's state is none."""
        if self.part(VARIABLES).datasets:
            return True
        return any(
            inner.holds_weights() for name, inner in self.groups.items() if not name.endswith("generator")
        )


def read_weight_tree(group: h5py.Group) -> WeightTree:
    """The tree of a checked HDF5 group. Raises CheckpointError for names that leave it or stand twice."""
    root = WeightTree()

    def add(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        *folders, last = re.split(r"[/\\]", name)
        if len(folders) > MAX_DEPTH:
            raise CheckpointError(f"a weight nested more than {MAX_DEPTH} deep")
        if any(part in ("", ".", "..") for part in (*folders, last)):
            raise CheckpointError(f"the weight {name[-60:]!a}, whose name leaves its group")
        place = root
        for folder in folders:
            place = place.groups.setdefault(folder, WeightTree())
        if last in place.datasets or last in place.groups:
            raise CheckpointError(f"two weights of the name {name[-60:]!a}")
        place.datasets[last] = item

    group.visititems(add)
    return root
