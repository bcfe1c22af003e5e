"""Weights in a checked HDF5 group -> the variables of a model, each one matched or refused.

Two ways of storing them exist. Keras 2, and Keras 3's ``.h5``, keep a group a layer, listed
in order by the attribute ``layer_names``; the names are the writer's, so layers are matched
by order. ``.keras`` and ``.weights.h5`` keep ``layers/<type>_<n>/vars/<i>``, where n counts the
layers of one type (``weight_tree`` says how differently). Optimizer state, metrics and random
generators are left alone.
"""

import math
import re
from collections.abc import Callable, Iterator

import h5py

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

from .hdf5 import read_array, read_names
from .weight_tree import WeightTree, read_weight_tree

LayersOf = Callable[[keras.layers.Layer], list[keras.layers.Layer]]
Match = tuple[keras.Variable, h5py.Dataset]
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
    return _match_by_type(read_weight_tree(group), model, layers_of)


def assign_weights(matches: list[Match], model: keras.Model, layers_of: LayersOf) -> None:
    """Read the datasets into their variables. Raises CheckpointError where storage is damaged."""
    for variable, dataset in matches:
        variable.assign(read_array(dataset).astype(variable.dtype, copy=False))
    for layer in _leaves(model, layers_of):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # what it computes with follows from the weights only here


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


def _leaves(layer: keras.layers.Layer, layers_of: LayersOf) -> Iterator[keras.layers.Layer]:
    if not _is_functional(layer):
        yield layer
        return
    for inner in layers_of(layer):
        yield from _leaves(inner, layers_of)


def _is_functional(layer: keras.layers.Layer) -> bool:
    """Whether a layer is a model of layers and nothing else, so that its layers are all it has."""
    return isinstance(layer, keras.Sequential) or type(layer).__name__ == "Functional"


def _match_by_type(tree: WeightTree, model: keras.Model, layers_of: LayersOf) -> list[Match]:
    matches: list[Match] = []
    stored = tree.layers()
    used: set[str] = set()
    layers = layers_of(model)
    for layer, name in zip(layers, _stored_names(layers, stored), strict=True):
        used.add(name)
        inner = stored.get(name, WeightTree())
        if _is_functional(layer):
            matches += _match_by_type(inner, layer, layers_of)
        else:
            matches += _match_layer(inner, layer, name)
    extra = [name for name, inner in stored.items() if name not in used and inner.holds_weights()]
    if extra:
        raise CheckpointError(f"the file has weights of a layer {_short(extra[0])} that the network has not")
    return matches


def _stored_names(layers: list[keras.layers.Layer], stored: dict[str, WeightTree]) -> list[str]:
    """The name under which each layer's weights are stored: its type, numbered.

    Keras 3 counts the layers of a type. Keras 2.12 and 2.13 counted those with weights twice (``conv2d``,
    ``conv2d_2``, ``conv2d_4``): there the order of the numbers says which is which.
    """
    names = []
    counts: dict[str, int] = {}
    for layer in layers:
        kind = _snake_case(type(layer).__name__)
        index = counts[kind] = counts.get(kind, -1) + 1
        names.append(f"{kind}_{index}" if index else kind)
    for kind in counts:
        places = [
            place
            for place, layer in enumerate(layers)
            if _snake_case(type(layer).__name__) == kind and layer.weights
        ]
        numbered = {
            int(name[len(kind) + 1 :] or 0): name
            for name, inner in stored.items()
            if re.fullmatch(rf"{kind}(_[1-9][0-9]{{0,5}})?", name) and inner.holds_weights()
        }
        if len(numbered) == len(places):
            for place, number in zip(places, sorted(numbered), strict=True):
                names[place] = numbered[number]
    return names


def _match_layer(tree: WeightTree, layer: keras.layers.Layer, name: str) -> list[Match]:
    """The weights of a layer, and of those inside it, each stored under its attribute's name."""
    inside = _layers_inside(layer)
    of_others = {id(weight) for inner, _ in inside for weight in inner.weights}
    weights = [weight for weight in layer.weights if id(weight) not in of_others]
    values = tree.variables()
    if len(values) != len(weights):
        raise CheckpointError(
            f"layer {layer.name} has {len(weights)} weights, the file's {_short(name)} has {len(values)}"
        )
    matches = []
    for index, weight in enumerate(weights):
        if str(index) not in values:
            raise CheckpointError(f"the file's {_short(name)} has no weight {index}")
        matches.append(_pair(weight, values[str(index)]))
    for inner, attributes in inside:
        found = [attribute for attribute in attributes if tree.part(attribute).holds_weights()]
        if inner.weights:
            attribute = found[0] if found else attributes[0]
            matches += _match_layer(tree.part(attribute), inner, f"{name}/{attribute}")
    return matches


def _layers_inside(layer: keras.layers.Layer) -> list[tuple[keras.layers.Layer, list[str]]]:
    """The layers that a layer holds (attention has four), each with the attributes that it is held by."""
    found: dict[int, tuple[keras.layers.Layer, list[str]]] = {}
    for attribute in sorted(dir(layer), key=lambda name: (name.startswith("_"), name)):
        inner = None if attribute.startswith("__") else _attribute(layer, attribute)
        if isinstance(inner, keras.layers.Layer) and inner is not layer:
            found.setdefault(id(inner), (inner, []))[1].append(attribute)
    return list(found.values())


def _attribute(layer: keras.layers.Layer, name: str) -> object:
    try:
        return getattr(layer, name, None)
    except Exception:  # a property may be none yet, such as the input of a layer never called
        return None


def _pair(variable: keras.Variable, dataset: h5py.Dataset) -> Match:
    if tuple(variable.shape) != dataset.shape:
        raise CheckpointError(
            f"weight {variable.path} has shape {tuple(variable.shape)}, the file's {_short(dataset.name)}"
            f" has {dataset.shape}"
        )
    wanted = "iu" if "int" in variable.dtype else "f"  # the count of images that statistics were taken of
    if dataset.dtype.kind not in wanted:
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
