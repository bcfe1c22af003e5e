"""Layers, shapes, parameters and multiply-accumulates need no receptive field."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError
from eip_cli.networks.facts import ModelSummary, require_receptive_field
from eip_cli.networks.summary import summarize_model

layers, ops = keras.layers, keras.ops


class Doubled(keras.layers.Layer):
    """A layer of one's own, with a convolution inside."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.convolution = keras.layers.Conv2D(4, 3, padding="same")

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.convolution.build(shape)

    def call(self, inputs: Any) -> Any:
        return 2 * self.convolution(inputs)


def chain(*stack: Any, image: tuple[int | None, ...] = (32, 32, 3)) -> keras.Model:
    """A network of ``stack``, and after it a convolution of four filters and a classifier."""
    tensor = inputs = keras.Input(image)
    for layer in (*stack, layers.Conv2D(4, 3, name="after"), layers.GlobalAveragePooling2D()):
        tensor = layer(tensor)
    return keras.Model(inputs, layers.Dense(10, name="classes")(tensor))


UNKNOWN: list[tuple[Callable[[], keras.Model], str, str]] = [
    (lambda: chain(layers.Lambda(lambda x: x * 2 - 1, name="odd")), "'odd' (Lambda)", "code of its own"),
    (lambda: chain(Doubled(name="odd")), "'odd' (Doubled)", "not a known kind"),
    (lambda: chain(layers.Permute((2, 1, 3), name="odd")), "'odd' (Permute)", "swaps height and width"),
    (
        lambda: chain(lambda x: layers.Concatenate(axis=1, name="odd")([x, x])),
        "'odd' (Concatenate)",
        "along height or width",
    ),
    (
        lambda: chain(lambda x: layers.Reshape((16, 64, 3))(x)),
        "'after' (Conv2D)",
        "image that was reshaped",
    ),
    (lambda: chain(image=(None, None, 3)), "net", "a fixed size such as"),
    (
        lambda: chain(
            layers.Reshape((1024, 3)), layers.Conv1D(4, 3, name="odd"), lambda x: ops.expand_dims(x, 1)
        ),
        "'odd' (Conv1D)",
        "runs along one axis",
    ),
]
UNKNOWN_NAMES = [which + ": " + why for _, which, why in UNKNOWN]


@pytest.mark.parametrize(("build", "which", "why"), UNKNOWN[:-1], ids=UNKNOWN_NAMES[:-1])
def test_a_network_has_its_layers_where_the_receptive_field_is_unknown(
    build: Callable[[], keras.Model], which: str, why: str
) -> None:
    model = build()
    summary = summarize_model(model, "net")
    assert summary.receptive_field_unknown is not None
    assert which in summary.receptive_field_unknown and why in summary.receptive_field_unknown
    assert "\n" not in summary.receptive_field_unknown
    assert (summary.receptive_field, summary.whole_image_seen) == (None, False)
    assert summary.total_params == model.count_params() == sum(row.params for row in summary.layers)
    assert [row.output_shape for row in summary.layers] == [
        tuple(tensor.shape[1:]) for tensor in list_outputs(model)
    ]
    with pytest.raises(ModelError, match="no receptive field"):
        require_receptive_field(summary)


def list_outputs(model: keras.Model) -> list[keras.KerasTensor]:
    return [operation.output for operation in model.operations[1:]]


def test_rows_before_the_unknown_layer_have_theirs() -> None:
    model = chain(layers.Conv2D(4, 5, strides=2, name="first"), layers.Lambda(lambda x: x, name="odd"))
    first, odd, after, *_ = summarize_model(model, "net").layers
    assert (first.receptive_field, odd.receptive_field, after.receptive_field) == ((5, 5), None, None)


def test_an_open_size_stays_open_and_its_products_are_not_counted() -> None:
    summary = summarize_model(chain(layers.Conv2D(8, 3, name="first"), image=(None, 16, 3)), "net")
    assert [row.output_shape for row in summary.layers] == [(None, 14, 8), (None, 12, 4), (4,), (10,)]
    assert [row.macs for row in summary.layers] == [0, 0, 0, 40]
    (warning,) = summary.warnings
    assert "depend on an open size are not counted: first, after" in warning


def test_a_nested_network_of_open_size_is_given_its_callers_operations_included() -> None:
    inner_image = keras.Input((None, None, 3))
    inner = keras.Model(inner_image, ops.relu(layers.Conv2D(4, 3)(inner_image))[:, ::2], name="inner")
    summary = summarize_model(chain(inner), "net")
    assert [row.output_shape for row in summary.layers[:3]] == [(30, 30, 4), (30, 30, 4), (15, 30, 4)]
    assert summary.receptive_field == (7, 5)


def test_several_inputs_have_layers_too() -> None:
    one, other = keras.Input((8, 8, 3)), keras.Input((4,))
    joined = layers.Concatenate()([layers.GlobalAveragePooling2D()(one), other])
    summary = summarize_model(keras.Model([one, other], layers.Dense(2)(joined)), "net")
    assert summary.receptive_field_unknown == "no receptive field: net has 2 inputs: one image is needed"
    assert (summary.total_params, summary.macs) == (16, 14)


def summarize_stack(*stack: keras.Layer) -> ModelSummary:
    return summarize_model(keras.Sequential([keras.Input((32, 32, 4)), *stack]), "net")


def test_wrapped_layers_count_as_what_they_wrap() -> None:
    # 3*3*4*8 + 8 weights and the 8 numbers that the norm is estimated by.
    summary = summarize_stack(layers.SpectralNormalization(layers.Conv2D(8, 3)))
    assert (summary.total_params, summary.non_trainable_params) == (304, 8)
    assert (summary.macs, summary.warnings) == (900 * 9 * 4 * 8, ())
    summary = summarize_stack(layers.TimeDistributed(layers.Conv1D(8, 3)))
    assert (summary.total_params, summary.macs, summary.warnings) == (104, 32 * 30 * 3 * 4 * 8, ())


def test_a_layer_shared_by_a_wrapper_counts_once() -> None:
    shared = layers.Dense(4)
    summary = summarize_stack(shared, layers.TimeDistributed(shared), layers.Flatten())
    assert [row.params for row in summary.layers] == [20, 0, 0]
    assert [row.macs for row in summary.layers] == [1024 * 16, 1024 * 16, 0]


@pytest.mark.parametrize("is_trainable", [True, False])
def test_products_of_ones_own_layers_are_said_not_to_be_counted(is_trainable: bool) -> None:
    summary = summarize_stack(Doubled(name="own", trainable=is_trainable), layers.Flatten())
    assert summary.warnings == ("own (Doubled): its multiply-accumulates are not counted",)


def test_products_of_attention_are_said_not_to_be_counted() -> None:
    tokens = keras.Input((8, 8, 4))
    model = keras.Model(tokens, layers.MultiHeadAttention(1, 2, name="attention")(tokens, tokens))
    summary = summarize_model(model, "net")
    assert summary.warnings == ("attention (MultiHeadAttention): its multiply-accumulates are not counted",)


def test_a_random_crop_passes_images_on_in_inference_and_its_shapes_do_not_say_so() -> None:
    crop = layers.RandomCrop(28, 28, name="crop")
    images = np.random.default_rng(0).random((2, 32, 32, 3), dtype="float32")
    np.testing.assert_array_equal(np.asarray(crop(images, training=False)), images)
    summary = summarize_model(chain(crop), "net")
    assert (summary.layers[0].output_shape, summary.receptive_field) == ((28, 28, 3), (3, 3))
    assert summary.warnings == (
        "crop (RandomCrop) crops in training only: in inference it passes 32x32x3 on, where the shapes say "
        "28x28x3",
    )
