"""Multiply-accumulates of convolution and dense layers."""

import math

from eip_cli.foundation.backend import keras
from eip_cli.networks.receptive_field.calls import Call
from eip_cli.networks.receptive_field.layer_rules import RULES

layers = keras.layers
TRANSPOSED = frozenset([layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose])
DEPTHWISE = frozenset([layers.DepthwiseConv1D, layers.DepthwiseConv2D])
SEPARABLE = frozenset([layers.SeparableConv1D, layers.SeparableConv2D])
STANDARD = frozenset([layers.Conv1D, layers.Conv2D, layers.Conv3D])
COUNTED = TRANSPOSED | DEPTHWISE | SEPARABLE | STANDARD | {layers.Dense}


def count_macs(call: Call) -> int:
    """Multiply-accumulates of one image's pass through a convolution or dense layer, without bias.

    With P output positions, K kernel taps, C input channels and F filters: standard convolution
    P*K*(C/groups)*F; depthwise P*K*C*multiplier; separable the depthwise, and then P*C*multiplier*F for
    the pointwise part; transposed Pin*K*C*F at its Pin input positions; dense P*C*units. Any other
    layer counts 0. Taps that fall on padding count, as is usual.
    """
    layer, kind = call.operation, type(call.operation)
    if kind not in COUNTED:
        return 0
    source = call.inputs[0].shape
    if kind is layers.Dense:
        return math.prod(source) * layer.units
    channel_axis = 0 if layer.data_format == "channels_first" else -1
    channels = source[channel_axis]
    taps = math.prod(layer.kernel_size)
    positions = math.prod(call.output_shape) // call.output_shape[channel_axis]
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
    if type(operation) in COUNTED or type(operation) in RULES or not isinstance(operation, keras.Layer):
        return False
    return bool(operation.trainable_weights)
