"""What a batch is made from: the indices of its images and what was drawn for each; and the batch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.recipes.pixels import PixelScale

from .draws import Changes, Draws

Arrays = Any  # NumPy's, or a backend's tensors


@dataclass(frozen=True, eq=False)
class Picks:
    """The images ``chosen`` (n,), by indices, and what is to be done with each; None for what is not.

    Each is mixed with that of ``partners`` which stands in its place, and keeps ``share`` (n,) of itself.
    """

    chosen: NDArray[np.int64]
    changes: Changes | None = None
    partners: "Picks | None" = None
    share: NDArray[np.float32] | None = None


def draw_picks(draws: Draws | None, epoch: int, chosen: NDArray[np.int64]) -> Picks:
    """The images ``chosen`` with what ``draws`` has for them in ``epoch`` (from 0)."""
    if draws is None:
        return Picks(chosen)
    changes = draws.changes(epoch, chosen)
    if not draws.mixes:
        return Picks(chosen, changes)
    partners, share = draws.partners(epoch, chosen)
    return Picks(chosen, changes, Picks(partners, draws.changes(epoch, partners)), share)


def make_batch(
    work: Any, images: Arrays, targets: Arrays, picks: Picks, pixels: PixelScale
) -> tuple[Arrays, Arrays]:
    """The images of ``picks`` as the network takes them, float32 (n, height, width, channels); their targets.

    ``work`` is the module that makes them, on_host or on_device; ``images`` and ``targets``, of all training
    images, are as it keeps them.
    """
    taken = work.take(images, picks.chosen)
    if picks.changes is not None:
        taken = work.apply_changes(taken, picks.changes)
    taken, wanted = work.scale_pixels(taken, pixels), work.take(targets, picks.chosen)
    if picks.partners is None:
        return taken, wanted
    others, their_targets = make_batch(work, images, targets, picks.partners, pixels)
    return work.mix(taken, others, picks.share), work.mix(wanted, their_targets, picks.share)
