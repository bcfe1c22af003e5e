"""What runs in the place of a chain of layers, on the layers' own variables.

Only imported where Keras runs on TensorFlow.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from eip_cli.foundation.backend import keras

from .chains import Chain
from .convolution_block import BlockForm, convolution_block, convolution_block_inference
from .dropout_and_pooling import dropout, pool

layers = keras.layers
Run = Callable[..., Any]  # input tensor, training -> output tensor


def replace_layers(found: Chain | keras.layers.Layer) -> dict[int, Run]:
    """What runs in each layer's place, by the layer's id(); all of a chain runs in its convolution's."""
    if isinstance(found, Chain):
        first, *others = found.members
        return {id(first): _run_block(found)} | {id(member): _pass_through for member in others}
    return {id(found): _run_dropout(found) if type(found) is layers.Dropout else _run_pooling(found)}


def _pass_through(tensor: Any, training: bool) -> Any:
    return tensor


def _run_dropout(layer: keras.layers.Layer) -> Run:
    def run(tensor: Any, training: bool) -> Any:
        return dropout(tensor, layer.seed_generator.next(), layer.rate) if training else tensor

    return run


def _run_pooling(layer: keras.layers.Layer) -> Run:
    kind = "max" if type(layer) is layers.MaxPooling2D else "average"
    return lambda tensor, training: pool(tensor, kind, tuple(layer.pool_size))


def _form_of(chain: Chain) -> BlockForm:
    return BlockForm(
        strides=tuple(chain.convolution.strides),
        padding=chain.convolution.padding,
        inner_relu=chain.has_relu,
        batch_norm=chain.norm is not None,
        outer_relu=chain.norm is not None and chain.relu is not None,
        epsilon=chain.norm.epsilon if chain.norm is not None else 0.0,
        dropout=chain.dropout.rate if chain.dropout is not None else 0.0,
        average=tuple(chain.pool.pool_size) if chain.pool is not None else (1, 1),
    )


def _run_block(chain: Chain) -> Run:
    form, norm, convolution = _form_of(chain), chain.norm, chain.convolution
    filters = convolution.filters

    def value_of(variable: Any, default: float) -> Any:
        return tf.fill((filters,), default) if variable is None else tf.convert_to_tensor(variable)

    def run(tensor: Any, training: bool) -> Any:
        if type(convolution) is layers.SeparableConv2D:
            pointwise = tf.convert_to_tensor(convolution.pointwise_kernel)[0, 0]
            kernels = [tf.convert_to_tensor(convolution.depthwise_kernel), pointwise]
        else:
            kernels = [tf.convert_to_tensor(convolution.kernel)]
        bias = value_of(convolution.bias, 0.0)
        gamma = value_of(norm and norm.gamma, 1.0)
        beta = value_of(norm and norm.beta, 0.0)
        if not training:
            if norm is None:
                return convolution_block_inference(form, tensor, kernels, bias, gamma, beta)
            scale = gamma * tf.math.rsqrt(norm.moving_variance + norm.epsilon)
            offset = beta - norm.moving_mean * scale
            return convolution_block_inference(form, tensor, kernels, bias, scale, offset)
        state = tf.zeros((2,), tf.int64) if chain.dropout is None else chain.dropout.seed_generator.next()
        output, mean, variance = convolution_block(form, tensor, kernels, bias, gamma, beta, state)
        if norm is not None:
            momentum = norm.momentum
            norm.moving_mean.assign(norm.moving_mean * momentum + mean * (1 - momentum))
            norm.moving_variance.assign(norm.moving_variance * momentum + variance * (1 - momentum))
        return output

    return run
