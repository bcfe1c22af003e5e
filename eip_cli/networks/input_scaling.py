"""Whether a network scales its pixels itself, so that it wants them as they are stored, from 0 to 255."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from eip_cli.foundation.backend import keras

from .graphs import is_layer_graph, iterate_nodes

# What makes a step of 255 one of less than this many times 255 was made for pixels up to 255: 1/255 and
# 1/127.5 do, and one over the deviation of such pixels (about 63). Pixels up to 1 are left or enlarged.
LARGEST_SHRINKING = 1 / 16
SIZE_IF_OPEN = 32
MOST_STEPS = 20


def find_own_scaling(model: keras.Model) -> str | None:
    """Why ``model`` takes pixels from 0 to 255, in words; None where nothing in it says so.

    Its input is of whole numbers, or what stands before its first trainable weights shrinks 255 to
    something near 1. That is found by trying it on images of one colour, so that Rescaling, Normalization,
    arithmetic and Lambda count alike; augmentation passes such images on in inference mode.
    """
    if not is_layer_graph(model) or len(model.inputs) != 1:
        return None
    image = model.inputs[0]
    if "int" in str(image.dtype):
        return f"its input is of {image.dtype}"
    if len(image.shape) != 4:
        return None
    steps, inner = _follow_to_weights(keras.Model(model.inputs, model.outputs))
    return _describe_shrinking(image, steps) or (find_own_scaling(inner) if inner is not None else None)


def _follow_to_weights(graph: keras.Model) -> tuple[list[Any], keras.Model | None]:
    """The calls that take the image in one line before any trainable weight, and the nested model with those.

    The latter is None where the weights are not in a nested model.
    """
    nodes = list(iterate_nodes(graph))
    tensor = graph.inputs[0]
    steps: list[Any] = []
    while len(steps) < MOST_STEPS:
        takers = [node for node in nodes if any(one is tensor for one in node.input_tensors)]
        if len(takers) != 1 or len(takers[0].input_tensors) != 1:
            break
        operation, outputs = takers[0].operation, takers[0].outputs
        if getattr(operation, "trainable_weights", None):
            return steps, operation if is_layer_graph(operation) else None
        if len(outputs) != 1 or len(outputs[0].shape) != 4:
            break
        steps.append(takers[0])
        tensor = outputs[0]
    return steps, None


def _describe_shrinking(image: keras.KerasTensor, steps: Sequence[Any]) -> str | None:
    """What ``steps``, as far as they are linear, make of 0 to 255, where they shrink it; None where not."""
    if not steps:
        return None
    gain, name, low, high = 1.0, "", 0.0, 255.0
    shape = [size or SIZE_IF_OPEN for size in image.shape[1:]]
    colours = np.stack([np.full(shape, colour, "float32") for colour in (0.0, 127.5, 255.0)])
    with suppress(Exception):  # whatever a user's own layer raises: it tells of itself when it is trained
        outputs = keras.Model(image, [step.outputs[0] for step in steps])(colours, training=False)
        for step, output in zip(steps, outputs if isinstance(outputs, list) else [outputs], strict=True):
            black, grey, white = np.asarray(keras.ops.convert_to_numpy(output), "float64")
            step_size = np.abs(white - black).max()
            if not np.abs(white + black - 2 * grey).max() <= 1e-3 * step_size:
                break
            if abs(step_size / 255 / gain - 1) > 0.01:  # another scale than that of the step before
                gain, name = step_size / 255, step.operation.name
            low, high = float(np.median(black)), float(np.median(white))
    return (
        f"its {name!r} turns 0 to 255 into {low:.3g} to {high:.3g}" if 0 < gain <= LARGEST_SHRINKING else None
    )
