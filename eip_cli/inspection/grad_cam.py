"""Grad-CAM: where in an image a network finds what speaks for a class."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError

from .graph_walk import LINEAR, Call, Ending, find_ending, run_calls
from .map_layers import MapLayer, choose_layer, list_map_layers

# Images whose maps of all channels are in memory at once.
BATCH = 50


@dataclass(frozen=True, eq=False)
class GradCam:
    """Maps of a network for some images, each for one class.

    ``sums``: the channels' weighted sums, float64 (n, map height, map width), in units of the score.
    ``ending`` is what was left out behind the scores: softmax, sigmoid, or linear where the network's outputs
    are its scores.
    """

    layer: MapLayer
    ending: str
    sums: NDArray[np.float64]

    @property
    def maps(self) -> NDArray[np.float64]:
        """What speaks for the class: the sums without what speaks against it, as the paper has it."""
        return np.maximum(self.sums, 0)

    @property
    def is_zero(self) -> NDArray[np.bool_]:
        """Which maps are zero all over (n,): nothing at this layer speaks for the class."""
        return np.asarray(self.maps.max(axis=(1, 2)) == 0)

    def enlarge(self, height: int, width: int) -> NDArray[np.float64]:
        """The maps at an image's size, bilinearly, each divided by its largest value: (n, height, width)."""
        large = keras.ops.image.resize(
            self.maps[..., np.newaxis].astype("float32"), (height, width), "bilinear"
        )
        heat = np.asarray(keras.ops.convert_to_numpy(large), "float64")[..., 0]
        largest = heat.max(axis=(1, 2), keepdims=True)
        return heat / np.where(largest > 0, largest, 1)


def compute_grad_cam(
    model: keras.Model,
    inputs: NDArray[np.float32],
    classes: ArrayLike,
    name: str,
    layer: str | None = None,
) -> GradCam:
    """Grad-CAM of ``model`` for each of ``inputs`` (n, height, width, channels) and its class of ``classes``.

    Selvaraju et al., "Grad-CAM" (ICCV 2017), equations 1 and 2: a channel's weight is the mean over its map's
    pixels of the gradient of the class's score before the softmax; the map is the positive part of the sum of
    channels so weighted. ``layer`` names the layer; else it is the last whose map has 7 pixels a side.

    Raises ModelError where no layer's map will do, and where the backend has no gradients here.
    """
    outputs: list[tuple[Call, tuple[int, ...]]] = []

    def look(call: Call, output: Any) -> Any:
        outputs.append((call, tuple(output.shape)))
        return output

    run_calls(model, _as_inputs(model, inputs[:1]), look)  # sizes that a network leaves open are known then
    found = choose_layer(list_map_layers(outputs), layer, name)
    ending = find_ending(model, [call for call, _ in outputs])
    targets = np.asarray(classes)
    parts = [
        _compute_sums(model, inputs[start : start + BATCH], targets[start : start + BATCH], found, ending)
        for start in range(0, len(inputs), BATCH)
    ]
    return GradCam(found, ending.kind, np.concatenate(parts))


def weigh_channels(features: NDArray, gradients: NDArray) -> NDArray[np.float64]:
    """Features and gradients (n, height, width, channels) -> weighted sums of channels (n, height, width)."""
    weights = gradients.astype("float64").mean(axis=(1, 2))
    return np.einsum("nhwc,nc->nhw", features.astype("float64"), weights)


def _compute_sums(
    model: keras.Model, inputs: NDArray, classes: NDArray, layer: MapLayer, ending: Ending
) -> NDArray[np.float64]:
    images = _as_inputs(model, inputs)

    def run(shift: Any) -> tuple[Any, Any]:
        """The sum of the images' scores for their classes, and the layer's maps with ``shift`` added."""
        kept: list[Any] = []

        def look(call: Call, output: Any) -> Any:
            if call.number != layer.call.number:
                return output
            # A gradient by what is added to the maps is one by the maps, on any backend and of any graph.
            kept.append(output + keras.ops.cast(shift, output.dtype))
            return kept[0]

        scores = run_calls(model, images, look, ending)
        chosen = keras.ops.one_hot(classes, scores.shape[-1], dtype=scores.dtype) * scores
        return keras.ops.sum(keras.ops.cast(chosen, "float32")), kept[0]

    nothing = np.zeros((len(inputs), layer.height, layer.width, layer.channels), "float32")
    features, gradients = _differentiate(run, nothing)
    return weigh_channels(features, gradients)


def _differentiate(run: Any, at: NDArray[np.float32]) -> tuple[NDArray, NDArray]:
    """What ``run`` returns second, and the gradient of what it returns first, by its argument."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        shift = tf.constant(at)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(shift)
            score, features = run(shift)
        gradients = tape.gradient(score, shift, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    elif backend == "jax":
        import jax

        gradients, features = jax.grad(run, has_aux=True)(jax.numpy.asarray(at))
    else:
        raise ModelError(
            f"Grad-CAM needs gradients, which are taken with TensorFlow or JAX, not with {backend}"
        )
    return np.asarray(keras.ops.convert_to_numpy(features)), np.asarray(gradients)


def _as_inputs(model: keras.Model, images: NDArray[np.float32]) -> Any:
    return keras.ops.convert_to_tensor(images.astype(str(model.inputs[0].dtype)))


def describe_ending(ending: str, are_logits: bool) -> str | None:
    """What to know of the scores where no softmax was found to leave out, though there should be one."""
    if ending == LINEAR and not are_logits:
        return (
            "no softmax was found at the network's end: the gradients are of its outputs, which hardly "
            "change where it is sure"
        )
    return None
