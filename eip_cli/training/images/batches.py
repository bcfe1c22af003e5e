"""Batches of training images and their targets, made where the training computes."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eip_cli.recipes.pixels import PixelScale

from . import on_device, on_host
from .draws import Draws
from .picks import Arrays, draw_picks, make_batch


class Batches:
    """Batches of ``images``, uint8 (count, height, width, channels), and ``targets`` (count, ...).

    On an accelerator all of them lie in its memory; of what is drawn some numbers an image are sent there.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[Any],
        pixels: PixelScale,
        draws: Draws | None,
        on_accelerator: bool,
    ) -> None:
        self._work: Any = on_device if on_accelerator else on_host
        self.images, self.targets = self._work.keep(images), self._work.keep(targets)
        self.pixels = pixels
        self.draws = draws
        self.count = len(images)

    @property
    def fill(self) -> NDArray[np.uint8] | None:
        """What holes in images are filled with, (channels,); None where nothing is drawn."""
        return None if self.draws is None else self.draws.fill

    def iterate(
        self, epoch: int, order: NDArray[np.int64], batch_size: int
    ) -> Generator[tuple[Arrays, Arrays], None, None]:
        """All batches of ``epoch`` in ``order``, each made while the one before it is trained on."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches") as worker:
            coming = worker.submit(self.take, epoch, order[:batch_size])
            for start in range(batch_size, len(order) + batch_size, batch_size):
                batch = coming.result()
                if start < len(order):
                    coming = worker.submit(self.take, epoch, order[start : start + batch_size])
                yield batch

    def take(self, epoch: int, chosen: NDArray[np.int64]) -> tuple[Arrays, Arrays]:
        """The images ``chosen``, by indices, as the network takes them in ``epoch`` (from 0); their targets.

        Images are float32 (n, height, width, channels).
        """
        picks = draw_picks(self.draws, epoch, chosen)
        return make_batch(self._work, self.images, self.targets, picks, self.pixels)
