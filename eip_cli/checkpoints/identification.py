"""Which of the known networks a model from a file is, whatever its layers are called."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from eip_cli.datasets.loading import problem_of
from eip_cli.foundation.backend import keras
from eip_cli.foundation.problem import Problem
from eip_cli.networks.graphs import is_layer_graph, list_calls
from eip_cli.recipes.configuration import DATASETS

# What two layers may differ in and still compute the same function of the same weights.
FREE_SETTINGS = frozenset({"name", "trainable", "dtype", "seed", "noise_shape", "momentum"})
FREE_ENDINGS = ("_initializer", "_regularizer", "_constraint")
# Networks by name, built for a problem.
Candidates = Mapping[str, Callable[..., keras.Model]]
Architecture = list[tuple[Any, ...]]
# Those that a known network may have been trained on, CIFAR-10's first.
PROBLEMS = tuple(dict.fromkeys(map(problem_of, DATASETS)))


def find_known_network(model: keras.Model, candidates: Candidates) -> str | None:
    """The name of the candidate that computes what ``model`` does; None for another network."""
    problem = _problem_of(model)
    architecture = _architecture(model) if problem is not None and is_layer_graph(model) else None
    if problem is None or architecture is None:
        return None
    for name, build in candidates.items():
        if _describe(build, problem) == (model.count_params(), architecture):
            return name
    return None


@functools.cache
def _describe(build: Callable[..., keras.Model], problem: Problem) -> tuple[int, Architecture | None]:
    """Parameters and architecture; kept, because a class's submissions are each held against all networks."""
    network = build(*problem)
    return network.count_params(), _architecture(network)


def _problem_of(model: keras.Model) -> Problem | None:
    """What ``model`` solves; None where it is no data set's, so that nothing of any size is built for it."""
    try:
        image, output = model.input_shape[1:], model.output_shape[1:]
        return next((one for one in PROBLEMS if image == one.image_shape and output == (one.classes,)), None)
    except (AttributeError, KeyError, TypeError):  # several inputs or outputs, or none
        return None


def _architecture(model: keras.Model) -> Architecture | None:
    """What each call of a layer computes of which others, names and training matters left out.

    None where there is more to the network than calls of Keras's layers: functions called on tensors, nested
    models, or layers without a configuration.
    """
    steps: Architecture = []
    first_calls: dict[int, int] = {}  # a shared layer is another network than two of its kind
    try:
        for index, call in enumerate(list_calls(model)):
            layer = call.layer
            if not isinstance(layer, keras.Layer) or "/" in call.name:
                return None
            shape = tuple(layer.output.shape[1:])
            settings = {
                # Keras 2 wrote the last axis by its number, Keras 3 writes -1.
                key: value % (len(shape) + 1) if key == "axis" and isinstance(value, int) else value
                for key, value in layer.get_config().items()
                if key not in FREE_SETTINGS and not key.endswith(FREE_ENDINGS)
            }
            first = first_calls.setdefault(id(layer), index)
            steps.append((type(layer).__name__, shape, settings, call.sources, first))
    except (AttributeError, KeyError, NotImplementedError, TypeError, ValueError):
        return None  # a network of one's own need not have a configuration
    return steps
