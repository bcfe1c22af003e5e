"""The receptive field, measured: which pixels can change one unit of a random network.

All weights are positive, so that nothing cancels. What the arithmetic predicts for that unit must be what
the gradient of its value with respect to the image shows, in size and in position; and where max pooling
makes gradients depend on the image, what single bright rows and columns of a dark image show.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from eip_cli.foundation.backend import keras
from eip_cli.networks.receptive_field.arithmetic import AxisField
from eip_cli.networks.receptive_field.calls import Feature, Positions
from eip_cli.networks.summary import summarize_model, trace_features

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="uses GradientTape")

layers = keras.layers
IMAGE_SIZE = (68, 61)
Span = tuple[int, int]


class Recipe:
    """Draws the layers of a random network, and keeps within sizes that can be measured."""

    def __init__(self, draw: Callable[..., Any], max_pooling: bool) -> None:
        self.draw = draw
        self.max_pooling = max_pooling

    def pair(self, low: int, high: int) -> tuple[int, int]:
        return self.draw(st.integers(low, high)), self.draw(st.integers(low, high))

    def padding(self) -> str:
        return self.draw(st.sampled_from(["same", "valid"]))

    def square(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def layer(self) -> Callable[[Any], Any]:
        kinds: list[Callable[[], Callable[[Any], Any]]] = [
            self.convolution,
            self.dilated_convolution,
            self.separable,
            self.depthwise,
            self.pooling,
            self.transposed,
            self.upsampling,
            lambda: layers.ZeroPadding2D((self.pair(0, 3), self.pair(0, 3))),
            lambda: layers.Cropping2D((self.pair(0, 3), self.pair(0, 3))),
            layers.BatchNormalization,
            layers.ReLU,
            lambda: layers.Dense(2, use_bias=False),
            self.resizing,
            lambda: layers.CenterCrop(*self.pair(10, 13)),
            self.slicing,
        ]
        return self.draw(st.sampled_from(kinds))()

    def convolution(self) -> keras.Layer:
        return layers.Conv2D(2, self.pair(1, 5), strides=self.pair(1, 3), padding=self.padding())

    def dilated_convolution(self) -> keras.Layer:
        kernel, dilation, padding = self.pair(1, 3), self.pair(1, 3), self.padding()
        if self.max_pooling:
            return layers.Conv2D(2, kernel, dilation_rate=dilation, padding=padding)
        # TensorFlow has no gradient of a dilated Conv2D on a CPU.
        return layers.DepthwiseConv2D(kernel, dilation_rate=dilation, padding=padding)

    def separable(self) -> keras.Layer:
        return layers.SeparableConv2D(
            2, self.pair(1, 4), strides=self.square(1, 3), padding=self.padding(), depth_multiplier=2
        )

    def depthwise(self) -> keras.Layer:
        return layers.DepthwiseConv2D(self.pair(1, 4), strides=self.square(1, 3), padding=self.padding())

    def pooling(self) -> keras.Layer:
        kind = layers.MaxPooling2D if self.max_pooling else layers.AveragePooling2D
        return kind(self.pair(1, 4), strides=self.pair(1, 3), padding=self.padding())

    def transposed(self) -> keras.Layer:
        kernel, strides, padding = self.pair(1, 5), self.pair(1, 3), self.padding()
        output_padding = None
        if self.draw(st.booleans()):
            output_padding = tuple(self.draw(st.integers(0, stride - 1)) for stride in strides)
            # What backends disagree about is refused; see the test of that.
            assume(padding == "valid" or all(k % 2 or o for k, o in zip(kernel, output_padding, strict=True)))
        return layers.Conv2DTranspose(
            2, kernel, strides=strides, padding=padding, output_padding=output_padding
        )

    def upsampling(self) -> keras.Layer:
        interpolation = self.draw(st.sampled_from(["nearest", "bilinear"]))
        return layers.UpSampling2D(self.pair(1, 3), interpolation=interpolation)

    def resizing(self) -> keras.Layer:
        # By the nearest neighbour some sizes are refused: see the test of single layouts.
        return layers.Resizing(*self.pair(24, 90))

    def slicing(self) -> Callable[[Any], Any]:
        (top, left), (rows, columns), before = self.pair(0, 3), self.pair(1, 3), self.square(0, 2)
        mode = self.draw(st.sampled_from(["constant", "reflect"]))
        padding = [[0, 0], [before, 1], [1, before], [0, 0]]
        return lambda x: keras.ops.pad(x[:, top::rows, left:-1:columns], padding, mode=mode)

    def branch(self, x: Any, stride: tuple[int, int]) -> Any:
        """One path from ``x`` to a size that all paths of this stride have."""
        kind = self.draw(st.sampled_from(["identity", "one", "two", "down and up"]))
        if kind == "down and up" and x.shape[1] % 2 == 0 and x.shape[2] % 2 == 0:
            x = layers.Conv2D(2, self.pair(1, 4), strides=2, padding="same")(x)
            up = self.draw(st.sampled_from([layers.UpSampling2D(2), layers.Conv2DTranspose(2, 3, 2, "same")]))
            x = up(x)
        elif kind == "two":
            x = layers.DepthwiseConv2D(self.pair(1, 4), dilation_rate=self.pair(1, 2), padding="same")(x)
        elif kind == "identity" and stride == (1, 1):
            return layers.Dense(2)(x)
        return layers.Conv2D(2, self.pair(1, 4), strides=stride, padding="same")(x)

    def merge(self, x: Any) -> Any:
        stride = self.draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (2, 1)]))
        paths = [self.branch(x, stride) for _ in range(self.draw(st.integers(2, 3)))]
        kinds = [layers.Add, layers.Average, layers.Concatenate]
        kinds.append(layers.Maximum if self.max_pooling else layers.Multiply)
        return self.draw(st.sampled_from(kinds))()(paths)

    def network(self) -> keras.Model:
        image = keras.Input((*IMAGE_SIZE, 2))
        x = image
        for _ in range(self.draw(st.integers(1, 5))):
            merges = self.draw(st.integers(0, 3)) == 0
            assume(min(x.shape[1:3]) >= 13 and max(x.shape[1:3]) <= 200)
            x = self.merge(x) if merges else self.layer()(x)
        assume(min(x.shape[1:3]) >= 1)
        model = keras.Model(image, x if x is not image else layers.Identity()(x))
        for weight in model.trainable_weights:
            if weight.name in ("kernel", "depthwise_kernel", "pointwise_kernel"):
                weight.assign(np.full(weight.shape, 0.5, "float32"))
        return model


def hull(changes: Any) -> Span | None:
    positions = np.flatnonzero(changes)
    return (int(positions[0]), int(positions[-1])) if positions.size else None


def measure_by_gradient(model: keras.Model, unit: tuple[int, int]) -> tuple[Span | None, Span | None]:
    import tensorflow as tf

    @tf.function  # traced, so that the gradients of the weights, which nobody asks for, are left out
    def differentiate(image: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            value = tf.reduce_sum(model(image, training=False)[0, unit[0], unit[1]])
        return tape.gradient(value, image)

    gradient = differentiate(tf.ones((1, *model.input_shape[1:])))
    seen = np.zeros(IMAGE_SIZE, bool) if gradient is None else np.abs(gradient.numpy()[0]).sum(-1) > 0
    return hull(seen.any(axis=1)), hull(seen.any(axis=0))


def measure_by_brightness(model: keras.Model, unit: tuple[int, int]) -> tuple[Span | None, Span | None]:
    height, width = IMAGE_SIZE
    images = np.zeros((height + width, height, width, 2), "float32")
    for row in range(height):
        images[row, row] = 1
    for column in range(width):
        images[height + column, :, column] = 1
    values = np.asarray(model(images, training=False))[:, unit[0], unit[1]].sum(-1)
    return hull(values[:height] > 0), hull(values[height:] > 0)


def choose_unit(features: Sequence[Feature], axis: int) -> int | None:
    """A unit near the middle that no border cuts short, not even inside the network.

    A unit outside a layer would see pixels up to some left end; who sees only pixels to the right of it
    cannot depend on that unit.
    """
    left_limit, right_limit = -1, IMAGE_SIZE[axis]
    for feature in features:
        field = field_of(feature, axis)
        left_limit = max([left_limit, *(span[0] for span in near(field, -1, -1))])
        right_limit = min([right_limit, *(span[1] for span in near(field, size_of(feature, axis), 1))])
    last, size = field_of(features[-1], axis), size_of(features[-1], axis)
    for unit in sorted(range(size), key=lambda unit: abs(2 * unit - size)):
        span = last.span(unit)
        if span is None or (span[0] > left_limit and span[1] < right_limit):
            return unit
    return None


def near(field: AxisField, unit: int, direction: int) -> list[Span]:
    """The first span from ``unit`` on outwards; units between see nothing."""
    candidates = (field.span(unit + direction * step) for step in range(len(field.spans)))
    return [span for span in candidates if span is not None][:1]


def field_of(feature: Feature, axis: int) -> AxisField:
    assert feature.grid is not None
    return feature.grid[axis]


def size_of(feature: Feature, axis: int) -> int:
    assert isinstance(feature.sight, Positions)
    size = feature.shape[feature.sight.axes[axis]]
    assert size is not None
    return size


def check(
    model: keras.Model,
    measure: Callable[..., tuple[Span | None, Span | None]],
    require: Callable[[bool], object] = assume,
) -> None:
    """``require`` is asked whether the network has a unit that can be measured."""
    traced = trace_features(model, "random")
    features = [feature for feature in traced if feature.grid is not None]
    row, column = choose_unit(features, 0), choose_unit(features, 1)
    require(row is not None and column is not None)
    assert row is not None and column is not None
    height, width = field_of(features[-1], 0), field_of(features[-1], 1)
    predicted = height.span(row), width.span(column)
    if None in predicted:
        predicted = None, None  # a unit that sees no rows sees no columns either
    measured = measure(model, (row, column))
    if has_gaps_and_merges(model, features):
        for span, bound in zip(measured, predicted, strict=True):
            assert span is None or (bound and bound[0] <= span[0] and span[1] <= bound[1]), describe(model)
    else:
        assert measured == predicted, describe(model)
    last = summarize_model(model, "random").layers[-1]
    assert last.receptive_field == (height.size, width.size)
    if len(height.spans) == 1 and predicted[0]:
        assert last.effective_stride is not None and last.effective_padding is not None
        left = row * last.effective_stride[0] - last.effective_padding[0]
        assert predicted[0] == (left, left + last.receptive_field[0] - 1)


def has_gaps_and_merges(model: keras.Model, features: Sequence[Feature]) -> bool:
    """Whether a row may be a gap of one path only, so that it sees fewer columns than others do."""
    gaps = any(None in field_of(feature, axis).spans for feature in features for axis in (0, 1))
    return gaps and any(isinstance(layer.input, list) for layer in model.layers)


def describe(model: keras.Model) -> str:
    shown = ("kernel_size", "pool_size", "strides", "dilation_rate", "padding", "output_padding")
    lines = []
    for layer in model.layers:
        config = {key: value for key, value in layer.get_config().items() if key in shown}
        lines.append(f"{type(layer).__name__} {layer.output.shape} {config}")
    return "\n".join(lines)


def shuffle_channels(x: Any) -> Any:
    """ShuffleNet's: the channels as two groups, turned over."""
    height, width, channels = x.shape[1:]
    groups = keras.ops.reshape(x, (-1, height, width, 2, channels // 2))
    return keras.ops.reshape(keras.ops.transpose(groups, (0, 1, 2, 4, 3)), (-1, height, width, channels))


def mix_as_tokens(x: Any) -> Any:
    """Each position's channels mixed while all positions stand in one row, as in a transformer."""
    height, width, channels = x.shape[1:]
    tokens = layers.Dense(channels)(layers.Reshape((height * width, channels))(x))
    return layers.Reshape((height, width, channels))(layers.LayerNormalization()(tokens) + tokens)


def put_channels_first_and_last(x: Any) -> Any:
    return layers.Permute((2, 3, 1))(keras.ops.transpose(x, (0, 3, 1, 2)) * 2)


def weigh_positions(x: Any) -> Any:
    """Spatial attention: each position weighed by what its neighbourhood's channels come to."""
    weights = keras.ops.mean(x, axis=-1, keepdims=True)
    return x * layers.Conv2D(1, (5, 3), padding="same")(weights)


def split_and_join(x: Any) -> Any:
    one, other = keras.ops.split(x, 2, axis=-1)
    return keras.ops.concatenate([layers.Conv2D(2, 3, padding="same")(one), other], axis=-1)


@pytest.mark.parametrize(
    "build",
    [
        shuffle_channels,
        mix_as_tokens,
        put_channels_first_and_last,
        weigh_positions,
        split_and_join,
        lambda x: x[:, 1::2, ::3, :1],
        lambda x: x[..., 3:-2, :],
        lambda x: keras.ops.space_to_depth(x[:, :64, :58], 2),
        lambda x: keras.ops.depth_to_space(x, 2),
        lambda x: keras.ops.image.resize(x, (50, 100)),
        layers.Resizing(45, 33),
        layers.Resizing(45, 33, interpolation="nearest"),
        layers.Resizing(90, 70, interpolation="nearest"),
        layers.Resizing(66, 59, crop_to_aspect_ratio=False),
        layers.CenterCrop(31, 20),
        layers.AdaptiveAveragePooling2D((11, 59)),
        layers.SpectralNormalization(layers.Conv2D(4, (3, 5), strides=2)),
        layers.TimeDistributed(layers.Dense(4)),
        lambda x: keras.ops.squeeze(keras.ops.expand_dims(x, 1), 1),
        lambda x: layers.ZeroPadding2D(3)(layers.RandomCrop(60, 50)(x)),
    ],
)
def test_layouts_and_sizes_show_the_predicted_pixels(build: Callable[[Any], Any]) -> None:
    image = keras.Input((*IMAGE_SIZE, 2))
    features = layers.Conv2D(4, 3, strides=(1, 1))(image)
    model = keras.Model(image, layers.Conv2D(2, (2, 3))(build(features)))
    for weight in model.trainable_weights:
        if weight.name in ("kernel", "depthwise_kernel"):
            # Not all alike, so that no normalization takes them back.
            weight.assign(np.random.default_rng(0).uniform(0.1, 1, weight.shape))
    check(model, measure_by_gradient, require=insist)


def insist(condition: bool) -> None:
    assert condition


# No shrinking: it takes minutes here, and the assertion shows the network.
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@settings(SETTINGS, max_examples=50)
@given(st.data())
def test_gradient_shows_the_predicted_pixels(data: st.DataObject) -> None:
    check(Recipe(data.draw, max_pooling=False).network(), measure_by_gradient)


@settings(SETTINGS, max_examples=25)
@given(st.data())
def test_bright_rows_and_columns_show_the_predicted_pixels(data: st.DataObject) -> None:
    check(Recipe(data.draw, max_pooling=True).network(), measure_by_brightness)
