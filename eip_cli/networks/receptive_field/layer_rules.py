"""What each kind of Keras layer does to the receptive field, one rule a kind.

A layer that has no rule is refused by name: a subclass of a known layer too, because its ``call`` may
do anything. Rules speak of inference: dropout and random augmentation pass their input on.
"""

from collections.abc import Callable, Sequence

from eip_cli.foundation.backend import keras

from . import arithmetic as rf
from .calls import Call, Feature, Grid, show_shape

layers = keras.layers
Rule = Callable[[Call], Grid | None]


def trace_call(call: Call) -> tuple[Grid | None, str | None]:
    """What the units of ``call``'s output see, and a warning where merged paths are misaligned.

    Raises ModelError where the layer has no rule, or its settings have none.
    """
    if all(feature.grid is None for feature in call.inputs):
        return None, None
    kind = type(call.operation)
    rule = RULES.get(kind)
    if rule is None and _is_elementwise_operation(call.operation):
        rule = _merge
    if rule is None:
        raise call.refusal(
            "is not a known kind; convolution, pooling, padding, cropping, upsampling, normalization, "
            "activation, dropout, merging, flatten and dense layers are"
        )
    grid = rule(call)
    merged = grid is not None and rule in (_merge, _concatenate)
    return grid, _describe_misalignment(call) if merged else None


def _keep(call: Call) -> Grid:
    if call.output_shape != call.inputs[0].shape:
        raise call.refusal(
            f"changes the shape {show_shape(call.inputs[0].shape)} to {show_shape(call.output_shape)}"
        )
    return call.grid


def _see_everything(_: Call) -> None:
    return None


def _window(call: Call) -> Grid:
    layer = call.operation
    _check_activation(call, getattr(layer, "activation", None))
    kernel = layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size
    dilation = getattr(layer, "dilation_rate", (1, 1))
    size = call.size_of(call.inputs[0].shape)

    def see(axis: int) -> rf.AxisField:
        shape = (kernel[axis], layer.strides[axis], dilation[axis])
        pad_before = rf.pad_before_same(size[axis], *shape) if layer.padding == "same" else 0
        return rf.see_through_window(call.grid[axis], *shape, pad_before=pad_before)

    return see(0), see(1)


def _transposed_window(call: Call) -> Grid:
    layer = call.operation
    _check_activation(call, layer.activation)
    size, output_size = call.size_of(call.inputs[0].shape), call.size_of(call.output_shape)
    if any(out <= (n - 1) * stride for out, n, stride in zip(output_size, size, layer.strides, strict=True)):
        # TensorFlow 2.21 reads beyond its buffers there, and has crashed.
        raise call.refusal("gives an even kernel an output_padding of 0; leave output_padding out")

    def see(axis: int) -> rf.AxisField:
        shape = (layer.kernel_size[axis], layer.strides[axis], layer.dilation_rate[axis])
        same = layer.padding == "same"
        crop_before = rf.crop_before_same(size[axis], output_size[axis], *shape) if same else 0
        return rf.see_through_transposed_window(call.grid[axis], *shape, crop_before=crop_before)

    return see(0), see(1)


def _pad(call: Call) -> Grid:
    return _shift(call.grid, [before for before, _ in call.operation.padding])


def _crop(call: Call) -> Grid:
    return _shift(call.grid, [-before for before, _ in call.operation.cropping])


def _shift(grid: Grid, pad_before: Sequence[int]) -> Grid:
    height, width = (
        rf.see_through_window(field, kernel=1, pad_before=before)
        for field, before in zip(grid, pad_before, strict=True)
    )
    return height, width


def _upsample(call: Call) -> Grid:
    interpolation = call.operation.interpolation
    rules = {"nearest": rf.see_through_repetition, "bilinear": rf.see_through_interpolation}
    if interpolation not in rules:
        raise call.refusal(f"interpolates by {interpolation!r}; 'nearest' and 'bilinear' are known")
    see = rules[interpolation]
    rows, columns = call.operation.size
    return see(call.grid[0], rows), see(call.grid[1], columns)


def _activate(call: Call) -> Grid:
    _check_activation(call, call.operation.activation)
    return _keep(call)


def _normalize(call: Call) -> Grid | None:
    """Softmax and normalizations that reduce over ``axis``, counted with the batch axis."""
    axis = call.operation.axis
    axes = {a % 4 - 1 for a in (axis if isinstance(axis, list | tuple) else [axis])}
    spatial = axes - {call.channel_axis}
    if len(spatial) == 2:
        return None
    if spatial:
        raise call.refusal("reduces over one of height and width; over channels, or over both, is known")
    return _keep(call)


def _dense(call: Call) -> Grid:
    if call.channels_first:
        raise call.refusal("mixes the width of channels_first images; flatten or pool them before it")
    _check_activation(call, call.operation.activation)
    return call.grid


def _reshape(call: Call) -> Grid | None:
    """A reshape that rearranges the image ends it, as flatten does."""
    return call.grid if call.output_shape == call.inputs[0].shape else None


def _concatenate(call: Call) -> Grid | None:
    axis = call.operation.axis % 4 - 1
    if axis != call.channel_axis:
        raise call.refusal("concatenates along height or width; along channels is known")
    return _merge(call)


def _merge(call: Call) -> Grid | None:
    size = call.size_of(call.output_shape)
    whole_image_seen = False
    for feature in call.inputs:
        if feature.grid is None or (call.size_of(feature.shape) != size and _sees_image(call, feature)):
            whole_image_seen = True
        elif call.size_of(feature.shape) != size:
            raise call.refusal(f"spreads {show_shape(feature.shape)} over {show_shape(call.output_shape)}")
    if whole_image_seen:
        return None
    height, width = (rf.see_through_merge(paths) for paths in _paths(call))
    return height, width


def _sees_image(call: Call, feature: Feature) -> bool:
    """Whether a single unit, which a merge spreads over an image, has seen all of the network's input."""
    if feature.grid is None or call.size_of(feature.shape) != (1, 1):
        return False
    spans = [field.span(0) for field in feature.grid]
    return all(
        span is not None and span[0] <= 0 and span[1] >= size - 1
        for span, size in zip(spans, call.image_size, strict=True)
    )


def _describe_misalignment(call: Call) -> str | None:
    found = [rf.describe_misalignment(paths) for paths in _paths(call)]
    if found[0] is not None and found[0] == found[1]:
        return f"{call.name} ({call.type}) merges misaligned paths in height and width: {found[0]}"
    parts = [
        f"in {axis}: {text}"
        for axis, text in zip(("height", "width"), found, strict=True)
        if text is not None
    ]
    return f"{call.name} ({call.type}) merges misaligned paths {'; '.join(parts)}" if parts else None


def _paths(call: Call) -> tuple[list[rf.AxisField], list[rf.AxisField]]:
    grids = [feature.grid for feature in call.inputs if feature.grid is not None]
    return [height for height, _ in grids], [width for _, width in grids]


def _check_activation(call: Call, activation: object) -> None:
    """Refuse an activation function that is not known to act on each position alone."""
    if activation is None or type(activation) in ELEMENTWISE_LAYERS:
        return
    name = getattr(activation, "__name__", type(activation).__name__)
    library = getattr(activation, "__module__", "").partition(".")[0]
    if library in ("keras", "tensorflow", "jax", "torch"):
        if name in ELEMENTWISE_ACTIVATIONS:
            return
        if name in LAST_AXIS_ACTIVATIONS and not call.channels_first:
            return
    raise call.refusal(f"has the activation {name!r}, which is not known to act on each position alone")


def _is_elementwise_operation(operation: keras.Operation) -> bool:
    """Whether this is one of Keras's own elementwise operations, such as the + of two tensors."""
    kind = type(operation)
    return kind.__module__.startswith("keras.src.ops.") and kind.__name__ in ELEMENTWISE_OPERATIONS


def _named(*names: str) -> list[type]:
    """The layers of these names that the installed Keras has."""
    return [getattr(layers, name) for name in names if hasattr(layers, name)]


WINDOW_LAYERS = _named("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D")
GLOBAL_POOLING_LAYERS = _named("GlobalAveragePooling2D", "GlobalMaxPooling2D")
LAYOUT_KINDS = frozenset(
    WINDOW_LAYERS
    + GLOBAL_POOLING_LAYERS
    + _named("Conv2DTranspose", "ZeroPadding2D", "Cropping2D", "UpSampling2D")
)
"""Layers whose ``data_format`` says where an image's channels are."""


ELEMENTWISE_LAYERS = frozenset(_named("ReLU", "LeakyReLU", "PReLU", "ELU"))
INACTIVE_OR_POINTWISE_LAYERS = _named(
    "BatchNormalization", "Normalization", "Rescaling", "Identity", "ActivityRegularization",
    "Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout",
    "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation",
    "RandomTranslation", "RandomZoom",
)  # fmt: skip
RULES: dict[type, Rule] = {
    **dict.fromkeys(WINDOW_LAYERS, _window),
    layers.Conv2DTranspose: _transposed_window,
    layers.ZeroPadding2D: _pad,
    layers.Cropping2D: _crop,
    layers.UpSampling2D: _upsample,
    **dict.fromkeys(GLOBAL_POOLING_LAYERS, _see_everything),
    layers.Flatten: _see_everything,
    # Its groups of channels are normalized over all positions.
    layers.GroupNormalization: _see_everything,
    layers.Dense: _dense,
    layers.Reshape: _reshape,
    layers.Activation: _activate,
    **dict.fromkeys(ELEMENTWISE_LAYERS, _keep),
    **dict.fromkeys(
        _named("Softmax", "LayerNormalization", "RMSNormalization", "UnitNormalization"), _normalize
    ),
    **dict.fromkeys(INACTIVE_OR_POINTWISE_LAYERS, _keep),
    **dict.fromkeys(_named("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _merge),
    layers.Concatenate: _concatenate,
}
ELEMENTWISE_ACTIVATIONS = frozenset([
    "celu", "elu", "exp", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh",
    "tanh_shrink",
])  # fmt: skip
LAST_AXIS_ACTIVATIONS = frozenset(["softmax", "softmax_v2", "log_softmax", "log_softmax_v2", "sparsemax"])
ELEMENTWISE_OPERATIONS = frozenset([
    "Abs", "Absolute", "Add", "Celu", "Clip", "Divide", "Elu", "Exp", "Gelu", "HardSigmoid", "HardSilu",
    "HardTanh", "LeakyRelu", "Log", "Log1p", "LogSigmoid", "Maximum", "Minimum", "Multiply", "Negative",
    "Power", "Reciprocal", "Relu", "Relu6", "Selu", "Sigmoid", "Silu", "Softplus", "Softsign", "Sqrt",
    "Square", "Subtract", "Tanh", "TrueDivide",
])  # fmt: skip
