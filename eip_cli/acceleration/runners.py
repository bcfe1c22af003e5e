"""What runs in the place of calls of layers, on the layers' own variables.

Only imported where Keras runs on TensorFlow.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from eip_cli.foundation.backend import keras

from .block_passes import BlockForm
from .chains import Chain
from .convolution_block import convolution_block, convolution_block_inference
from .convolutions import Geometry, Kind
from .dropout_and_pooling import dropout, pool
from .known_layers import Node

layers = keras.layers
Run = Callable[..., Any]  # input tensor, training -> output tensor
KINDS: dict[type, Kind] = {
    layers.Conv2D: "plain",
    layers.DepthwiseConv2D: "depthwise",
    layers.SeparableConv2D: "separable",
}


def replace_calls(found: Chain | Node) -> dict[int, Run]:
    """What runs in each call's place, by the call's id(); all of a chain runs in its first call's."""
    if isinstance(found, Chain):
        first, *others = found.members
        return {id(first): _run_block(found)} | {id(member): _pass_through for member in others}
    layer = found.operation
    return {id(found): _run_dropout(layer) if type(layer) is layers.Dropout else _run_pooling(layer)}


def _pass_through(tensor: Any, training: bool) -> Any:
    return tensor


def _run_dropout(layer: keras.layers.Layer) -> Run:
    def run(tensor: Any, training: bool) -> Any:
        return dropout(tensor, layer.seed_generator.next(), layer.rate) if training else tensor

    return run


def _run_pooling(layer: keras.layers.Layer) -> Run:
    kind = "max" if type(layer) is layers.MaxPooling2D else "average"
    return lambda tensor, training: pool(tensor, kind, tuple(layer.pool_size))


def _layer_of(node: Node | None) -> Any:
    return None if node is None else node.operation


def _form_of(chain: Chain) -> BlockForm:
    norm, dropping, pooling = map(_layer_of, (chain.norm, chain.dropout, chain.pool))
    inner, outer = chain.activations
    return BlockForm(
        convolution=None if chain.convolution is None else _geometry_of(chain.convolution.operation),
        inner=inner,
        batch_norm=norm is not None,
        outer=outer,
        epsilon=norm.epsilon if norm is not None else 0.0,
        dropout=dropping.rate if dropping is not None else 0.0,
        average=tuple(pooling.pool_size) if pooling is not None else (1, 1),
    )


def _geometry_of(convolution: keras.layers.Layer) -> Geometry:
    return Geometry(
        kind=KINDS[type(convolution)],
        strides=tuple(convolution.strides),
        padding=convolution.padding,
        dilation=tuple(convolution.dilation_rate),
    )


def _kernels_of(convolution: keras.layers.Layer | None) -> list[Any]:
    if convolution is None:
        return []
    if type(convolution) is layers.SeparableConv2D:
        pointwise = tf.convert_to_tensor(convolution.pointwise_kernel)[0, 0]
        return [tf.convert_to_tensor(convolution.depthwise_kernel), pointwise]
    return [tf.convert_to_tensor(convolution.kernel)]


def _run_block(chain: Chain) -> Run:
    form, dropping = _form_of(chain), _layer_of(chain.dropout)
    convolution, norm = _layer_of(chain.convolution), _layer_of(chain.norm)
    filters = chain.members[0].outputs[0].shape[-1]

    def value_of(layer: keras.layers.Layer | None, name: str, default: float) -> Any:
        variable = getattr(layer, name, None)
        return tf.fill((filters,), default) if variable is None else tf.convert_to_tensor(variable)

    def run(tensor: Any, training: bool) -> Any:
        kernels = _kernels_of(convolution)
        bias = value_of(convolution, "bias", 0.0)
        gamma, beta = value_of(norm, "gamma", 1.0), value_of(norm, "beta", 0.0)
        if not training:
            if norm is None:
                return convolution_block_inference(form, tensor, kernels, bias, gamma, beta)
            scale = gamma * tf.math.rsqrt(norm.moving_variance + norm.epsilon)
            offset = beta - norm.moving_mean * scale
            return convolution_block_inference(form, tensor, kernels, bias, scale, offset)
        state = tf.zeros((2,), tf.int64) if dropping is None else dropping.seed_generator.next()
        output, mean, variance = convolution_block(form, tensor, kernels, bias, gamma, beta, state)
        if norm is not None:
            momentum = norm.momentum
            norm.moving_mean.assign(norm.moving_mean * momentum + mean * (1 - momentum))
            norm.moving_variance.assign(norm.moving_variance * momentum + variance * (1 - momentum))
        return output

    return run
