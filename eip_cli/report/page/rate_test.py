"""The file that ``eip find-rate --format json`` printed -> its picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta

from eip_cli.foundation.errors import RunError
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.foundation.records import Number, RecordError, parse_record
from eip_cli.pictures.inline.svg import make_inline_svg
from eip_cli.pictures.rate_curves import make_rate_curves

from .contents import Picture

Rate = Annotated[float, Meta(gt=0, le=1e9)]


@dataclass(frozen=True)
class SeedRates:
    """One seed's rates and smoothed losses, as many of each."""

    seed: int
    rates: tuple[Rate, ...]
    smoothed: tuple[Number, ...]


@dataclass(frozen=True)
class RateRecord:
    """What the page needs of a range test."""

    model: str
    seeds: tuple[SeedRates, ...]
    steepest: Rate | None = None
    rises_from: Rate | None = None
    suggested: Rate | None = None


def draw_rate_test(path: Path) -> Picture:
    """The loss against the learning rate. Raises RunError where ``path`` holds no range test."""
    record = _read(path)
    curves = [(np.array(one.rates), np.array(one.smoothed)) for one in record.seeds]
    model = show_plainly(record.model)
    said = "no rate stands out" if record.suggested is None else f"{record.suggested:.2g} is a rate to try"
    svg = make_inline_svg(
        make_rate_curves(curves, record.steepest, record.rises_from),
        "rates",
        f"Training loss of {model} against the learning rate, over {len(curves)} seeds: {said}.",
    )
    reading = (
        "The loss while the learning rate grows step by step: where it falls fastest a rate is worth trying, "
        f"and from where it turns up rates are too high; here {said}."
    )
    return Picture(f"Learning-rate range test of {model}", svg, reading)


def _read(path: Path) -> RateRecord:
    wanted = "give what eip find-rate --format json printed"
    try:
        record = parse_record(path.read_bytes(), RateRecord)
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from None
    except RecordError as error:
        raise RunError(f"{path} is no range test ({error}): {wanted}") from None
    lengths = [(len(one.rates), len(one.smoothed)) for one in record.seeds]
    if not lengths or any(rates != losses or rates < 2 for rates, losses in lengths):
        raise RunError(f"{path} is no range test (its curves are not whole): {wanted}")
    return record
