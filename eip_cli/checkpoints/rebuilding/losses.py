"""A stored compile configuration -> the plain cross-entropy that a file's outputs are measured with."""

from typing import Any

from eip_cli.foundation.backend import keras

# What a network of ten classes is trained with that says whether its outputs are logits, by both names.
_BY_INTEGERS = frozenset({"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"})
_BY_ROWS = frozenset({"categorical_crossentropy", "CategoricalCrossentropy"})
_RELATIVES = frozenset({"CategoricalFocalCrossentropy", "BinaryCrossentropy", "BinaryFocalCrossentropy"})


def make_loss(config: dict[str, Any] | None) -> keras.losses.Loss | None:
    """The cross-entropy that a stored compile configuration speaks of; None where it speaks of none.

    Whether outputs are logits is kept. What changes the number for the sake of training is not: label
    smoothing, ignored classes, focusing. So a network's loss is the same whichever way it was trained.
    """
    loss = (config or {}).get("loss")
    if isinstance(loss, list) and len(loss) == 1:
        loss = loss[0]
    if isinstance(loss, dict) and "class_name" not in loss and len(loss) == 1:
        loss = next(iter(loss.values()))  # by the name of the one output
    settings: object = None
    if isinstance(loss, dict):
        settings = loss.get("config")
        loss = settings if loss.get("class_name") == "function" else loss.get("class_name")
    from_logits = isinstance(settings, dict) and settings.get("from_logits") is True
    if isinstance(loss, str) and loss in _BY_INTEGERS:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    if isinstance(loss, str) and (loss in _BY_ROWS or (loss in _RELATIVES and from_logits)):
        return keras.losses.CategoricalCrossentropy(from_logits=from_logits)
    return None
