"""Weights in a checked HDF5 group -> the variables of a model, each one matched or refused.

Two ways of storing them exist. Keras 2, and Keras 3's ``.h5``, keep a group a layer, listed
in order by the attribute ``layer_names``; the names are the writer's, so layers are matched
by order. Keras 3's ``.keras`` and ``.weights.h5`` keep ``layers/<type>_<n>/vars/<i>``, where
n counts the layers of one type. Optimizer state, metrics and random generators are left alone.
"""

import math
import re
from collections.abc import Callable

import h5py

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

from .hdf5 import read_array, read_names

LayersOf = Callable[[keras.layers.Layer], list[keras.layers.Layer]]
Match = tuple[keras.Variable, h5py.Dataset]
# Keras 2.12 named its group of layers so.
LAYER_GROUPS = ("layers", "_layer_checkpoint_dependencies")
NOT_WEIGHTS = frozenset({"optimizer", "optimizer_weights", "metrics", "top_level_model_weights"})


def count_stored_weights(group: h5py.Group) -> int:
    """How many numbers the layers' datasets hold, optimizer state and metrics apart."""
    total = 0

    def add(name: str, item: h5py.Group | h5py.Dataset) -> None:
        nonlocal total
        if isinstance(item, h5py.Dataset) and name.split("/")[0] not in NOT_WEIGHTS:
            total += math.prod(item.shape)

    group.visititems(add)
    return total


def match_weights(
    group: h5py.Group, by_layer_name: bool, model: keras.Model, layers_of: LayersOf
) -> list[Match]:
    """The dataset of ``group`` for every weight of ``model``, shapes compared.

    ``layers_of`` gives a model's layers in the order in which the file's writer had them.
    Raises CheckpointError naming the first weight that has none, or one of another shape,
    and where the file has weights that the model has not.
    """
    if by_layer_name:
        return _match_by_order(group, model, layers_of)
    return _match_by_type(group, model, layers_of)


def assign_weights(matches: list[Match]) -> None:
    """Read the datasets into their variables. Raises CheckpointError where storage is damaged."""
    for variable, dataset in matches:
        variable.assign(read_array(dataset).astype(variable.dtype, copy=False))


def _match_by_order(group: h5py.Group, model: keras.Model, layers_of: LayersOf) -> list[Match]:
    stored = []
    for name in read_names(group, "layer_names") or []:
        layer_group = _child(group, name, h5py.Group)
        names = read_names(layer_group, "weight_names") or []
        if names:
            stored.append((name, [_child(layer_group, weight, h5py.Dataset) for weight in names]))
    wanted = [(layer, _ordered_weights(layer, layers_of)) for layer in layers_of(model)]
    wanted = [(layer, weights) for layer, weights in wanted if weights]
    matches = []
    for (layer, weights), (name, datasets) in zip(wanted, stored, strict=False):
        if len(weights) != len(datasets):
            raise CheckpointError(
                f"{layer.name} has {len(weights)} weights, the file's {_short(name)} has {len(datasets)}"
            )
        matches += [_pair(variable, dataset) for variable, dataset in zip(weights, datasets, strict=True)]
    if len(wanted) != len(stored):
        raise CheckpointError(
            f"the network has {len(wanted)} layers with weights, the file has {len(stored)}"
        )
    return matches


def _ordered_weights(layer: keras.layers.Layer, layers_of: LayersOf) -> list[keras.Variable]:
    """A layer's weights as Keras has always stored them: the trainable ones first, also in a nested model."""
    leaves = list(_leaves(layer, layers_of))
    trainable = [weight for leaf in leaves for weight in leaf.trainable_weights]
    return trainable + [weight for leaf in leaves for weight in leaf.non_trainable_weights]


def _leaves(layer: keras.layers.Layer, layers_of: LayersOf) -> list[keras.layers.Layer]:
    if not _is_functional(layer):
        return [layer]
    return [leaf for inner in layers_of(layer) for leaf in _leaves(inner, layers_of)]


def _is_functional(layer: keras.layers.Layer) -> bool:
    """Whether a layer is a model of layers and nothing else, so that its layers are all it has."""
    return isinstance(layer, keras.Sequential) or type(layer).__name__ == "Functional"


def _match_by_type(group: h5py.Group | None, model: keras.Model, layers_of: LayersOf) -> list[Match]:
    layer_group = next(
        (group[name] for name in LAYER_GROUPS if isinstance(group, h5py.Group) and name in group), None
    )
    matches: list[Match] = []
    used: set[str] = set()
    counts: dict[str, int] = {}
    for layer in layers_of(model):
        kind = _snake_case(type(layer).__name__)
        index = counts[kind] = counts.get(kind, -1) + 1
        name = f"{kind}_{index}" if index else kind
        used.add(name)
        stored = layer_group.get(name) if isinstance(layer_group, h5py.Group) else None
        if _is_functional(layer):
            matches += _match_by_type(stored, layer, layers_of)
        else:
            matches += _match_layer(stored, layer, name)
    extra = [name for name in _weighted(layer_group) if name not in used]
    if extra:
        raise CheckpointError(f"the file has weights of a layer {_short(extra[0])} that the network has not")
    return matches


def _match_layer(stored: h5py.Group | None, layer: keras.layers.Layer, name: str) -> list[Match]:
    weights = list(layer.weights)
    values = stored.get("vars") if isinstance(stored, h5py.Group) else None
    count = len(values) if isinstance(values, h5py.Group) else 0
    if count != len(weights):
        raise CheckpointError(f"layer {layer.name} has {len(weights)} weights, the file's {name} has {count}")
    return [_pair(weight, _child(values, str(index), h5py.Dataset)) for index, weight in enumerate(weights)]


def _weighted(group: h5py.Group | None) -> list[str]:
    """The layers' groups that hold weights of a layer or of a nested model."""
    if not isinstance(group, h5py.Group):
        return []
    held = []
    for name, inner in group.items():
        values = inner.get("vars") if isinstance(inner, h5py.Group) else None
        if (isinstance(values, h5py.Group) and len(values)) or any(key in inner for key in LAYER_GROUPS):
            held.append(name)
    return held


def _pair(variable: keras.Variable, dataset: h5py.Dataset) -> Match:
    if tuple(variable.shape) != dataset.shape:
        raise CheckpointError(
            f"weight {variable.path} has shape {tuple(variable.shape)}, the file's {_short(dataset.name)}"
            f" has {dataset.shape}"
        )
    if dataset.dtype.kind != "f":
        raise CheckpointError(f"the file's {_short(dataset.name)} holds {dataset.dtype}, not floating point")
    return variable, dataset


def _child(group: h5py.Group | None, path: str, kind: type) -> h5py.Group | h5py.Dataset:
    # An absolute path or one with dots would leave the group.
    parts = path.split("/")
    item = group if path and all(part not in ("", ".", "..") for part in parts) else None
    for part in parts:
        item = item.get(part) if isinstance(item, h5py.Group) else None
    if not isinstance(item, kind):
        raise CheckpointError(f"the file names {_short(path)} among its weights but does not have it")
    return item


def _snake_case(name: str) -> str:
    """The name of a layer's type as Keras writes it into files: ``Conv2D`` -> ``conv2d``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _short(name: str) -> str:
    return ascii(name[-60:])
