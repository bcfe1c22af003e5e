"""A model and labelled images -> loss, accuracy and predictions; the same way in training and after it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError, TrainingError
from eip_cli.foundation.problem import NO_CLASS
from eip_cli.recipes.augmentation import parse_augmentation
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.pixels import UNIT_PIXELS, PixelScale

# Images a second of the separable network on 2 busy cores: 1780 at 50, 1744 at 100, 1313 at 500.
INFERENCE_BATCH = 100
# Of larger numbers the squares are infinite in single precision.
LARGEST_WEIGHT = 1e18
SIGMOIDS = (
    "its outputs are sigmoids, which need not sum to 1: the largest is the predicted class, and the "
    "loss is that of the outputs divided by their sum"
)
Loss = Callable[[np.ndarray, np.ndarray], Any]  # a backend's tensor: a mean, or one loss an image


@dataclass(frozen=True)
class Measurement:
    """Loss and accuracy over images, and the predicted class (int64) of each.

    ``non_finite`` counts the images with an output that is no finite number: NO_CLASS, and so wrong.
    ``outputs`` are the network's own, float32 (n, classes).
    """

    loss: float
    accuracy: float
    predictions: np.ndarray
    non_finite: int = 0
    outputs: np.ndarray = field(default_factory=lambda: np.empty((0, 0), "float32"), repr=False)


def loss_of(model: keras.Model) -> Loss:
    """The loss that ``model`` is compiled with; categorical cross-entropy for an uncompiled one.

    Raises ModelError for a network with several losses.
    """
    if not model.compiled or model.loss is None:
        return keras.losses.CategoricalCrossentropy()
    if isinstance(model.loss, dict | list | tuple):
        raise ModelError(f"{model.name} is compiled with several losses: one classification loss is needed")
    return keras.losses.get(model.loss)


def targets_for(loss: Loss, labels: np.ndarray, classes: int) -> np.ndarray:
    """Labels (n,) as ``loss`` takes them: integers for a sparse loss, else one-hot float32 (n, classes)."""
    return labels if _takes_integers(loss) else np.eye(classes, dtype="float32")[labels]


def takes_logits(loss: Loss) -> bool:
    """Whether ``loss`` is one of Keras's that says so: ``from_logits=True``."""
    return bool(getattr(loss, "_fn_kwargs", {}).get("from_logits"))


def _takes_integers(loss: Loss) -> bool:
    kind = getattr(loss, "__name__", type(loss).__name__)  # a loss object's own name is the user's to choose
    return kind.lower().startswith("sparse")


def plain_cross_entropy(loss: Loss) -> Loss:
    """Cross-entropy of the outputs that ``loss`` takes: logits where it says so, else probabilities.

    Whatever else ``loss`` does is for training's sake: label smoothing, ignored classes, focusing.
    """
    from_logits = takes_logits(loss)
    if _takes_integers(loss):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    return keras.losses.CategoricalCrossentropy(from_logits=from_logits)


def smoothed(loss: Loss, config: TrainConfig) -> Loss:
    """``loss`` with the label smoothing that ``config`` asks for: 1 is spread over the classes by that share.

    Raises TrainingError where ``loss`` is not plain cross-entropy, or takes no such targets as mixup makes.
    """
    is_plain = isinstance(loss, keras.losses.CategoricalCrossentropy)
    if not is_plain and (config.label_smoothing or parse_augmentation(config.augment).mixup):
        raise TrainingError(
            "label smoothing and mixup need categorical cross-entropy: leave the network's own loss out"
        )
    if not config.label_smoothing:
        return loss
    from_logits = takes_logits(loss)
    return keras.losses.CategoricalCrossentropy(
        from_logits=from_logits, label_smoothing=config.label_smoothing
    )


def as_probabilities(outputs: np.ndarray, loss: Loss) -> Loss:
    """``loss``; where it takes logits and ``outputs`` (n, classes) are a softmax's, the one that takes those.

    Keras trains such a network on the softmax's inputs, but would measure its outputs as logits.
    """
    from_keras = type(loss).__module__.startswith("keras.")
    if not (from_keras and takes_logits(loss)):
        return loss
    if not np.isfinite(outputs).all() or outputs.min() < 0 or np.abs(outputs.sum(axis=1) - 1).max() > 1e-2:
        return loss
    assert isinstance(loss, keras.losses.Loss)  # of functions none has settings
    return type(loss).from_config({**loss.get_config(), "from_logits": False})


def require_probabilities(outputs: np.ndarray, loss: Loss, name: str) -> str | None:
    """Raise ModelError where a loss on probabilities is given something else, such as logits.

    ``outputs``: (n, classes). A loss with ``from_logits=True`` takes anything finite. Returns a note where
    they are probabilities apart from each other, as of sigmoids: the largest is the predicted class then too.
    """
    if not np.isfinite(outputs).all() or takes_logits(loss):
        return None  # a diverged network is reported by its loss, not as one that returns logits
    if outputs.min() >= -1e-3 and np.abs(outputs.sum(axis=1) - 1).max() <= 1e-2:
        return None
    if outputs.min() > 0 and outputs.max() <= 1:  # a ReLU would give zeros
        return SIGMOIDS
    raise ModelError(
        f"{name} returns logits, not probabilities: end it with a softmax, "
        "or compile it with a loss that has from_logits=True"
    )


def find_overflow(model: keras.Model) -> str | None:
    """Which weight of ``model`` is not finite, or so large that what it is multiplied with is not; in words.

    Such weights may come of training-mode steps that are all finite: moving averages work in inference alone.
    """
    for weight in model.weights:
        largest = np.abs(np.asarray(weight)).max(initial=0)
        if not largest < LARGEST_WEIGHT:  # which NaN is not either
            return f"{weight.path} holds {largest:.2g}, so that outputs are not finite or mean nothing"
    return None


def measure(
    predict: Callable[[np.ndarray], np.ndarray],
    loss: Loss,
    images: np.ndarray,
    labels: np.ndarray,
    before_batch: Callable[[], None] = lambda: None,
    pixels: PixelScale = UNIT_PIXELS,
) -> Measurement:
    """``predict`` over uint8 ``images`` (n, height, width, channels), against ``labels`` (n,).

    ``predict`` maps float32 images, scaled by ``pixels``, to (n, classes) outputs. ``before_batch`` is called
    before each batch and may raise, to stop.
    """
    return judge(collect_outputs(predict, images, before_batch, pixels), loss, labels)


def collect_outputs(
    predict: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    before_batch: Callable[[], None],
    pixels: PixelScale,
) -> np.ndarray:
    """The outputs of ``predict`` for ``images``, batch by batch, as ``measure`` takes them: float32."""
    batches = []
    for start in range(0, len(images), INFERENCE_BATCH):
        before_batch()
        batch = slice(start, start + INFERENCE_BATCH)
        batches.append(np.asarray(predict(pixels.apply(images[batch])), "float32"))
    return np.concatenate(batches)


def judge(outputs: np.ndarray, loss: Loss, labels: np.ndarray) -> Measurement:
    """Float32 ``outputs`` (n, classes) against ``labels`` (n,).

    Cross-entropy clips probabilities at 1e-7, as Keras does.
    """
    is_finite = np.isfinite(outputs).all(axis=1)
    predictions = np.where(is_finite, outputs.argmax(axis=1), NO_CLASS)
    return Measurement(
        loss=float(np.mean(loss(targets_for(loss, labels, outputs.shape[1]), outputs))),
        accuracy=float(np.mean(predictions == labels)),
        predictions=predictions,
        non_finite=int(np.count_nonzero(~is_finite)),
        outputs=outputs,
    )
