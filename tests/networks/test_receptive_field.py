"""The arithmetic of receptive fields, on cases small enough to work out by hand."""

from fractions import Fraction

import pytest

from eip_cli.networks.receptive_field.arithmetic import (
    IMAGE,
    AxisField,
    crop_before_same,
    describe_misalignment,
    pad_before_same,
    see_through_interpolation,
    see_through_merge,
    see_through_repetition,
    see_through_transposed_window,
    see_through_window,
)


def facts(field: AxisField) -> tuple[int, Fraction, int]:
    return field.size, field.stride, field.padding


def test_the_image_sees_itself() -> None:
    assert facts(IMAGE) == (1, 1, 0)
    assert IMAGE.span(7) == (7, 7)


def test_a_kernel_adds_its_size_less_one_times_the_stride_before_it() -> None:
    # 1 + (3-1)*1 = 3; then + (2-1)*1 = 4 and the stride doubles; then + (3-1)*2 = 8.
    field = see_through_window(IMAGE, kernel=3, pad_before=1)
    assert facts(field) == (3, 1, 1)
    field = see_through_window(field, kernel=2, stride=2)
    assert facts(field) == (4, 2, 1)
    field = see_through_window(field, kernel=3, pad_before=1)
    assert facts(field) == (8, 2, 3)
    # Unit 5 of the last: 5*2 - 3 = 7 is its first pixel, 7 + 8 - 1 = 14 its last.
    assert field.span(5) == (7, 14)


def test_vgg16_layer_by_layer() -> None:
    # Araujo, Norris and Sim (Distill 2019), their table of VGG-16.
    field, sizes = IMAGE, []
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            field = see_through_window(field, kernel=3, pad_before=1)
            sizes.append(field.size)
        field = see_through_window(field, kernel=2, stride=2)
        sizes.append(field.size)
    assert sizes == [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
    assert facts(field) == (212, 32, 90)


def test_a_stride_larger_than_the_kernel_skips_pixels_without_seeing_them() -> None:
    # A 1-tap kernel of stride 3 sees pixels 0, 3, 6; three of its units span 0 to 6.
    field = see_through_window(IMAGE, kernel=1, stride=3)
    assert facts(field) == (1, 3, 0)
    assert see_through_window(field, kernel=3).span(0) == (0, 6)


def test_dilation_spreads_the_taps() -> None:
    # Taps at 0, 4 and 8, less the padding of 4.
    assert see_through_window(IMAGE, kernel=3, dilation=4, pad_before=4).span(0) == (-4, 4)


def test_padding_and_cropping_shift_the_field_and_leave_its_size() -> None:
    padded = see_through_window(IMAGE, kernel=1, pad_before=2)
    assert facts(padded) == (1, 1, 2)
    cropped = see_through_window(padded, kernel=1, pad_before=-5)
    assert facts(cropped) == (1, 1, -3)
    assert cropped.span(0) == (3, 3)


def test_nearest_upsampling_lets_two_units_share_a_source() -> None:
    field = see_through_repetition(IMAGE, 2)
    assert [field.span(unit) for unit in range(-1, 4)] == [(-1, -1), (0, 0), (0, 0), (1, 1), (1, 1)]
    assert facts(field) == (1, Fraction(1, 2), 0)
    # Three units read two sources (0 0 1, or 0 1 1); pooling two by two from the first reads one.
    assert see_through_window(field, kernel=3).size == 2
    assert facts(see_through_window(field, kernel=2, stride=2)) == (1, 1, 0)
    # Pooling shifted by one straddles two sources.
    assert see_through_window(field, kernel=2, stride=2, pad_before=1).span(0) == (-1, 0)


def test_linear_upsampling_reads_the_two_units_around_a_position() -> None:
    # Factor 2: positions -1/4, 1/4, 3/4 read (-1, 0), (0, 1), (0, 1).
    field = see_through_interpolation(IMAGE, 2)
    assert [field.span(unit) for unit in range(3)] == [(-1, 0), (0, 1), (0, 1)]
    # Factor 3: positions -1/3, 0, 1/3; the middle one is a unit itself.
    assert [see_through_interpolation(IMAGE, 3).span(unit) for unit in range(3)] == [(-1, 0), (0, 0), (0, 1)]


def test_a_transposed_convolution_of_stride_2_alternates_between_one_and_two_sources() -> None:
    # Input unit i feeds outputs 2i, 2i+1, 2i+2: output 0 comes from 0 alone (and from -1, were there
    # one), output 1 from 0, output 2 from 0 and 1, output 3 from 1.
    field = see_through_transposed_window(IMAGE, kernel=3, stride=2)
    assert [field.span(unit) for unit in range(4)] == [(-1, 0), (0, 0), (0, 1), (1, 1)]
    assert facts(field) == (2, Fraction(1, 2), 1)
    # 'same' crops (3-2)//2 = 0 before, as Keras does; with a kernel of 4 it crops 1.
    assert crop_before_same(size=5, output_size=10, kernel=3, stride=2) == 0
    assert crop_before_same(size=5, output_size=10, kernel=4, stride=2) == 1
    # Then every output has two sources: output 0 from -1 and 0, output 1 from 0 and 1.
    field = see_through_transposed_window(IMAGE, kernel=4, stride=2, crop_before=1)
    assert [field.span(unit) for unit in range(3)] == [(-1, 0), (0, 1), (0, 1)]


def test_a_transposed_convolution_of_stride_1_mirrors_a_convolution() -> None:
    # Output o comes from the inputs o - 2d, o - d and o, here with d = 2.
    assert see_through_transposed_window(IMAGE, kernel=3, dilation=2).span(0) == (-4, 0)


def test_a_transposed_convolution_with_gaps_leaves_units_that_see_nothing() -> None:
    field = see_through_transposed_window(IMAGE, kernel=1, stride=3)
    assert [field.span(unit) for unit in range(4)] == [(0, 0), None, None, (1, 1)]
    # A window of two that begins in a gap sees what its other unit sees.
    assert see_through_window(field, kernel=2, pad_before=1).span(0) == (0, 0)
    # Only gaps are left of it when each third unit is read, from the second on.
    nothing = see_through_window(field, kernel=1, stride=3, pad_before=-1)
    assert facts(nothing) == (0, 1, 0)


def test_a_merge_sees_what_any_of_its_paths_sees() -> None:
    # Paths of kernels 3 and 5, both centred: the larger one. With the 3 shifted right by 4: 0 - 2 to 4 + 1.
    three = see_through_window(IMAGE, kernel=3, pad_before=1)
    five = see_through_window(IMAGE, kernel=5, pad_before=2)
    assert facts(see_through_merge([three, five])) == (5, 1, 2)
    assert describe_misalignment([three, five]) is None
    shifted = see_through_window(three, kernel=1, pad_before=-4)
    assert see_through_merge([shifted, five]).span(0) == (-2, 5)
    assert describe_misalignment([shifted, five]) == "centres 4 px apart"


def test_a_convolution_and_a_shortcut_of_stride_2_on_an_even_size_are_misaligned() -> None:
    # Keras pads 32 pixels for a 3-tap, stride-2 convolution after the end only: its unit 0 sees pixels
    # 0 to 2, centred on 1, and the 1-tap shortcut sees pixel 0. On 33 pixels it pads both ends.
    shortcut = see_through_window(IMAGE, kernel=1, stride=2)
    for size, expected in ((32, "centres 1 px apart"), (33, None)):
        pad_before = pad_before_same(size, kernel=3, stride=2)
        convolution = see_through_window(IMAGE, kernel=3, stride=2, pad_before=pad_before)
        assert describe_misalignment([convolution, shortcut]) == expected


def test_down_and_up_again_is_aligned_with_the_direct_path() -> None:
    # Units 0 and 1 see pixels 0 and 1, centred half a pixel to either side of where each of them is.
    down_and_up = see_through_repetition(see_through_window(IMAGE, kernel=2, stride=2), 2)
    assert describe_misalignment([IMAGE, down_and_up]) is None
    merged = see_through_merge([IMAGE, down_and_up])
    assert facts(merged) == (2, 1, 0)
    assert [merged.span(unit) for unit in range(3)] == [(0, 1), (0, 1), (2, 3)]


def test_paths_of_unequal_stride_hold_for_the_first_unit_only() -> None:
    # Stride 2 from pixel 0, and stride 1 from pixel 8: their first units span 0 to 8.
    strided = see_through_window(IMAGE, kernel=2, stride=2)
    cropped = see_through_window(IMAGE, kernel=1, pad_before=-8)
    merged = see_through_merge([strided, cropped])
    assert merged.span(0) == (0, 8)
    assert merged.stride == 2
    assert describe_misalignment([strided, cropped]) == (
        "unequal strides (1 and 2); the receptive field given is the first unit's"
    )


def test_gaps_are_left_out_when_paths_are_compared() -> None:
    gaps = see_through_transposed_window(IMAGE, kernel=1, stride=2)
    repeated = see_through_repetition(IMAGE, 2)
    assert describe_misalignment([gaps, repeated]) is None
    only_gaps = AxisField(spans=(None,), advance=1)
    assert describe_misalignment([only_gaps, IMAGE]) is None


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "expected"),
    [
        (32, 3, 1, 1, 1),
        (32, 3, 2, 1, 0),  # 16 outputs cover 31 + 2 = 33 pixels: one zero, after
        (33, 3, 2, 1, 1),  # 17 outputs cover 35: one on either side
        (32, 2, 2, 1, 0),
        (32, 4, 1, 1, 1),  # three zeros: one before, two after
        (32, 3, 1, 3, 3),
        (32, 1, 3, 1, 0),  # nothing to cover beyond the end
    ],
)
def test_same_padding_puts_the_odd_zero_after(
    size: int, kernel: int, stride: int, dilation: int, expected: int
) -> None:
    assert pad_before_same(size, kernel, stride, dilation) == expected
