"""What each kind of Keras layer does to the receptive field, one rule a kind.

A layer that has no rule is refused by name: a subclass of a known layer too, because its ``call`` may
do anything. Rules speak of inference: dropout and random augmentation pass their input on.
"""

from collections.abc import Callable
from dataclasses import replace

from eip_cli.foundation.backend import keras

from . import layout_rules, pointwise_rules, window_rules
from .calls import Call, LaidOut, Positions, Sight, Unknown, WholeImage, see_whole_image, show_shape
from .other_layers import REASONS

layers = keras.layers
Rule = Callable[[Call], Sight]


def trace_call(call: Call) -> tuple[Sight, str | None]:
    """What the units of ``call``'s output see, and a warning where merged paths are misaligned.

    Raises ModelError where the layer has no rule, or its settings have none.
    """
    sights = [feature.sight for feature in call.inputs]
    call, rule = _find_rule(call)
    if sights and all(isinstance(sight, WholeImage) for sight in sights):
        return see_whole_image(call), None
    if (rule in MERGING or _is_product(call)) and any(isinstance(sight, WholeImage) for sight in sights):
        return see_whole_image(call), None
    if rule in LOOKING_EVERYWHERE and not all(isinstance(sight, Positions) for sight in sights):
        return see_whole_image(call), None
    if any(isinstance(sight, Unknown) for sight in sights):
        return Unknown(), None
    if any(isinstance(sight, LaidOut) for sight in sights):
        return _follow_laid_out(call, rule), None
    if rule is None or not all(isinstance(sight, Positions) for sight in sights):
        raise call.refusal(_explain_refusal(call))
    if None in call.output_shape:
        raise call.refusal(
            "has no known output size: give the network a fixed input size, or a layer of your own a "
            "compute_output_shape"
        )
    sight = rule(call)
    return sight, _find_warning(call, rule, sight)


def _is_product(call: Call) -> bool:
    """Whether each number of the output is a sum of products, which sees what any of its factors does."""
    kind = type(call.operation)
    of_keras = kind is layers.Dot or kind.__module__.startswith("keras.src.ops.")
    return of_keras and call.type in ("Dot", "Einsum", "Matmul", "Tensordot")


def _find_warning(call: Call, rule: Rule, sight: Sight) -> str | None:
    """Why what the units see may not be what the network's author thinks."""
    if rule in MERGING and isinstance(sight, Positions):
        return layout_rules.describe_misalignment(call)
    if rule is window_rules.see_uncropped and call.output_shape != call.inputs[0].shape:
        return (
            f"{call.name} ({call.type}) crops in training only: in inference it passes "
            f"{show_shape(call.inputs[0].shape)} on, where the shapes say {show_shape(call.output_shape)}"
        )
    return None


def _follow_laid_out(call: Call, rule: Rule | None) -> Sight:
    """What ``call`` makes of units that are not in an image's order any more.

    A vector counts as having seen the whole image once anything acts on it: dense layers do see it.
    """
    if rule in REARRANGING or rule is see_flattened:
        return LaidOut()
    if all(len(feature.shape) == 1 for feature in call.inputs):
        return see_whole_image(call)
    if rule is pointwise_rules.activate:
        pointwise_rules.check_activation(call, call.operation.activation)
        return LaidOut()
    if rule is pointwise_rules.keep or (rule is layout_rules.merge and len(call.inputs) == 1):
        return LaidOut()
    raise call.refusal("runs over an image that was reshaped, so that what it sees is not known")


def _find_rule(call: Call) -> tuple[Call, Rule | None]:
    """The rule for ``call``, and the call as the rule sees it: of the layer inside a wrapper."""
    kind = type(call.operation)
    if kind is layers.SpectralNormalization:
        return _find_rule(replace(call, operation=call.operation.layer))
    if kind is layers.TimeDistributed:
        return _find_distributed_rule(call)
    if kind in RULES:
        return call, RULES[kind]
    if _is_of_keras_applications(kind):
        return call, pointwise_rules.keep
    if kind.__module__.startswith("keras.src.ops."):
        return call, OPERATION_RULES.get(kind.__name__)
    return call, None


def has_rule(kind: type) -> bool:
    """Whether it is known what layers of this kind do to an image."""
    return kind in RULES or _is_of_keras_applications(kind)


def _is_of_keras_applications(kind: type) -> bool:
    """Whether this is one of the layers, not public, that ConvNeXt of ``keras.applications`` is made of."""
    of_convnext = kind.__module__ == "keras.src.applications.convnext"
    return of_convnext and kind.__name__ in ("LayerScale", "StochasticDepth")


def _find_distributed_rule(call: Call) -> tuple[Call, Rule | None]:
    """TimeDistributed runs its layer on each row alone: known where that acts on each position alone."""
    inner = replace(call, operation=call.operation.layer)
    _, rule = _find_rule(inner)
    if rule in (pointwise_rules.keep, pointwise_rules.activate, pointwise_rules.mix_channels):
        return inner, rule
    return call, None


def _explain_refusal(call: Call) -> str:
    known = (
        "is not a known kind; convolution, pooling, padding, cropping, resizing, normalization, activation, "
        "dropout, merging, reshaping, attention, flatten and dense layers are"
    )
    is_keras_layer = getattr(layers, call.type, None) is type(call.operation)
    return REASONS.get(call.type, known) if is_keras_layer else known


def see_flattened(_: Call) -> LaidOut:
    """Flatten: each unit sees what it did, and whatever comes next sees them all."""
    return LaidOut()


def _named(*names: str) -> list[type]:
    """The layers of these names that the installed Keras has."""
    return [getattr(layers, name) for name in names if hasattr(layers, name)]


WINDOW_LAYERS = _named("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D")
GLOBAL_POOLING_LAYERS = _named("GlobalAveragePooling2D", "GlobalMaxPooling2D")
ADAPTIVE_POOLING_LAYERS = _named("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D")
LAYOUT_KINDS = frozenset(
    WINDOW_LAYERS
    + GLOBAL_POOLING_LAYERS
    + ADAPTIVE_POOLING_LAYERS
    + _named("Conv2DTranspose", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "Resizing", "CenterCrop")
)
"""Layers whose ``data_format`` says where an image's channels are."""

INACTIVE_OR_POINTWISE_LAYERS = _named(
    "BatchNormalization", "Normalization", "Rescaling", "Identity", "ActivityRegularization", "Masking",
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout",
    "AugMix", "CutMix", "Equalization", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomZoom", "Solarization",
)  # fmt: skip
RULES: dict[type, Rule] = {
    **dict.fromkeys(WINDOW_LAYERS, window_rules.see_window),
    layers.Conv2DTranspose: window_rules.see_transposed_window,
    layers.ZeroPadding2D: window_rules.see_padded,
    layers.Cropping2D: window_rules.see_cropped,
    layers.CenterCrop: window_rules.see_center,
    layers.RandomCrop: window_rules.see_uncropped,
    layers.UpSampling2D: window_rules.see_upsampled,
    layers.Resizing: window_rules.see_resized,
    **dict.fromkeys(ADAPTIVE_POOLING_LAYERS, window_rules.see_adaptive_window),
    **dict.fromkeys(GLOBAL_POOLING_LAYERS, layout_rules.pool_globally),
    **dict.fromkeys(_named("GlobalAveragePooling1D", "GlobalMaxPooling1D"), layout_rules.pool_row_globally),
    **dict.fromkeys(
        _named("GroupNormalization", "AutoContrast"),
        layout_rules.normalize_everywhere,
    ),
    **dict.fromkeys(
        _named("MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"),
        layout_rules.attend,
    ),
    layers.Flatten: see_flattened,
    layers.Reshape: layout_rules.reshape,
    layers.Permute: layout_rules.permute,
    layers.Dense: pointwise_rules.mix_channels,
    layers.Activation: pointwise_rules.activate,
    **dict.fromkeys(pointwise_rules.ELEMENTWISE_LAYERS, pointwise_rules.keep),
    **dict.fromkeys(
        _named("Softmax", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
        pointwise_rules.normalize,
    ),
    **dict.fromkeys(INACTIVE_OR_POINTWISE_LAYERS, pointwise_rules.keep),
    **dict.fromkeys(
        _named("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), layout_rules.merge
    ),
    layers.Concatenate: layout_rules.concatenate,
}
WRAPPERS = frozenset([layers.SpectralNormalization, layers.TimeDistributed])
"""Layers that are followed as the layer in them."""

MERGING: frozenset[Rule | None] = frozenset([layout_rules.merge, layout_rules.concatenate])
LOOKING_EVERYWHERE: frozenset[Rule | None] = frozenset(
    [
        layout_rules.pool_globally,
        layout_rules.pool_row_globally,
        layout_rules.normalize_everywhere,
        layout_rules.attend,
    ]
)
"""Rules of what sees the whole image whatever came before."""

REARRANGING: frozenset[Rule | None] = frozenset(
    [
        layout_rules.reshape,
        layout_rules.permute,
        layout_rules.take_slices,
        layout_rules.split,
        layout_rules.concatenate,
    ]
)

_ELEMENTWISE_OPERATIONS = """
    Abs Absolute Add Arccos Arcsin Arctan Cast Cbrt Ceil Celu Clip Copy Cos Cosh Divide DivideNoNan Elu
    Equal Erf Exp Exp2 Expm1 Fabs Floor FloorDivide Fmax Fmin Gelu Greater GreaterEqual HardShrink
    HardSigmoid HardSilu HardTanh Heaviside Hypot LeakyRelu Less LessEqual Log Log10 Log1p Log2
    LogSigmoid Logaddexp LogicalAnd LogicalNot LogicalOr LogicalXor Maximum Minimum Mod Multiply
    NanToNum Negative NotEqual Power Reciprocal Relu Relu6 Round Rsqrt SaturateCast Selu Sigmoid Sign
    Silu Sin Sinh SoftShrink Softplus Softsign SparsePlus SparseSigmoid Sqrt Square Squareplus
    StopGradient Subtract Tan Tanh TanhShrink Threshold TrueDivide Trunc Where
"""
_REDUCTIONS = """
    All Amax Amin Any Argmax Argmin CountNonzero Logsumexp Max Mean Median Min Norm Prod Ptp Std Sum Var
"""
OPERATION_RULES: dict[str, Rule] = {
    **dict.fromkeys(_ELEMENTWISE_OPERATIONS.split(), layout_rules.merge),
    **dict.fromkeys(_REDUCTIONS.split(), pointwise_rules.reduce),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Sparsemax", "Normalize"), pointwise_rules.normalize),
    **dict.fromkeys(("Reshape", "Squeeze", "ExpandDims"), layout_rules.reshape),
    **dict.fromkeys(("Transpose", "Moveaxis", "Swapaxes"), layout_rules.permute),
    "Concatenate": layout_rules.concatenate,
    "Split": layout_rules.split,
    "GetItem": layout_rules.take_slices,
    "Pad": window_rules.see_padded_by_operation,
    "Resize": window_rules.see_resized,
    "SpaceToDepth": window_rules.see_blocks,
    "DepthToSpace": window_rules.see_unfolded_blocks,
    "DotProductAttention": layout_rules.attend,
}
"""Rules of Keras's own operations, such as the + of two tensors, by their class's name."""
