"""Rules of layers that act on each position alone, and of those that reduce or mix channels."""

from dataclasses import replace

from eip_cli.foundation.backend import keras

from .calls import Call, Positions, WholeImage, see_whole_image, show_shape

layers = keras.layers
ELEMENTWISE_LAYERS = (layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU)


def keep(call: Call) -> Positions:
    """What acts on each number, or on each position's channels, alone."""
    if call.output_shape != call.inputs[0].shape:
        raise call.refusal(
            f"changes the shape {show_shape(call.inputs[0].shape)} to {show_shape(call.output_shape)}"
        )
    return call.positions


def activate(call: Call) -> Positions:
    """An activation function."""
    check_activation(call, call.operation.activation)
    return keep(call)


def normalize(call: Call) -> Positions | WholeImage:
    """Softmax and normalizations that reduce over ``axis``, counted with the batch axis."""
    seen = sees_along(call, call.operation.axis)
    return see_whole_image(call) if seen else keep(call)


def sees_along(call: Call, axis: int | list[int] | tuple[int, ...] | None) -> bool:
    """Whether ``axis``, counted with the batch axis, covers all positions (True) or none of them (False)."""
    rank = len(call.inputs[0].shape) + 1
    listed = range(rank) if axis is None else axis if isinstance(axis, list | tuple | range) else [axis]
    axes = {one % rank - 1 for one in listed}
    if -1 in axes:
        raise call.refusal("reduces over the images of a batch")
    covered = set(call.positions.axes) & axes
    if covered and covered != set(call.positions.axes):
        raise call.refusal("reduces over one of height and width; over channels, or over both, is known")
    return bool(covered)


def reduce(call: Call) -> Positions | WholeImage:
    """``ops.mean`` and its like."""
    axis, rank = call.operation.axis, len(call.inputs[0].shape)
    if sees_along(call, axis):
        return see_whole_image(call)
    if call.operation.keepdims:
        return call.positions
    gone = [one % (rank + 1) - 1 for one in (axis if isinstance(axis, list | tuple) else [axis])]
    height, width = (one - sum(other < one for other in gone) for one in call.positions.axes)
    return replace(call.positions, axes=(height, width))


def mix_channels(call: Call) -> Positions | WholeImage:
    """Dense, which acts along the last axis."""
    if len(call.inputs[0].shape) - 1 in call.positions.axes:
        if call.positions.is_image:
            raise call.refusal("mixes the width of channels_first images; flatten or pool them before it")
        return see_whole_image(call)
    check_activation(call, call.operation.activation)
    return call.positions


def check_activation(call: Call, activation: object) -> None:
    """Refuse an activation function that is not known to act on each position alone."""
    if activation is None or type(activation) in ELEMENTWISE_LAYERS:
        return
    name = getattr(activation, "__name__", type(activation).__name__)
    library = getattr(activation, "__module__", "").partition(".")[0]
    if library in ("keras", "tensorflow", "jax", "torch"):
        if name in ELEMENTWISE_ACTIVATIONS:
            return
        sight = call.inputs[0].sight
        is_known = isinstance(sight, Positions) and len(call.output_shape) - 1 not in sight.axes
        if name in LAST_AXIS_ACTIVATIONS and is_known:
            return
    raise call.refusal(f"has the activation {name!r}, which is not known to act on each position alone")


ELEMENTWISE_ACTIVATIONS = frozenset([
    "celu", "elu", "exp", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh",
    "tanh_shrink", "threshold",
])  # fmt: skip
LAST_AXIS_ACTIVATIONS = frozenset(["softmax", "softmax_v2", "log_softmax", "log_softmax_v2", "sparsemax"])
