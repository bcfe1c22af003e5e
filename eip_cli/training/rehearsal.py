"""Before the first step: the network is saved, read back as a stranger's file is, and compared.

What is trained for hours must not be lost at the first checkpoint, nor be one that nothing can read. A
user's function or layer may have the name of one of Keras's, as which a file's reader takes it: only what
is computed tells them apart, and only with weights such as training makes.
"""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eip_cli.checkpoints.checkpoint_file import load_checkpoint, save_model
from eip_cli.checkpoints.opening import OpenedModel
from eip_cli.checkpoints.rebuilding.settings import OWN_CODE
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError, EipError, TrainingError
from eip_cli.foundation.problem import CIFAR10_PROBLEM, Problem
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import build_model, weights_swapped
from eip_cli.networks.users_code import is_user_network

# Of outputs: what rounding may differ by, in single precision and in half. The same network gives the same
# bits on a processor; gelu and its approximation differ by 1e-5 behind a softmax.
TOLERANCE = 1e-6
HALF_TOLERANCE = 1e-2
# Large pixels find the functions that differ for large numbers alone, such as a relu with a limit.
PIXEL_FACTORS = (1, 30)


@dataclass(frozen=True)
class Rehearsal:
    """How the checkpoints of a training are written and read.

    ``weights_only``: Keras can write the weights of this network, and not the network. ``needs_code``:
    the network is rebuilt by its code, and not from its file; ``reason`` says why.
    """

    weights_only: bool = False
    needs_code: bool = False
    reason: str | None = None


def rehearse(
    opened: OpenedModel, source: str, images: np.ndarray, trust: bool, problem: Problem = CIFAR10_PROBLEM
) -> Rehearsal:
    """Save the network, read it back and compare its outputs for ``images``, as it takes them.

    ``source`` is where the network comes from, as a run's configuration names it, and ``problem`` what it was
    built for. Raises TrainingError where a training of it would be lost: it cannot be saved, or not be read
    back.
    """
    if source in KNOWN_NETWORKS:
        return Rehearsal()
    with (
        tempfile.TemporaryDirectory(prefix="eip-") as folder,
        weights_swapped(opened.model, _draw_weights(opened.model)),
    ):
        path = Path(folder) / "checkpoint.h5"
        weights_only = _save(opened, path)
        expected = _outputs(opened.model, images)
        try:
            loaded = load_checkpoint(path, candidates={}, trust=trust).model
            if _agree(_outputs(loaded, images), expected, opened.model):
                return Rehearsal()
            reason = "the network rebuilt from its file computes something else"
        except CheckpointError as error:
            refusal = str(error).removeprefix(f"{path}: ").partition(" (--trust")[0].partition(OWN_CODE)[0]
            reason = "Keras can write its weights alone" if weights_only else refusal
        if not is_user_network(source):
            raise TrainingError(f"a training of {opened.name} could not be read back: {reason}")
        try:
            loaded = load_checkpoint(path, candidates={}, model=build_model(source, 0, *problem)).model
        except EipError as error:
            raise TrainingError(
                f"a training of {opened.name} could not be read back, neither from its file ({reason}) nor "
                f"with its code ({str(error).removeprefix(f'{path}: ')})"
            ) from None
        if not _agree(_outputs(loaded, images), expected, opened.model):
            raise TrainingError(
                f"{opened.name} builds another network each time, so that its weights fit none but this one"
            )
    return Rehearsal(weights_only, needs_code=True, reason=reason)


def _save(opened: OpenedModel, path: Path) -> bool:
    """Write the network to ``path``, or its weights where Keras cannot write more; whether it was those."""
    try:
        save_model(opened.model, path)
    except CheckpointError:
        try:
            save_model(opened.model, path, weights_only=True)
        except CheckpointError as error:
            reason = str(error).removeprefix(f"{path}: ")
            raise TrainingError(f"a training of {opened.name} would be lost: {reason}") from None
        return True
    return False


def _draw_weights(model: keras.Model) -> list[np.ndarray]:
    """The weights, trainable ones with noise: behind initial zeros no difference would be seen."""
    drawn = dict(zip(map(id, model.weights), model.get_weights(), strict=True))
    random = np.random.RandomState(0)
    for place in map(id, model.trainable_weights):
        values = drawn[place]
        spread = 0.3 if values.ndim < 2 else math.prod(values.shape[:-1]) ** -0.5
        drawn[place] = (values + spread * random.standard_normal(values.shape)).astype(values.dtype)
    return list(drawn.values())


def _outputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    outputs = [model(images * factor, training=False) for factor in PIXEL_FACTORS]
    return np.asarray([keras.ops.convert_to_numpy(output) for output in outputs], "float32")


def _agree(found: np.ndarray, expected: np.ndarray, model: keras.Model) -> bool:
    half = any("16" in layer.compute_dtype for layer in model.layers)
    tolerance = HALF_TOLERANCE if half else TOLERANCE
    return np.allclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
