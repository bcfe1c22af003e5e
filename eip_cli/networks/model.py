"""The shared Keras model module: a network's name, file or import path -> a Keras model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from eip_cli.foundation.backend import keras, use_default_settings
from eip_cli.foundation.errors import ModelError, in_one_line
from eip_cli.foundation.problem import CIFAR10_PROBLEM, Problem

from .graphs import is_layer_graph
from .input_layers import Shape
from .known import CLASS_COUNT, IMAGE_SHAPE, KNOWN_NETWORKS
from .layer_names import open_scopes_for_any_name, require_names_for_files
from .users_code import call_user_function, is_user_network
from .users_mistakes.missing_functions import require_function_name


def build_model(
    spec: str, seed: int = 0, input_shape: Shape = IMAGE_SHAPE, classes: int = CLASS_COUNT
) -> keras.Model:
    """The network that ``spec`` names, with initial weights that depend on ``seed`` alone.

    ``spec`` is a known network's name, ``path/to/file.py:function`` or
    ``package.module:function``; the code of a user's network runs. It is built
    with Keras's default settings, whatever was set before; what a user's code
    sets itself (a dtype policy, say) is in force until the next is built.
    ``input_shape`` is that of an image, (height, width, channels); a user's
    function may take both numbers or neither.

    Raises ModelError where there is no such network, its code fails, or a known
    network has no room for its layers in such images.
    """
    use_default_settings()
    keras.utils.set_random_seed(seed)
    if spec in KNOWN_NETWORKS:
        try:
            return KNOWN_NETWORKS[spec](input_shape, classes)
        except ValueError as error:
            shape = _show(input_shape)
            raise ModelError(f"{spec} takes no images of {shape}: {in_one_line(error):.200}") from None
    require_function_name(spec)
    if not is_user_network(spec):
        known = ", ".join(KNOWN_NETWORKS)
        raise ModelError(f"no network {spec!r}: use {known}, file.py:function, or module:function")
    model = call_user_function(spec, Problem(input_shape, classes))
    open_scopes_for_any_name(model)
    return model


def require_classifier(model: keras.Model, name: str, problem: Problem = CIFAR10_PROBLEM) -> None:
    """Raise ModelError unless ``model`` is a graph of layers from images to classes as in ``problem``.

    A layer's name must be one that model files can hold.
    """
    if not is_layer_graph(model):
        raise ModelError(f"{name} is a subclassed model, which .h5 files cannot hold: make it Functional")
    input_shape, output_shape = model.input_shape, model.output_shape
    if isinstance(input_shape, list | dict) or isinstance(output_shape, list | dict):
        raise ModelError(f"{name} has several inputs or outputs: one image in and one row of classes out")
    accepts = len(input_shape) == 4 and all(
        size in (None, wanted) for size, wanted in zip(input_shape[1:], problem.image_shape, strict=True)
    )
    if not accepts:
        raise ModelError(
            f"{name} takes input of shape {_show(input_shape[1:])}: {_show(problem.image_shape)} is needed"
        )
    if tuple(output_shape[1:]) != (problem.classes,):
        raise ModelError(
            f"{name} gives output of shape {_show(output_shape[1:])}: ({problem.classes},) is needed"
        )
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


def _show(shape: tuple[int | None, ...]) -> str:
    return str(tuple(shape))
