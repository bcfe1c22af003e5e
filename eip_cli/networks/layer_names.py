"""Layers' names of every kind: which no file can hold, and how TensorFlow is kept from refusing the others.

Keras takes ``faltung größe`` and every model file holds it, but TensorFlow names the scopes of its graphs
after layers, and takes letters, digits and a few signs: in plain Keras such a network dies at its first step.
"""

import re
from collections.abc import Callable
from functools import partial

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError

LONGEST_NAME = 200
# HDF5 takes the first three for places of its own, Keras the last for the model's.
_NAMES_OF_PLACES = ("", ".", "..", "top_level_model_weights")
_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")


def require_names_for_files(model: keras.Model, name: str) -> None:
    """Raise ModelError for a layer whose name no model file can hold."""
    for layer in _layers_of(model):
        if layer.name in _NAMES_OF_PLACES or "\0" in layer.name or len(layer.name) > LONGEST_NAME:
            raise ModelError(
                f"{name} has a layer named {layer.name[:40]!r}, which no model file holds: rename it"
            )


def open_scopes_for_any_name(model: keras.Model) -> None:
    """Let ``model`` be traced by TensorFlow whatever its layers are called; they keep their names."""
    if keras.backend.backend() != "tensorflow":
        return
    for layer in _layers_of(model):
        if not _SCOPE.fullmatch(layer.name):
            # Keras asks the layer for the scope of each of its calls; it has no public place for this.
            layer._open_name_scope = partial(_open_scope, layer._open_name_scope, f"layer_{id(layer)}")


def _layers_of(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers())  # nested models and the model itself; Keras has no public walk


def _open_scope(open_scope: Callable[[], object], scope_name: str) -> object:
    import tensorflow as tf

    scope = open_scope()
    scope._tf_name_scope = tf.name_scope(scope_name)  # type: ignore[attr-defined]
    return scope
