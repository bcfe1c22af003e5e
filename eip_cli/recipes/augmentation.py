"""Augmentation as it is asked for: which random changes training images get, and how strong they are.

They are applied in one order, whatever the order of the words: flip, crop, rotate, cutout, mixup.
"""

from dataclasses import dataclass

ALTERNATING = "alternating"


@dataclass(frozen=True)
class Kind:
    """A kind of change: its strength where none is given, and the largest that makes sense for 32 pixels."""

    default: float
    largest: float
    is_whole: bool
    meaning: str


# crop: He et al. 2016, section 4.2. cutout: DeVries and Taylor 2017. mixup: Zhang et al. 2018.
KINDS = {
    "flip": Kind(0, 0, True, "left and right exchanged for half of the images"),
    "crop": Kind(4, 15, True, "shifted by up to so many pixels, the border reflected"),
    "rotate": Kind(10, 180, False, "turned by up to so many degrees"),
    "cutout": Kind(8, 31, True, "a square of so many pixels filled with the training images' mean"),
    "mixup": Kind(0.2, 10, False, "mixed with another image, by a share from a beta distribution"),
}


@dataclass(frozen=True)
class Augmentation:
    """The strength of each kind of change; None where it is not asked for."""

    flip: bool = False
    alternating: bool = False
    crop: int | None = None
    rotate: float | None = None
    cutout: int | None = None
    mixup: float | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """What it consists of, as a run records it: ``("flip", "crop=4")``; empty for none."""
        flip = (f"flip={ALTERNATING}" if self.alternating else "flip",) if self.flip else ()
        strengths = {name: getattr(self, name) for name in KINDS if name != "flip"}
        return (*flip, *(f"{name}={value:g}" for name, value in strengths.items() if value is not None))


def parse_augmentation(words: tuple[str, ...] | None) -> Augmentation:
    """``("flip", "crop=4", ...)``, or ``("none",)`` or nothing -> what is asked for.

    Raises ValueError, with what would be right, for words that are none.
    """
    given: dict[str, float | bool] = {}
    if words is None or words == ("none",):
        return Augmentation()
    for word in words:
        name, equals, text = word.strip().partition("=")
        if name not in KINDS:
            raise ValueError(f"no augmentation {word!r}: use none, or any of {', '.join(KINDS)}")
        if name in given:
            raise ValueError(f"{name} is given twice")
        if name == "flip":
            if equals and text != ALTERNATING:
                raise ValueError(f"no augmentation {word!r}: use flip or flip={ALTERNATING}")
            given |= {"flip": True, "alternating": bool(equals)}
        else:
            given[name] = _read_strength(name, text) if equals else _as_kind(name, KINDS[name].default)
    return Augmentation(**given)  # type: ignore[arg-type]  # whole where its kind is


def _read_strength(name: str, text: str) -> float:
    kind = KINDS[name]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= kind.largest or (kind.is_whole and value != int(value)):
        number = "whole number" if kind.is_whole else "number"
        raise ValueError(f"{name}={text}: a {number} above 0 and up to {kind.largest:g} is needed")
    return _as_kind(name, value)


def _as_kind(name: str, value: float) -> float:
    return int(value) if KINDS[name].is_whole else float(value)
