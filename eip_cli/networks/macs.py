"""Multiply-accumulates of convolution and dense layers."""

import math
from dataclasses import replace

from eip_cli.foundation.backend import keras

from .receptive_field.calls import Call, Feature, Shape
from .receptive_field.layer_rules import WRAPPERS, has_rule

layers = keras.layers
TRANSPOSED = frozenset([layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose])
DEPTHWISE = frozenset([layers.DepthwiseConv1D, layers.DepthwiseConv2D])
SEPARABLE = frozenset([layers.SeparableConv1D, layers.SeparableConv2D])
STANDARD = frozenset([layers.Conv1D, layers.Conv2D, layers.Conv3D])
ATTENTION = frozenset([layers.MultiHeadAttention, layers.GroupQueryAttention, layers.Attention])
COUNTED = TRANSPOSED | DEPTHWISE | SEPARABLE | STANDARD | {layers.Dense}


def count_macs(call: Call) -> int | None:
    """Multiply-accumulates of one image's pass through a convolution or dense layer, without bias.

    With P output positions, K kernel taps, C input channels and F filters: standard convolution
    P*K*(C/groups)*F; depthwise P*K*C*multiplier; separable the depthwise, and then P*C*multiplier*F for
    the pointwise part; transposed Pin*K*C*F at its Pin input positions; dense P*C*units. Any other
    layer counts 0. Taps that fall on padding count, as is usual. A wrapper counts as the layer in it, once
    for each time it runs it. None where they depend on a size that the network leaves open.
    """
    kind = type(call.operation)
    if kind is layers.SpectralNormalization:
        return count_macs(replace(call, operation=call.operation.layer))
    if kind is layers.TimeDistributed:
        return _count_distributed(call)
    if kind not in COUNTED:
        return 0
    if None in (*call.inputs[0].shape, *call.output_shape):
        return None
    return _count_closed(call, _close(call.inputs[0].shape), _close(call.output_shape))


def _count_distributed(call: Call) -> int | None:
    """TimeDistributed: its layer's, once for each unit along the first axis."""
    inputs = tuple(Feature(feature.shape[1:], feature.sight) for feature in call.inputs)
    inner = replace(call, operation=call.operation.layer, inputs=inputs, output_shape=call.output_shape[1:])
    once, times = count_macs(inner), call.output_shape[0]
    if once == 0:
        return 0
    return None if once is None or times is None else times * once


def _close(shape: Shape) -> tuple[int, ...]:
    return tuple(size for size in shape if size is not None)


def _count_closed(call: Call, source: tuple[int, ...], output_shape: tuple[int, ...]) -> int:
    layer, kind = call.operation, type(call.operation)
    if kind is layers.Dense:
        return math.prod(source) * layer.units
    channel_axis = 0 if layer.data_format == "channels_first" else -1
    channels = source[channel_axis]
    taps = math.prod(layer.kernel_size)
    positions = math.prod(output_shape) // output_shape[channel_axis]
    if kind in TRANSPOSED:
        return math.prod(source) * taps * layer.filters
    if kind in DEPTHWISE:
        return positions * taps * channels * layer.depth_multiplier
    if kind in SEPARABLE:
        expanded = channels * layer.depth_multiplier
        return positions * taps * expanded + positions * expanded * layer.filters
    return positions * taps * (channels // layer.groups) * layer.filters


def may_hide_macs(operation: keras.Operation) -> bool:
    """Whether this layer has weights and may multiply by them in a way that is not counted."""
    kind = type(operation)
    if kind in WRAPPERS:
        return may_hide_macs(operation.layer)
    if (
        kind in COUNTED
        or (has_rule(kind) and kind not in ATTENTION)
        or not isinstance(operation, keras.Layer)
    ):
        return False
    return bool(operation.weights)
