"""Which of the known networks a model from a file is, whatever its layers are called."""

from collections.abc import Callable, Mapping
from typing import Any

from eip_cli.datasets.loading import problem_of
from eip_cli.foundation.backend import keras
from eip_cli.foundation.problem import Problem
from eip_cli.recipes.configuration import DATASETS

# What two layers may differ in and still compute the same function of the same weights.
FREE_SETTINGS = frozenset({"name", "trainable", "dtype", "seed", "noise_shape", "momentum"})
FREE_ENDINGS = ("_initializer", "_regularizer", "_constraint")
# Networks by name, built for a problem.
Candidates = Mapping[str, Callable[..., keras.Model]]
# Those that a known network may have been trained on, CIFAR-10's first.
PROBLEMS = tuple(dict.fromkeys(map(problem_of, DATASETS)))


def find_known_network(model: keras.Model, candidates: Candidates) -> str | None:
    """The name of the candidate that computes what ``model`` does; None for another network."""
    problem, architecture = _problem_of(model), _architecture(model)
    if problem is None or architecture is None:
        return None
    for name, build in candidates.items():
        network = build(*problem)
        if network.count_params() == model.count_params() and _architecture(network) == architecture:
            return name
    return None


def _problem_of(model: keras.Model) -> Problem | None:
    """What ``model`` solves; None where it is no data set's, so that nothing of any size is built for it."""
    try:
        image, output = model.input_shape[1:], model.output_shape[1:]
        return next((one for one in PROBLEMS if image == one.image_shape and output == (one.classes,)), None)
    except (AttributeError, KeyError, TypeError):  # several inputs or outputs, or none
        return None


def _input_names(stored: dict[str, Any]) -> list[str]:
    return [name for name, layer in stored.items() if layer.get("class_name") == "InputLayer"]


def _architecture(model: keras.Model) -> list[tuple[str, Any, Any]] | None:
    """What a chain of layers computes, names and training matters left out; None where it is no chain."""
    steps = []
    try:
        stored = {layer["config"]["name"]: layer for layer in model.get_config()["layers"]}
        if stored.keys() - {layer.name for layer in model.layers} - set(_input_names(stored)):
            return None  # functions called on tensors, which are no layers
        for layer in model.layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            # Sharing a layer, or joining two paths, makes another network of the same layers.
            if len(stored[layer.name].get("inbound_nodes", [None])) != 1 or isinstance(layer, keras.Model):
                return None
            settings = {
                # Keras 2 wrote the last axis by its number, Keras 3 writes -1.
                key: value % len(layer.output.shape) if key == "axis" and isinstance(value, int) else value
                for key, value in layer.get_config().items()
                if key not in FREE_SETTINGS and not key.endswith(FREE_ENDINGS)
            }
            steps.append((type(layer).__name__, tuple(layer.output.shape[1:]), settings))
    except (AttributeError, KeyError, NotImplementedError, TypeError, ValueError):
        return None  # a network of one's own need not have a configuration
    return steps
