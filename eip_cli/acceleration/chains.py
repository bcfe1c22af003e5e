"""Which calls of layers belong together: one fused block runs all of a chain's."""

from collections.abc import Callable
from dataclasses import dataclass

from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import iterate_nodes

from .known_layers import (
    Node,
    is_batch_norm,
    is_convolution,
    is_dropout,
    is_filling_average,
    is_pooling,
    name_activation,
    name_function,
)


@dataclass(frozen=True)
class Chain:
    """Calls that follow each other with nobody else looking at what is between, each of them optional.

    They are calls, not layers: a layer that is called twice may stand in two chains, or in one of them and
    elsewhere too.
    """

    convolution: Node | None
    first_activation: Node | None  # before the batch norm
    norm: Node | None
    last_activation: Node | None
    dropout: Node | None
    pool: Node | None  # average pooling

    @property
    def members(self) -> list[Node]:
        """The calls in their order."""
        calls = (
            self.convolution,
            self.first_activation,
            self.norm,
            self.last_activation,
            self.dropout,
            self.pool,
        )
        return [node for node in calls if node is not None]

    @property
    def activations(self) -> tuple[str, str]:
        """The names of the activations before and after the batch norm, or where it would be."""
        inside = (
            "linear" if self.convolution is None else name_function(self.convolution.operation.activation)
        )
        first, last = (
            "linear" if node is None else name_activation(node)
            for node in (self.first_activation, self.last_activation)
        )
        assert inside and first and last
        return (first if inside == "linear" else inside), last


def find_chains(graph: keras.Model) -> list[Chain | Node]:
    """The chains of ``graph``, and the calls of dropout and pooling outside them, in the order they run."""
    found: list[Chain | Node] = []
    taken: set[int] = set()
    nodes = list(iterate_nodes(graph))
    followers = _sole_followers(graph, nodes)
    for node in nodes:
        if id(node) in taken:
            continue
        chain = _chain_from(node, nodes, followers, taken)
        if chain is not None:
            found.append(chain)
            taken |= set(map(id, chain.members))
        elif is_pooling(node) or is_dropout(node):
            found.append(node)
    return found


def _sole_followers(graph: keras.Model, nodes: list[Node]) -> dict[int, Node]:
    """By a call's id(), the call that alone takes its output."""
    consumers: dict[int, list[Node]] = {}
    for node in nodes:
        for tensor in node.input_tensors:
            consumers.setdefault(id(tensor), []).append(node)
    shown = {id(tensor) for tensor in graph.outputs}
    followers = {}
    for node in nodes:
        takers = consumers.get(id(node.outputs[0]), [])
        if len(node.outputs) == len(takers) == 1 and id(node.outputs[0]) not in shown:
            followers[id(node)] = takers[0]
    return followers


def _chain_from(node: Node, nodes: list[Node], followers: dict[int, Node], taken: set[int]) -> Chain | None:
    last = node

    def take(suits: Callable[[Node], object]) -> Node | None:
        nonlocal last
        following = followers.get(id(last))
        if following is None or not suits(following):
            return None
        last = following
        return following

    convolution = first_activation = norm = None
    if is_convolution(node):
        convolution = node
        is_linear = name_function(node.operation.activation) == "linear"
        first_activation = take(name_activation) if is_linear else None
        norm = take(lambda other: is_batch_norm(other) and _may_run_early(other, node, nodes, taken))
        if type(node.operation) is keras.layers.Conv2D and norm is None:
            return None  # nothing to save: TensorFlow's own plain convolution and activation are as fast
    elif is_batch_norm(node):
        norm = node
    else:
        return None
    last_activation = take(name_activation)
    return Chain(
        convolution, first_activation, norm, last_activation, take(is_dropout), take(is_filling_average)
    )


def _may_run_early(norm: Node, first: Node, nodes: list[Node], taken: set[int]) -> bool:
    """Whether a batch norm may run in ``first``'s place, where its chain does.

    Its moving averages must see the batches of the layer's other calls in the order in which Keras shows
    them: of those between the two places, each must run earlier still, in a chain of its own (``taken``).
    """
    between = nodes[nodes.index(first) : nodes.index(norm)]
    return all(id(other) in taken for other in between if other.operation is norm.operation)
