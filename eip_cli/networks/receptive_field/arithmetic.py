"""The arithmetic of receptive fields along one axis: pure Python, no Keras, no I/O.

Which input pixels a unit of a layer can see is a hull, the *span* from its first to its last pixel.
Every layer here treats all positions alike, so the spans repeat: after a *period* of units they are the
same again, some input pixels further on. The period is 1 until something is upsampled, because only
then do neighbouring units differ (two units share one source, the next two another). Spans are exact
integers, so that even and odd kernels, uneven padding and dilation need no cases of their own.

Borders are ignored: a span may begin before pixel 0 or end beyond the last one, where padding is.
Height and width are followed each for itself, which is exact but for one case: where a transposed
convolution's stride exceeds its kernel, some rows see nothing, and where such a path is merged with
others, these rows see the columns of the others only. What is given is what the other rows see.
For one path without upsampling this is the recurrence of Araujo, Norris and Sim, "Computing Receptive
Fields of Convolutional Neural Networks", Distill 2019 (doi 10.23915/distill.00021), and so are the
terms: effective stride (also called jump) and effective padding.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Span = tuple[int, int]
Pair = tuple[int, int]
Stride = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class AxisField:
    """The input pixels that the units along one axis see.

    ``spans`` holds the first and last pixel, both included, of the units 0, 1, ... of one period, and
    None for a unit that sees nothing (a transposed convolution whose stride exceeds its kernel leaves
    such gaps); ``advance`` is by how many pixels the spans of the next period lie further on.
    """

    spans: tuple[Span | None, ...]
    advance: int

    def span(self, unit: int) -> Span | None:
        """First and last pixel that ``unit`` sees; units before 0 are those that padding would add."""
        periods, phase = divmod(unit, len(self.spans))
        span = self.spans[phase]
        if span is None:
            return None
        return span[0] + periods * self.advance, span[1] + periods * self.advance

    @property
    def size(self) -> int:
        """The receptive field in pixels: that of the unit which sees most, 0 where none sees anything."""
        return max((right - left + 1 for left, right in self._seen()), default=0)

    @property
    def stride(self) -> Fraction:
        """The effective stride: pixels from one unit to the next, on average over a period."""
        return Fraction(self.advance, len(self.spans))

    @property
    def padding(self) -> int:
        """The effective padding: how far the first unit (that sees anything) reaches before pixel 0."""
        return -next((left for left, _ in self._seen()), 0)

    def _seen(self) -> list[Span]:
        return [span for span in self.spans if span is not None]


IMAGE = AxisField(spans=((0, 0),), advance=1)
"""The input itself: each unit is one pixel."""


def see_through_window(
    field: AxisField, kernel: int, stride: int = 1, dilation: int = 1, pad_before: int = 0
) -> AxisField:
    """A convolution's or pooling's output: unit o reads the units o*stride - pad_before + j*dilation.

    With the defaults but ``pad_before`` this is also padding (kernel 1) and, negative, cropping.
    """
    period = len(field.spans) // math.gcd(len(field.spans), stride)
    return _gather(
        field,
        period=period,
        advance=field.advance * (period * stride // len(field.spans)),
        sources=lambda unit: (unit * stride - pad_before + tap * dilation for tap in range(kernel)),
    )


def see_through_transposed_window(
    field: AxisField, kernel: int, stride: int = 1, dilation: int = 1, crop_before: int = 0
) -> AxisField:
    """A transposed convolution's output: input unit i feeds the units i*stride - crop_before + j*dilation.

    So unit o is fed by every i for which (o + crop_before - j*dilation) is i*stride for some tap j.
    """

    def sources(unit: int) -> Iterable[int]:
        reached = (unit + crop_before - tap * dilation for tap in range(kernel))
        return (position // stride for position in reached if position % stride == 0)

    return _gather(field, period=len(field.spans) * stride, advance=field.advance, sources=sources)


def see_through_repetition(field: AxisField, factor: Fraction | int) -> AxisField:
    """Nearest-neighbour resizing to ``factor`` times the size: unit o copies unit floor((o + 1/2) / factor).

    For a whole factor, as in upsampling, that is unit floor(o / factor).
    """
    return _resample(field, Fraction(factor), lambda centre: (math.floor(centre),))


def see_through_interpolation(field: AxisField, factor: Fraction | int) -> AxisField:
    """Linear resizing with half-pixel centres: unit o mixes the two units around (o + 1/2)/factor - 1/2.

    Where that position is a whole number (the middle of an odd factor) it reads that unit alone.
    """

    def sources(centre: Fraction) -> Iterable[int]:
        position = centre - Fraction(1, 2)
        return (math.floor(position), math.ceil(position))

    return _resample(field, Fraction(factor), sources)


def see_through_merge(paths: Sequence[AxisField]) -> AxisField:
    """Branches that are added, multiplied or concatenated: each unit sees what it sees in any of them.

    Paths of unequal stride drift apart, so that no receptive field holds for all units. What is
    returned then is right for the units of the first common period (the very first unit, without
    upsampling) and goes on with the largest stride; ``describe_misalignment`` tells them.
    """
    period = math.lcm(*(len(path.spans) for path in paths))
    return AxisField(
        spans=tuple(_hull(path.span(unit) for path in paths) for unit in range(period)),
        advance=max(path.advance * (period // len(path.spans)) for path in paths),
    )


def describe_misalignment(paths: Sequence[AxisField]) -> str | None:
    """In what merged paths disagree: their strides, or else where their units are centred; None if neither.

    Centres are compared on average over the common period: the two units that nearest-neighbour
    upsampling makes of one lie half a pixel to either side of it, and count as aligned.
    """
    strides = sorted({path.stride for path in paths})
    if len(strides) > 1:
        listed = " and ".join(format_pixels(stride) for stride in strides)
        return f"unequal strides ({listed}); the receptive field given is the first unit's"
    period = math.lcm(*(len(path.spans) for path in paths))
    spans = [[path.span(unit) for path in paths] for unit in range(period)]
    comparable = [[span for span in row if span is not None] for row in spans if None not in row]
    if not comparable:
        return None
    centres = [
        Fraction(sum(left + right for left, right in path), 2 * len(comparable))
        for path in zip(*comparable, strict=True)
    ]
    apart = max(centres) - min(centres)
    return f"centres {format_pixels(apart)} px apart" if apart else None


def pad_before_same(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> int:
    """Zeros that 'same' padding puts before an axis of ``size`` units; the odd one goes after it.

    The rule of TensorFlow and Keras: ceil(size / stride) outputs, padded as little as that needs.
    """
    covered = (math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1
    return max(covered - size, 0) // 2


def crop_before_same(size: int, output_size: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """Units that a transposed convolution with 'same' padding cuts off before an axis of ``size`` units.

    It is the gradient of a convolution from ``output_size`` to ``size``, whose padding it removes.
    """
    covered = (size - 1) * stride + (kernel - 1) * dilation + 1
    return max(covered - output_size, 0) // 2


def format_pixels(number: Fraction) -> str:
    """A whole number as it is, any other as a short decimal."""
    return f"{float(number):g}"


def _resample(field: AxisField, factor: Fraction, sources: Callable[[Fraction], Iterable[int]]) -> AxisField:
    """``sources`` of the place of each unit's middle, counted in the units that it is made of."""
    # After factor.numerator units the middles are the same again, factor.denominator units further on.
    shared = math.gcd(len(field.spans), factor.denominator)
    return _gather(
        field,
        period=factor.numerator * (len(field.spans) // shared),
        advance=field.advance * (factor.denominator // shared),
        sources=lambda unit: sources(Fraction(2 * unit + 1, 2) / factor),
    )


def _gather(
    field: AxisField, period: int, advance: int, sources: Callable[[int], Iterable[int]]
) -> AxisField:
    return AxisField(
        spans=tuple(_hull(field.span(source) for source in sources(unit)) for unit in range(period)),
        advance=advance,
    )


def _hull(spans: Iterable[Span | None]) -> Span | None:
    seen = [span for span in spans if span is not None]
    if not seen:
        return None
    return min(left for left, _ in seen), max(right for _, right in seen)
