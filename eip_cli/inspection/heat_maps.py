"""Grad-CAM of the images that are shown, and of the same network as if never trained."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eip_cli.checkpoints.opening import OpenedModel
from eip_cli.networks.model import weights_swapped
from eip_cli.recipes.pixels import PixelScale

from .grad_cam import GradCam, compute_grad_cam, describe_ending
from .random_weights import DRAWS, SanityCheck, correlate_maps, draw_weights


@dataclass(frozen=True)
class HeatRequest:
    """Grad-CAM at ``layer`` (None: the last that is large enough) for the class ``predicted`` or ``true``."""

    layer: str | None = None
    of: str = "predicted"


@dataclass(frozen=True, eq=False)
class HeatMaps:
    """Grad-CAM of some images, in their order, and its sanity check; ``notes`` say what to know of both.

    ``of`` says for which class of each image: ``predicted`` or ``true``.
    """

    grad_cam: GradCam
    sanity: SanityCheck
    of: str
    notes: tuple[str, ...]


def make_heat_maps(
    opened: OpenedModel,
    pixels: PixelScale,
    images: NDArray[np.uint8],
    classes: NDArray[np.int64],
    request: HeatRequest,
    are_logits: bool = False,
) -> HeatMaps:
    """Maps of uint8 ``images`` (n, height, width, channels), each for its class of ``classes`` (n,).

    ``are_logits``: that the network's own outputs are. Raises ModelError where Grad-CAM cannot be made.
    """
    model, inputs = opened.model, pixels.apply(images)
    grad_cam = compute_grad_cam(model, inputs, classes, opened.name, request.layer)
    untrained = []
    for seed in range(DRAWS):
        with weights_swapped(model, draw_weights(model, seed)):
            untrained.append(compute_grad_cam(model, inputs, classes, opened.name, request.layer).sums)
    sanity = correlate_maps(grad_cam.sums, untrained)
    notes = [
        f"Grad-CAM (Selvaraju et al. 2017) at {grad_cam.layer}: what speaks for the {request.of} class, each "
        "map scaled to its own largest value",
        *_describe_empty(grad_cam),
        *filter(None, [describe_ending(grad_cam.ending, are_logits)]),
        _describe_sanity(sanity),
    ]
    return HeatMaps(grad_cam, sanity, request.of, tuple(notes))


def _describe_empty(grad_cam: GradCam) -> list[str]:
    zeros = int(np.count_nonzero(grad_cam.is_zero))
    if not zeros:
        return []
    are = "is" if zeros == 1 else "are"
    return [
        f"{zeros} of {len(grad_cam.maps)} maps {are} all zero: at this layer nothing speaks for the class"
    ]


def _describe_sanity(sanity: SanityCheck) -> str:
    left_out = f"; {sanity.constant} more have a map that is the same all over" if sanity.constant else ""
    if sanity.correlation is None or sanity.absolute is None:
        return f"sanity check (Adebayo et al. 2018): no map to compare with random weights{left_out}"
    images = "image" if sanity.n == 1 else "images"
    mean = f"{round(sanity.correlation, 2) + 0.0:+.2f}"  # of -0.00 the sign would say something
    size = f"{sanity.absolute:.2f} without its sign"
    if sanity.chance is not None:
        size += f", where maps of different images have {sanity.chance:.2f}"
    return (
        "sanity check (Adebayo et al. 2018): the maps' rank correlation with those of the same network with "
        f"random weights is {mean} on average, {size} ({DRAWS} draws, n = {sanity.n} {images}{left_out}); "
        "the nearer to 1, the less the maps show of what was learnt"
    )
