"""What ``eip summary`` says of whole Keras models."""

from collections.abc import Callable

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.facts import LayerInfo, ModelSummary, require_receptive_field
from eip_cli.networks.known import build_base, build_separable
from eip_cli.networks.summary import summarize_model, trace_features

layers = keras.layers


def summarize(*stack: keras.Layer, image: tuple[int | None, ...] = (32, 32, 3)) -> ModelSummary:
    return summarize_fully(keras.Sequential([keras.Input(image), *stack]))


def summarize_fully(model: keras.Model) -> ModelSummary:
    """As ``eip summary --show-rf`` does, which refuses what has no receptive field."""
    summary = summarize_model(model, "net")
    require_receptive_field(summary)
    return summary


def summarize_graph(
    build: Callable[[keras.KerasTensor], keras.KerasTensor], image: tuple[int, ...] = (32, 32, 3)
) -> ModelSummary:
    tensor = keras.Input(image)
    return summarize_fully(keras.Model(tensor, build(tensor)))


def geometry(row: LayerInfo | ModelSummary) -> tuple[object, ...]:
    """Receptive field, stride and padding, each a number where height and width agree."""
    pairs = (row.receptive_field, row.effective_stride, row.effective_padding)
    return tuple(pair[0] if pair is not None and pair[0] == pair[1] else pair for pair in pairs)


def test_the_separable_network() -> None:
    summary = summarize_model(build_separable(), "separable")
    assert summary.total_params == 58_965
    assert summary.trainable_params == 57_793
    assert summary.non_trainable_params == 1_172
    assert geometry(summary) == (44, 8, 9)
    growing = [row for row in summary.layers if row.type in ("SeparableConv2D", "AveragePooling2D")]
    assert [geometry(row)[0] for row in growing] == [3, 5, 7, 8, 12, 16, 20, 24, 28, 44]
    assert [geometry(row)[1] for row in growing] == [1, 1, 1, 2, 2, 2, 2, 4, 8, 8]
    assert growing[-3].output_shape == (7, 7, 10)
    assert [row.receptive_field for row in summary.layers[-2:]] == [None, None]
    assert sum(row.params for row in summary.layers) == 58_965
    assert summary.warnings == ()


def test_the_base_network() -> None:
    summary = summarize_model(build_base(), "base")
    assert (summary.total_params, summary.trainable_params) == (1_172_410, 1_172_410)
    weighted = [row.params for row in summary.layers if row.params]
    assert weighted == [1_344, 20_784, 41_568, 83_040, 166_080, 331_968, 393_728, 131_328, 2_570]
    # 3, 5, 6 (pool), 10, 14, 16 (pool), 24, 32, 36 (pool).
    assert geometry(summary) == (36, 8, 7)


def test_published_values_of_vgg16() -> None:
    # Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    summary = summarize_model(model, "vgg16")
    sizes = [geometry(row)[0] for row in summary.layers]
    assert sizes == [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
    assert geometry(summary) == (212, 32, 90)
    assert summary.macs == pytest.approx(30.713e9 / 2, rel=0.001)  # their table counts both operations


def test_published_values_of_mobilenet_layer_by_layer() -> None:
    # The same table, mobilenet_v1 at 224 pixels: after the first convolution and each pointwise one.
    model = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(224, 224, 3))
    summary = summarize_model(model, "mobilenet")
    ends = [row for row in summary.layers if row.type == "Conv2D"]
    assert [geometry(row) for row in ends] == [
        (3, 2, 0), (7, 2, 2), (11, 4, 2), (19, 4, 6), (27, 8, 6), (43, 8, 14), (59, 16, 14), (91, 16, 30),
        (123, 16, 46), (155, 16, 62), (187, 16, 78), (219, 16, 94), (251, 32, 94), (315, 32, 126),
    ]  # fmt: skip
    assert summary.macs == pytest.approx(1.140e9 / 2, rel=0.005)


def test_published_values_of_inception_v3() -> None:
    # The same table, inception_v3; mixed0 to mixed10 of Keras are its Mixed_5b to Mixed_7c.
    model = keras.applications.InceptionV3(weights=None, include_top=False, input_shape=(299, 299, 3))
    summary = summarize_model(model, "inception_v3")
    ends = {row.name: geometry(row) for row in summary.layers}
    assert [ends[f"mixed{index}"] for index in range(11)] == [
        (63, 8, 18), (95, 8, 34), (127, 8, 50), (159, 16, 58), (351, 16, 154), (543, 16, 250),
        (735, 16, 346), (927, 16, 442), (1055, 32, 490), (1183, 32, 554), (1311, 32, 618),
    ]  # fmt: skip
    assert summary.warnings == ()


def test_resnet50_has_the_published_field_and_its_own_padding() -> None:
    # The table has 483 and 32 with a padding of 239. Keras pads both sides of the 3-tap pooling after the
    # first convolution, where TF-Slim pads its end only: one unit of stride 2 more, 241.
    model = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(224, 224, 3))
    assert geometry(summarize_model(model, "resnet50")) == (483, 32, 241)


def test_height_and_width_are_followed_separately() -> None:
    # Height: 1 + 4 = 5, stride 2, then + (3-1)*2 = 9. Width: 1, stride 1, then + (3-1)*1*2 = 5.
    summary = summarize(
        layers.Conv2D(4, (5, 1), strides=(2, 1)),
        layers.Conv2D(4, 3, dilation_rate=(1, 2), padding="same"),
    )
    row = summary.layers[-1]
    assert row.receptive_field == (9, 5)
    assert row.effective_stride == (2, 1)
    assert row.effective_padding == (2, 2)
    assert row.output_shape == (14, 32, 4)


def test_same_padding_follows_the_size_of_the_image() -> None:
    for size, padding in ((32, 0), (33, 1)):
        summary = summarize(layers.Conv2D(4, 3, strides=2, padding="same"), image=(size, size, 3))
        assert geometry(summary) == (3, 2, padding)


def test_padding_and_cropping() -> None:
    summary = summarize(layers.ZeroPadding2D(((1, 0), (2, 3))), layers.Cropping2D(((0, 2), (4, 0))))
    assert summary.layers[0].effective_padding == (1, 2)
    assert summary.layers[1].effective_padding == (1, -2)
    assert geometry(summary)[:2] == (1, 1)


def test_a_decoder_halves_the_stride() -> None:
    summary = summarize(
        layers.AveragePooling2D(2),
        layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
        layers.UpSampling2D(2),
    )
    # Each pooled unit sees 2 pixels; a transposed unit sees one or two of them, so up to 4.
    assert [geometry(row) for row in summary.layers] == [(2, 2, 0), (4, 1, 2), (4, 0.5, 2)]


def test_after_the_whole_image_is_seen_any_layer_passes() -> None:
    summary = summarize(
        layers.Conv2D(4, 3),
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.Conv2D(8, 1),
        layers.Lambda(lambda x: x[..., ::-1], output_shape=(1, 1, 8)),
        layers.Flatten(),
        layers.Dense(10),
    )
    assert [row.receptive_field for row in summary.layers] == [(3, 3), None, None, None, None, None]
    assert geometry(summary) == (3, 1, 0)


def test_a_network_that_flattens_at_once_has_no_receptive_field() -> None:
    assert geometry(summarize(layers.Flatten(), layers.Dense(10))) == (None, None, None)


def test_a_squeeze_and_excitation_block_sees_the_whole_image() -> None:
    def build(x: keras.KerasTensor) -> keras.KerasTensor:
        x = layers.Conv2D(8, 3, padding="same", name="conv")(x)
        gate = layers.GlobalAveragePooling2D()(x)
        gate = layers.Dense(8, activation="sigmoid")(layers.Reshape((1, 1, 8))(gate))
        return layers.Conv2D(8, 3, name="after")(layers.Multiply()([x, gate]))

    rows = {row.name: row for row in summarize_graph(build).layers}
    assert geometry(rows["conv"])[0] == 3
    assert rows["after"].receptive_field is None


def test_a_gate_pooled_by_a_window_of_the_whole_image_counts_as_global() -> None:
    def build(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.Multiply()([x, layers.AveragePooling2D(32)(x)])

    assert summarize_graph(build).layers[-1].receptive_field is None


def test_a_residual_block_takes_the_larger_path_and_the_plus_sign() -> None:
    def build(x: keras.KerasTensor) -> keras.KerasTensor:
        branch = layers.Conv2D(3, 3, padding="same")(layers.Conv2D(3, 3, padding="same")(x))
        return keras.ops.relu(x + branch) * 0.5

    summary = summarize_graph(build)
    assert geometry(summary) == (5, 1, 2)
    assert summary.warnings == ()


def test_misaligned_paths_are_reported_by_the_layer_that_merges_them() -> None:
    def build(x: keras.KerasTensor) -> keras.KerasTensor:
        branch = layers.Conv2D(8, 3, strides=2, padding="same")(x)
        return layers.Add(name="join")([branch, layers.Conv2D(8, 1, strides=2)(x)])

    summary = summarize_graph(build)
    assert geometry(summary) == (3, 2, 0)
    assert summary.warnings == ("join (Add) merges misaligned paths in height and width: centres 1 px apart",)


def test_paths_of_unequal_stride_are_reported_for_their_axis() -> None:
    def build(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.Concatenate(name="join")(
            [layers.MaxPooling2D((1, 2))(x), layers.Cropping2D(((0, 0), (8, 8)))(x)]
        )

    (warning,) = summarize_graph(build).warnings
    assert warning.startswith(
        "join (Concatenate) merges misaligned paths in width: unequal strides (1 and 2)"
    )


def test_nested_models_are_expanded_and_shared_layers_counted_once() -> None:
    inner = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(3, 3, name="conv")], name="twice")
    middle_input = keras.Input((32, 32, 3))
    middle = keras.Model(middle_input, inner(inner(middle_input)), name="middle")
    image = keras.Input((32, 32, 3))
    summary = summarize_model(keras.Model(image, layers.Flatten(name="flat")(middle(image))), "net")
    first, second, flat = summary.layers
    assert [row.name for row in summary.layers] == ["middle/twice/conv", "middle/twice/conv", "flat"]
    assert (first.output_shape, second.output_shape) == ((30, 30, 3), (28, 28, 3))
    assert (geometry(first)[0], geometry(second)[0], flat.receptive_field) == (3, 5, None)
    # 3*3*3*3 + 3 weights, once; multiply-accumulates at each call.
    assert (first.params, second.params, summary.total_params) == (84, 0, 84)
    assert (first.macs, second.macs) == (30 * 30 * 81, 28 * 28 * 81)


def test_a_layer_called_on_two_paths_keeps_them_apart() -> None:
    def build(x: keras.KerasTensor) -> keras.KerasTensor:
        shared = layers.Conv2D(3, 3, padding="same", name="shared")
        once = shared(x)
        return layers.Add(name="join")([once, shared(shared(once))])

    summary = summarize_graph(build)
    shared = [geometry(row)[0] for row in summary.layers if row.name == "shared"]
    assert shared == [3, 5, 7]
    assert geometry(summary) == (7, 1, 3)


@pytest.mark.parametrize(
    ("layer", "macs"),
    [
        # Outputs 30*30; each from 3*3 taps in 4 channels.
        (lambda: layers.Conv2D(8, 3), 900 * 9 * 4 * 8),
        (lambda: layers.Conv2D(8, 3, groups=2), 900 * 9 * 2 * 8),
        (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), 900 * 9 * 4 * 2),
        (lambda: layers.SeparableConv2D(8, 3, depth_multiplier=2), 900 * 9 * 8 + 900 * 8 * 8),
        # Each of the 32*32 inputs is spread over 3*3 taps in 8 channels.
        (lambda: layers.Conv2DTranspose(8, 3, strides=2), 1024 * 9 * 4 * 8),
        (lambda: layers.Dense(8), 1024 * 4 * 8),
        (lambda: layers.BatchNormalization(), 0),
    ],
)
def test_multiply_accumulates(layer: Callable[[], keras.Layer], macs: int) -> None:
    summary = summarize(layer(), image=(32, 32, 4))
    assert summary.layers[0].macs == summary.macs == macs


def test_weights_of_a_layer_whose_cost_is_unknown_are_reported() -> None:
    summary = summarize(layers.Flatten(), layers.EinsumDense("ab,bc->ac", output_shape=10, name="einsum"))
    assert summary.warnings == ("einsum (EinsumDense): its multiply-accumulates are not counted",)


def test_channels_first_images() -> None:
    summary = summarize(
        layers.Conv2D(8, (5, 3), data_format="channels_first"),
        layers.LayerNormalization(axis=1),
        layers.SeparableConv2D(4, 3, strides=2, data_format="channels_first"),
        layers.GlobalMaxPooling2D(data_format="channels_first"),
        layers.Softmax(),
        image=(3, 32, 30),
    )
    assert summary.layers[2].output_shape == (4, 13, 13)
    assert summary.layers[2].receptive_field == (7, 5)
    assert summary.layers[0].macs == 28 * 28 * 15 * 3 * 8
    assert summary.layers[2].macs == 13 * 13 * 9 * 8 + 13 * 13 * 8 * 4
    assert [row.receptive_field for row in summary.layers[3:]] == [None, None]


@pytest.mark.parametrize(
    "layer",
    [
        layers.BatchNormalization,
        layers.LayerNormalization,
        layers.RMSNormalization,
        layers.UnitNormalization,
        layers.Softmax,
        layers.PReLU,
        layers.LeakyReLU,
        layers.Identity,
        lambda: layers.Activation("softmax"),
        lambda: layers.Activation(keras.ops.silu),
        lambda: layers.Dense(3, activation=layers.ReLU()),
        lambda: layers.Rescaling(1 / 255),
        lambda: layers.Normalization(mean=0.5, variance=1.0),
        lambda: layers.Reshape((32, 32, 3)),
        lambda: layers.SpatialDropout2D(0.5),
        lambda: layers.GaussianNoise(0.1),
        lambda: layers.AlphaDropout(0.1),
    ],
)
def test_layers_that_act_on_each_position_alone(layer: Callable[[], keras.Layer]) -> None:
    assert geometry(summarize(layers.Conv2D(3, 3, padding="same"), layer()).layers[-1]) == (3, 1, 1)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.RandomFlip("horizontal"),
        lambda: layers.RandomCrop(32, 32),
        lambda: layers.RandomTranslation(0.1, 0.1),
        lambda: layers.RandomRotation(0.1),
        lambda: layers.RandomZoom(0.2),
        lambda: layers.RandomContrast(0.2),
        lambda: layers.RandomBrightness(0.2),
        lambda: layers.RandomErasing(),
        lambda: layers.RandomHue(0.2, value_range=(0, 1)),
        lambda: layers.RandomSaturation(0.2, value_range=(0, 1)),
        lambda: layers.RandomColorJitter(value_range=(0, 1), brightness_factor=0.2),
        lambda: layers.RandomColorDegeneration(0.2, value_range=(0, 1)),
        lambda: layers.RandomShear(0.2, 0.2),
        lambda: layers.RandomGrayscale(0.5),
        lambda: layers.RandomSharpness(0.2, value_range=(0, 1)),
        lambda: layers.RandomInvert(0.2, value_range=(0, 1)),
        lambda: layers.RandomGaussianBlur(value_range=(0, 1)),
        lambda: layers.RandomPerspective(0.5),
        lambda: layers.RandomElasticTransform(value_range=(0, 1)),
        lambda: layers.RandomPosterization(4, value_range=(0, 1)),
        lambda: layers.Solarization(value_range=(0, 1)),
        lambda: layers.CutMix(),
        lambda: layers.MixUp(),
        lambda: layers.AugMix(value_range=(0, 1)),
        lambda: layers.RandAugment(value_range=(0, 1)),
    ],
)
def test_augmentation_passes_images_on_at_inference(layer: Callable[[], keras.Layer]) -> None:
    augmentation = layer()
    assert geometry(summarize(augmentation)) == (1, 1, 0)
    images = np.random.default_rng(0).random((2, 32, 32, 3), dtype="float32")
    np.testing.assert_allclose(np.asarray(augmentation(images, training=False)), images, rtol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.GroupNormalization(1),
        lambda: layers.LayerNormalization(axis=(1, 2, 3)),
        lambda: layers.UnitNormalization(axis=(1, 2)),
        lambda: layers.GlobalMaxPooling2D(),
        lambda: layers.Reshape((16, 64, 3)),
    ],
)
def test_layers_after_which_the_whole_image_is_seen(layer: Callable[[], keras.Layer]) -> None:
    assert summarize(layers.Conv2D(3, 3, padding="same"), layer()).layers[-1].receptive_field is None


class Doubled(keras.layers.Conv2D):
    """A user's layer that is more than the layer it inherits from."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return super().call(super().call(inputs))


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (lambda: Doubled(3, 3, padding="same", name="odd"), "is not a known kind"),
        (lambda: layers.Permute((2, 1, 3), name="odd"), "is not a known kind"),
        (lambda: layers.Lambda(lambda x: x * 2, name="odd"), "is not a known kind"),
        (lambda: layers.Resizing(16, 16, interpolation="bicubic", name="odd"), "interpolates by 'bicubic'"),
        (lambda: layers.Resizing(16, 16, antialias=True, name="odd"), "resizes with antialias"),
        (lambda: layers.Resizing(16, 8, crop_to_aspect_ratio=True, name="odd"), "crops or pads to the ratio"),
        (lambda: layers.Resizing(41, 41, interpolation="nearest", name="odd"), "picks other neighbours"),
        (lambda: layers.CenterCrop(40, 40, name="odd"), "enlarges the image"),
        (
            lambda: layers.AdaptiveAveragePooling2D(5, name="odd"),
            "pools 32x32 units by unequal windows to 5x5",
        ),
        (lambda: layers.TimeDistributed(layers.Conv1D(3, 3), name="odd"), "runs a layer along one axis"),
        (lambda: layers.UpSampling2D(2, interpolation="bicubic", name="odd"), "interpolates by 'bicubic'"),
        (lambda: layers.LayerNormalization(axis=1, name="odd"), "reduces over one of height and width"),
        (lambda: layers.Conv2D(3, 3, activation=lambda x: x, name="odd"), "has the activation '<lambda>'"),
        (
            lambda: layers.Conv2DTranspose(3, 4, strides=2, padding="same", output_padding=0, name="odd"),
            "gives an even kernel an output_padding of 0",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(layer: Callable[[], keras.Layer], reason: str) -> None:
    with pytest.raises(ModelError, match=f"layer 'odd' .*{reason}") as caught:
        summarize(layer())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda x: layers.Concatenate(axis=1, name="odd")([x, x]), "concatenates along height or width"),
        (lambda x: layers.Dot(axes=-1, name="odd")([x, x]), "is not a known kind"),
        (lambda x: x[:, ::-1], "turns the image round"),
        (lambda x: x[:, 3], "takes one row or column of positions out"),
        (lambda x: keras.ops.transpose(x, (0, 2, 1, 3)), "swaps height and width"),
        (lambda x: keras.ops.pad(x, [[0, 0], [1, 1], [0, 0], [0, 0]], mode="wrap"), "pads by 'wrap'"),
        (lambda x: keras.ops.mean(x, axis=1), "reduces over one of height and width"),
        (lambda x: keras.ops.split(x, 2, axis=2)[0], "splits along height or width"),
        (lambda x: layers.Conv1D(4, 3)(layers.Reshape((1024, 3))(x)), "runs along one axis"),
        (lambda x: layers.Conv2D(4, 3)(layers.Reshape((16, 64, 3))(x)), "an image that was reshaped"),
        (
            lambda x: layers.Conv2D(4, 3, strides=2, padding="same")(layers.RandomCrop(28, 28)(x)),
            "depends on the size of an image that is cropped in training only",
        ),
        (
            lambda x: layers.Add(name="odd")([x, layers.AveragePooling2D(8, strides=32)(x)]),
            "spreads 1x1x3 over 32x32x3",
        ),
        (lambda x: keras.ops.flip(x, axis=1), "is not a known kind"),
    ],
)
def test_operations_between_tensors_that_are_not_known(
    build: Callable[[keras.KerasTensor], keras.KerasTensor], reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        summarize_graph(build)


class Subclassed(keras.Model):
    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return inputs


class Altered(keras.Sequential):
    def call(self, inputs: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        return inputs


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (Subclassed, "net is a subclassed model"),
        (lambda: Altered([keras.Input((32, 32, 3)), layers.Conv2D(3, 3)]), "net is a subclassed model"),
        (lambda: keras.Sequential([layers.Conv2D(3, 3)]), "net has no input shape yet"),
        (lambda: keras.Sequential([keras.Input((784,)), layers.Dense(10)]), "an image such as"),
        (
            lambda: keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(3, 3)]),
            "a fixed size such as",
        ),
        (
            lambda: keras.Model(
                [x := keras.Input((8, 8, 3)), y := keras.Input((8, 8, 3))], layers.Add()([x, y])
            ),
            "net has 2 inputs",
        ),
        (
            lambda: keras.Sequential(
                [
                    keras.Input((8, 8, 8)),
                    layers.MaxPooling2D(2, data_format="channels_first"),
                    layers.MaxPooling2D(2, data_format="channels_last"),
                ]
            ),
            "net mixes channels_first and channels_last",
        ),
    ],
)
def test_models_that_cannot_be_traced(build: Callable[[], keras.Model], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        summarize_fully(build())


def test_what_a_network_trains_for_is_idle_in_inference_however_it_is_called() -> None:
    def build(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.BatchNormalization()(layers.RandomFlip()(x, training=True), training=True)

    assert geometry(summarize_graph(build)) == (1, 1, 0)
    image = keras.Input((32, 32, 3))
    model = keras.Model(image, layers.RandomFlip()(image, training=True))
    images = np.random.default_rng(0).random((2, 32, 32, 3), dtype="float32")
    np.testing.assert_array_equal(np.asarray(model(images, training=False)), images)


def test_channels_first_images_may_be_turned_before_channels_last_layers() -> None:
    turned = summarize(
        layers.Permute((2, 3, 1)), layers.Conv2D(8, (3, 5)), layers.Flatten(), image=(3, 32, 30)
    )
    assert [row.receptive_field for row in turned.layers] == [(1, 1), (3, 5), None]


def test_convnext_of_keras_is_known() -> None:
    model = keras.applications.ConvNeXtTiny(input_shape=(32, 32, 3), weights=None, classes=10)
    summary = summarize_fully(model)
    assert summary.receptive_field is not None and not summary.whole_image_seen
    assert summary.warnings == ()


def test_softmax_along_the_width_of_channels_first_images_is_refused() -> None:
    with pytest.raises(ModelError, match="has the activation 'softmax'"):
        summarize(layers.Conv2D(8, 3, data_format="channels_first", activation="softmax"), image=(3, 32, 32))


def test_features_say_where_each_unit_looks() -> None:
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, (3, 5), strides=2)])
    (feature,) = trace_features(model, "net")
    assert feature.shape == (15, 14, 4)
    assert feature.grid is not None
    assert feature.grid[0].span(3) == (6, 8)
    assert feature.grid[1].span(3) == (6, 10)


def test_summarizing_leaves_the_model_as_it_was() -> None:
    model = build_separable()
    before = [(layer.name, len(layer._inbound_nodes)) for layer in model.layers]
    summarize_model(model, "separable")
    assert [(layer.name, len(layer._inbound_nodes)) for layer in model.layers] == before
