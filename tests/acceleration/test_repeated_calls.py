"""Layers that are called several times run in blocks call by call, on the same weights."""

import pytest

from eip_cli.foundation.backend import keras
from tests.support.twins import assert_same_mathematics, chain, fused_calls, separable, wide_norm

if keras.backend.backend() != "tensorflow":
    pytest.skip("the fast path is TensorFlow's", allow_module_level=True)

layers = keras.layers


def test_one_convolution_with_a_norm_for_each_call() -> None:
    """As ThriftyNet has it: also in another size, and with what came before added."""

    def recursive(tensor: keras.KerasTensor) -> keras.KerasTensor:
        shared = separable(filters=6, padding="same", use_bias=False)
        first = layers.ReLU()(wide_norm()(shared(tensor)))
        second = wide_norm()(layers.Add()([layers.ReLU()(shared(first)), tensor]))
        return layers.ReLU()(wide_norm()(shared(layers.MaxPooling2D(2)(second))))

    model = assert_same_mathematics(lambda: recursive)
    assert sorted(fused_calls(model)) == sorted(
        [
            ["SeparableConv2D", "BatchNormalization", "ReLU"],
            ["SeparableConv2D", "ReLU"],
            ["BatchNormalization"],
            ["SeparableConv2D", "BatchNormalization", "ReLU"],
        ]
    )


def test_one_convolution_and_one_norm_called_one_after_another() -> None:
    def recursive(tensor: keras.KerasTensor) -> keras.KerasTensor:
        block = chain(separable(filters=6, padding="same"), wide_norm(momentum=0.6), layers.ReLU(6))
        return block(block(block(tensor)))

    model = assert_same_mathematics(lambda: recursive)
    assert fused_calls(model) == [["SeparableConv2D", "BatchNormalization", "ReLU"]] * 3


def test_one_block_in_two_branches_of_different_lengths() -> None:
    def branches(tensor: keras.KerasTensor) -> keras.KerasTensor:
        block = chain(separable(filters=6, padding="same"), wide_norm(momentum=0.6))
        long = layers.MaxPooling2D(2)(layers.ReLU()(block(layers.Activation("tanh")(tensor))))
        return layers.Concatenate()([layers.MaxPooling2D(2)(block(tensor)), long])

    model = assert_same_mathematics(lambda: branches)
    assert fused_calls(model) == [
        ["SeparableConv2D", "BatchNormalization", "ReLU"],
        ["SeparableConv2D", "BatchNormalization"],
    ]


def test_moving_averages_see_the_batches_in_the_order_of_keras() -> None:

    def crossed(tensor: keras.KerasTensor) -> keras.KerasTensor:
        early, late, norm = separable(filters=6), separable(filters=6), wide_norm(momentum=0.3)
        first = norm(early(tensor * 3.0))
        second = norm(late(layers.Activation("tanh")(norm(tensor))[:, ::-1]))
        return layers.Add()([first, second, norm(early(tensor))])

    model = assert_same_mathematics(lambda: crossed)
    # The fourth convolution runs before the third call of the norm, its own call of the norm after it.
    assert fused_calls(model) == [
        ["SeparableConv2D", "BatchNormalization"],
        ["BatchNormalization"],
        ["SeparableConv2D"],
        ["SeparableConv2D", "BatchNormalization"],
        ["BatchNormalization"],
    ]


@pytest.mark.filterwarnings("ignore:.*does not support masking")
def test_a_repeated_call_with_other_arguments_is_left_to_keras() -> None:
    def block(tensor: keras.KerasTensor) -> keras.KerasTensor:
        norm = wide_norm()
        active = layers.Activation("tanh")(norm(separable(filters=6, padding="same")(tensor)))
        return layers.ReLU()(norm(active, mask=tensor[..., 0] > 0))

    model = assert_same_mathematics(lambda: block)
    assert fused_calls(model) == [["SeparableConv2D", "BatchNormalization"]]
