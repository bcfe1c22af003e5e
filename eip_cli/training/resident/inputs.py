"""What the host sends for the steps of a call: indices, draws, rates; some numbers an image and a step."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.backend import keras
from eip_cli.training.images.draws import Changes
from eip_cli.training.images.picks import Picks

# Nested dictionaries, of which both backends' programs take one step after the other: leaves are NumPy's
# (steps, ...), and in a step a backend's tensors (...).
Tree = dict[str, Any]
_CHANGES = ("flips", "rows", "columns", "angles", "hole")


def pack_picks(picks: Picks, steps: int) -> Tree:
    """``picks`` for ``steps`` batches of one size as a tree of leaves (steps, n, ...), integers as int32."""

    def cut(leaf: NDArray[Any]) -> NDArray[Any]:
        small = leaf.astype(np.int32) if leaf.dtype == np.int64 else leaf
        return small.reshape(steps, len(leaf) // steps, *leaf.shape[1:])

    return keras.tree.map_structure(cut, _as_tree(picks))


def unpack_picks(tree: Tree, fill: NDArray[np.uint8] | None) -> Picks:
    """The picks of one step, as tensors; ``fill`` is that of the draws' changes."""
    changes = partners = None
    if "changes" in tree:
        assert fill is not None  # it is where there are changes
        changes = Changes(fill, **tree["changes"])
    if "partners" in tree:
        partners = unpack_picks(tree["partners"], fill)
    return Picks(tree["chosen"], changes, partners, tree.get("share"))


def _as_tree(picks: Picks) -> Tree:
    tree: Tree = {"chosen": picks.chosen}
    if picks.changes is not None:
        found = {name: getattr(picks.changes, name) for name in _CHANGES}
        tree["changes"] = {name: values for name, values in found.items() if values is not None}
    if picks.partners is not None:
        tree |= {"partners": _as_tree(picks.partners), "share": picks.share}
    return tree
