"""A model and labelled images -> loss, accuracy and predictions; the same way in training and after it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.known import CLASS_COUNT

# Images a second of the separable network on 2 busy cores: 1780 at 50, 1744 at 100, 1313 at 500.
INFERENCE_BATCH = 100
SIGMOIDS = (
    "its ten outputs are sigmoids, which need not sum to 1: the largest is the predicted class, and the "
    "loss is that of the outputs divided by their sum"
)
Loss = Callable[[np.ndarray, np.ndarray], Any]  # a backend's tensor: a mean, or one loss an image


@dataclass(frozen=True)
class Measurement:
    """Loss and accuracy over images, and the predicted class (int64) of each."""

    loss: float
    accuracy: float
    predictions: np.ndarray


def loss_of(model: keras.Model) -> Loss:
    """The loss that ``model`` is compiled with; categorical cross-entropy for an uncompiled one.

    Raises ModelError for a network with several losses.
    """
    if not model.compiled or model.loss is None:
        return keras.losses.CategoricalCrossentropy()
    if isinstance(model.loss, dict | list | tuple):
        raise ModelError(f"{model.name} is compiled with several losses: one classification loss is needed")
    return keras.losses.get(model.loss)


def targets_for(loss: Loss, labels: np.ndarray) -> np.ndarray:
    """Labels (n,) as ``loss`` takes them: integers for a sparse loss, else one-hot float32 (n, 10)."""
    return labels if _takes_integers(loss) else np.eye(CLASS_COUNT, dtype="float32")[labels]


def _takes_integers(loss: Loss) -> bool:
    kind = getattr(loss, "__name__", type(loss).__name__)  # a loss object's own name is the user's to choose
    return kind.lower().startswith("sparse")


def scale_images(images: np.ndarray) -> np.ndarray:
    """uint8 pixels -> float32 in [0, 1], the only preprocessing there is."""
    return images.astype("float32") / np.float32(255)


def plain_cross_entropy(loss: Loss) -> Loss:
    """Cross-entropy of the outputs that ``loss`` takes: logits where it says so, else probabilities.

    Whatever else ``loss`` does is for training's sake: label smoothing, ignored classes, focusing.
    """
    from_logits = bool(getattr(loss, "_fn_kwargs", {}).get("from_logits"))
    if _takes_integers(loss):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    return keras.losses.CategoricalCrossentropy(from_logits=from_logits)


def require_probabilities(outputs: np.ndarray, loss: Loss, name: str) -> str | None:
    """Raise ModelError where a loss on probabilities is given something else, such as logits.

    ``outputs``: (n, 10). A loss with ``from_logits=True`` takes anything finite. Returns a note where they
    are ten probabilities apart from each other, as of sigmoids: the largest is the predicted class then too.
    """
    if not np.isfinite(outputs).all() or getattr(loss, "_fn_kwargs", {}).get("from_logits"):
        return None  # a diverged network is reported by its loss, not as one that returns logits
    if outputs.min() >= -1e-3 and np.abs(outputs.sum(axis=1) - 1).max() <= 1e-2:
        return None
    if outputs.min() > 0 and outputs.max() <= 1:  # a ReLU would give zeros
        return SIGMOIDS
    raise ModelError(
        f"{name} returns logits, not probabilities: end it with a softmax, "
        "or compile it with a loss that has from_logits=True"
    )


def measure(
    predict: Callable[[np.ndarray], np.ndarray],
    loss: Loss,
    images: np.ndarray,
    labels: np.ndarray,
    before_batch: Callable[[], None] = lambda: None,
) -> Measurement:
    """``predict`` over uint8 ``images`` (n, 32, 32, 3), against ``labels`` (n,).

    ``predict`` maps float32 images in [0, 1] to (n, 10) outputs. ``before_batch`` is called before
    each batch and may raise, to stop. Cross-entropy clips probabilities at 1e-7, as Keras does.
    """
    outputs = np.empty((len(images), CLASS_COUNT), dtype="float32")
    for start in range(0, len(images), INFERENCE_BATCH):
        before_batch()
        batch = slice(start, start + INFERENCE_BATCH)
        outputs[batch] = predict(scale_images(images[batch]))
    predictions = outputs.argmax(axis=1)
    return Measurement(
        loss=float(np.mean(loss(targets_for(loss, labels), outputs))),
        accuracy=float(np.mean(predictions == labels)),
        predictions=predictions,
    )
