"""The shared Keras model module: a network's name, file or import path -> a Keras model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from eip_cli.foundation.backend import keras, use_default_settings
from eip_cli.foundation.errors import ModelError

from .graphs import is_layer_graph
from .known import CLASS_COUNT, IMAGE_SHAPE, KNOWN_NETWORKS
from .layer_names import open_scopes_for_any_name, require_names_for_files
from .users_code import call_user_function, is_user_network
from .users_mistakes.missing_functions import require_function_name


def build_model(spec: str, seed: int = 0) -> keras.Model:
    """The network that ``spec`` names, with initial weights that depend on ``seed`` alone.

    ``spec`` is a known network's name, ``path/to/file.py:function`` or
    ``package.module:function``; the code of a user's network runs. It is built
    with Keras's default settings, whatever was set before; what a user's code
    sets itself (a dtype policy, say) is in force until the next is built.

    Raises ModelError where there is no such network or its code fails.
    """
    use_default_settings()
    keras.utils.set_random_seed(seed)
    if spec in KNOWN_NETWORKS:
        return KNOWN_NETWORKS[spec]()
    require_function_name(spec)
    if not is_user_network(spec):
        known = ", ".join(KNOWN_NETWORKS)
        raise ModelError(f"no network {spec!r}: use {known}, file.py:function, or module:function")
    model = call_user_function(spec)
    open_scopes_for_any_name(model)
    return model


def require_classifier(model: keras.Model, name: str) -> None:
    """Raise ModelError unless ``model`` is a graph of layers from (32, 32, 3) images to 10 classes.

    A layer's name must be one that model files can hold.
    """
    if not is_layer_graph(model):
        raise ModelError(f"{name} is a subclassed model, which .h5 files cannot hold: make it Functional")
    input_shape, output_shape = model.input_shape, model.output_shape
    if isinstance(input_shape, list | dict) or isinstance(output_shape, list | dict):
        raise ModelError(f"{name} has several inputs or outputs: one image in and one row of classes out")
    accepts = len(input_shape) == 4 and all(
        size in (None, wanted) for size, wanted in zip(input_shape[1:], IMAGE_SHAPE, strict=True)
    )
    if not accepts:
        raise ModelError(f"{name} takes input of shape {_shape(input_shape)}: (32, 32, 3) is needed")
    if tuple(output_shape[1:]) != (CLASS_COUNT,):
        raise ModelError(f"{name} gives output of shape {_shape(output_shape)}: ({CLASS_COUNT},) is needed")
    require_names_for_files(model, name)


@contextmanager
def weights_swapped(model: keras.Model, weights: Sequence[np.ndarray]) -> Iterator[None]:
    """Other weights for a while, in the order of ``model.weights``."""
    held = model.get_weights()
    model.set_weights(weights)
    try:
        yield
    finally:
        model.set_weights(held)


def _shape(shape: tuple[int | None, ...]) -> str:
    return str(tuple(shape[1:]))
