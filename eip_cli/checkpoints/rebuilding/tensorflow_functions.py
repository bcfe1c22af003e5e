"""The functions of TensorFlow that Keras 2 wrote into Functional models by name, computed by ``keras.ops``.

Each takes what TensorFlow's own takes, under the same names, as far as Keras 2 wrote it.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError

Tensor = Any  # a KerasTensor, or a number where TensorFlow takes one
ops = keras.ops
MAX_DEPTH_RADIUS = 16


def _unary(function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x: function(x)


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def combine(x: Tensor, y: Tensor) -> Tensor:
        first, second = (np.asarray(value) if isinstance(value, list) else value for value in (x, y))
        return function(first, second)

    return combine


def _reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(input_tensor: Tensor, axis: Any = None, keepdims: bool | None = False) -> Tensor:
        return function(input_tensor, axis=_axes(axis), keepdims=bool(keepdims))

    return reduce


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _softmax(logits: Tensor, axis: int | None = -1) -> Tensor:
    return ops.softmax(logits, axis=-1 if axis is None else axis)


def _log_softmax(logits: Tensor, axis: int | None = -1) -> Tensor:
    return ops.log_softmax(logits, axis=-1 if axis is None else axis)


def _clip(t: Tensor, clip_value_min: Any, clip_value_max: Any) -> Tensor:
    return ops.clip(t, clip_value_min, clip_value_max)


def _pad(tensor: Tensor, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Tensor:
    if mode.lower() == "constant":
        return ops.pad(tensor, paddings, mode="constant", constant_values=constant_values)
    return ops.pad(tensor, paddings, mode=mode.lower())


def _squeeze(input: Tensor, axis: Any = None) -> Tensor:  # TensorFlow's name
    return ops.squeeze(input, axis=_axes(axis))


def _transpose(a: Tensor, perm: Any = None, conjugate: bool = False) -> Tensor:
    return ops.transpose(a, axes=perm)


def _split(value: Tensor, num_or_size_splits: Any, axis: int = 0) -> Any:
    if isinstance(num_or_size_splits, list):
        return ops.split(value, [int(end) for end in np.cumsum(num_or_size_splits)[:-1]], axis=axis)
    return ops.split(value, num_or_size_splits, axis=axis)


def _resize(images: Tensor, size: Any, method: str = "bilinear", antialias: bool = False) -> Tensor:
    return ops.image.resize(images, tuple(size), interpolation=method.lower(), antialias=antialias)


def _take(
    params: Tensor, indices: Any, axis: int = 0, batch_dims: int = 0, validate_indices: Any = None
) -> Tensor:
    if batch_dims:
        raise CheckpointError("a gather within batches, which is not supported")
    return ops.take(params, np.asarray(indices, dtype="int32"), axis=axis)


def _pool(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def pool(input: Tensor, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC") -> Tensor:
        return function(input, _two(ksize), _two(strides), padding.lower(), "channels_last")

    return pool


def _two(sizes: Any) -> Any:
    """TensorFlow takes a number, one for each of height and width, or one for each of four axes."""
    if isinstance(sizes, list):
        return tuple(sizes[1:3]) if len(sizes) == 4 else tuple(sizes)
    return sizes


def _l2_normalize(x: Tensor, axis: Any = None, epsilon: float = 1e-12) -> Tensor:
    squares = ops.sum(ops.square(x), axis=_axes(axis), keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, epsilon)))


def _normalize_locally(
    input: Tensor, depth_radius: int = 5, bias: float = 1, alpha: float = 1, beta: float = 0.5
) -> Tensor:
    if not 0 <= depth_radius <= MAX_DEPTH_RADIUS:
        raise CheckpointError(f"a local response normalization over {depth_radius} channels each way")
    channels = input.shape[-1]
    squares = ops.pad(ops.square(input), ((0, 0),) * 3 + ((depth_radius,) * 2,))
    total = _add_all([squares[..., start : start + channels] for start in range(2 * depth_radius + 1)])
    return ops.divide(input, ops.power(ops.add(ops.multiply(total, alpha), bias), beta))


def _standardize(image: Tensor) -> Tensor:
    axes = (-3, -2, -1)
    count = math.prod(image.shape[-3:])
    spread = ops.maximum(ops.std(image, axis=axes, keepdims=True), 1 / math.sqrt(count))
    return ops.divide(ops.subtract(image, ops.mean(image, axis=axes, keepdims=True)), spread)


def _add_bias(value: Tensor, bias: Any, data_format: str = "NHWC") -> Tensor:
    return ops.add(value, bias)


def _cast(x: Tensor, dtype: str) -> Tensor:
    return ops.cast(x, dtype)


def _getitem(tensor: Tensor, slice_spec: Any) -> Tensor:
    return tensor[tuple(slice_spec) if isinstance(slice_spec, list) else slice_spec]


def _flatten_images(x: Tensor) -> Tensor:
    return ops.reshape(x, (-1, math.prod(x.shape[1:])))


def _matmul(a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    first = ops.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(first, ops.swapaxes(b, -1, -2) if transpose_b else b)


def _add_all(inputs: list[Tensor]) -> Tensor:
    total = inputs[0]
    for tensor in inputs[1:]:
        total = ops.add(total, tensor)
    return total


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "__operators__.add": _binary(ops.add),
    "__operators__.getitem": _getitem,
    "cast": _cast,
    "clip_by_value": _clip,
    "compat.v1.floor_div": _binary(ops.floor_divide),
    "compat.v1.gather": _take,
    "compat.v1.pad": _pad,
    "compat.v1.squeeze": _squeeze,
    "compat.v1.transpose": _transpose,
    "concat": lambda values, axis: ops.concatenate(values, axis=axis),
    "expand_dims": lambda input, axis: ops.expand_dims(input, axis=axis),
    "gather": _take,
    "identity": _unary(lambda x: ops.add(x, 0)),
    "image.flip_left_right": _unary(lambda x: ops.flip(x, axis=-2)),
    "image.flip_up_down": _unary(lambda x: ops.flip(x, axis=-3)),
    "image.per_image_standardization": _standardize,
    "image.resize": _resize,
    "image.rgb_to_grayscale": _unary(lambda x: ops.image.rgb_to_grayscale(x, data_format="channels_last")),
    "keras.backend.batch_flatten": _flatten_images,
    "linalg.l2_normalize": _l2_normalize,
    "linalg.matmul": _matmul,
    "math.abs": _unary(ops.absolute),
    "math.add": _binary(ops.add),
    "math.add_n": _add_all,
    "math.divide": _binary(ops.true_divide),
    "math.divide_no_nan": _binary(ops.divide_no_nan),
    "math.exp": _unary(ops.exp),
    "math.floor": _unary(ops.floor),
    "math.floordiv": _binary(ops.floor_divide),
    "math.floormod": _binary(ops.mod),
    "math.greater": _binary(ops.greater),
    "math.greater_equal": _binary(ops.greater_equal),
    "math.l2_normalize": _l2_normalize,
    "math.less": _binary(ops.less),
    "math.less_equal": _binary(ops.less_equal),
    "math.log": _unary(ops.log),
    "math.log1p": _unary(ops.log1p),
    "math.log_sigmoid": _unary(ops.log_sigmoid),
    "math.maximum": _binary(ops.maximum),
    "math.minimum": _binary(ops.minimum),
    "math.multiply": _binary(ops.multiply),
    "math.negative": _unary(ops.negative),
    "math.pow": _binary(ops.power),
    "math.reciprocal": _unary(ops.reciprocal),
    "math.reduce_logsumexp": _reduction(ops.logsumexp),
    "math.reduce_max": _reduction(ops.max),
    "math.reduce_mean": _reduction(ops.mean),
    "math.reduce_min": _reduction(ops.min),
    "math.reduce_prod": _reduction(ops.prod),
    "math.reduce_std": _reduction(ops.std),
    "math.reduce_sum": _reduction(ops.sum),
    "math.reduce_variance": _reduction(ops.var),
    "math.round": _unary(ops.round),
    "math.rsqrt": _unary(ops.rsqrt),
    "math.scalar_mul": lambda scalar, x: ops.multiply(x, scalar),
    "math.sigmoid": _unary(ops.sigmoid),
    "math.sign": _unary(ops.sign),
    "math.softplus": _unary(ops.softplus),
    "math.sqrt": _unary(ops.sqrt),
    "math.square": _unary(ops.square),
    "math.subtract": _binary(ops.subtract),
    "math.tanh": _unary(ops.tanh),
    "math.truediv": _binary(ops.true_divide),
    "nn.avg_pool2d": _pool(ops.average_pool),
    "nn.bias_add": _add_bias,
    "nn.depth_to_space": lambda input, block_size: ops.depth_to_space(input, block_size, "channels_last"),
    "nn.elu": _unary(ops.elu),
    "nn.gelu": lambda features, approximate=False: ops.gelu(features, approximate=approximate),
    "nn.leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, negative_slope=alpha),
    "nn.local_response_normalization": _normalize_locally,
    "nn.log_softmax": _log_softmax,
    "nn.max_pool2d": _pool(ops.max_pool),
    "nn.relu": _unary(ops.relu),
    "nn.relu6": _unary(ops.relu6),
    "nn.selu": _unary(ops.selu),
    "nn.silu": lambda features, beta=1.0: ops.multiply(features, ops.sigmoid(ops.multiply(features, beta))),
    "nn.softmax": _softmax,
    "nn.softsign": _unary(ops.softsign),
    "nn.space_to_depth": lambda input, block_size: ops.space_to_depth(input, block_size, "channels_last"),
    "repeat": lambda input, repeats, axis=None: ops.repeat(input, repeats, axis=axis),
    "reshape": lambda tensor, shape: ops.reshape(tensor, tuple(shape)),
    "reverse": lambda tensor, axis: ops.flip(tensor, axis=_axes(axis)),
    "roll": lambda input, shift, axis: ops.roll(input, shift, axis=axis),
    "split": _split,
    "stack": lambda values, axis=0: ops.stack(values, axis=axis),
    "stop_gradient": _unary(ops.stop_gradient),
    "tile": lambda input, multiples: ops.tile(input, multiples),
    "unstack": lambda value, num=None, axis=0: ops.unstack(value, num, axis),
    "where": lambda condition, x, y: ops.where(condition, x, y),
}
