"""What a training is asked to be."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from msgspec import Meta

from eip_cli.foundation.errors import TrainingError
from eip_cli.foundation.records import (
    LARGEST_NUMBER,
    PositiveCount,
    RecordError,
    require_declared_kinds,
)

from .pixels import PIXEL_FORMS, is_pixel_form

DATASETS = ("cifar10", "digits")
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class TrainConfig:
    """A training in full once resolved; None means the network's own protocol decides.

    ``limit_train`` keeps that many training images; ``validation_split`` is the fraction of
    training images held out for validation, and None validates on the test images, as the
    report did. ``learning_rate`` is the first epoch's. ``schedule`` is a name of SCHEDULES, or
    ``own`` for a network that comes compiled with an optimizer of its own. ``trust`` admits unknown
    layers where ``model`` is a checkpoint. ``pixels`` is a form of recipes.pixels; None takes 0-1, or
    0-255 for a network that scales them itself.

    Raises TrainingError where a value is no possible one.
    """

    model: str = "separable"
    dataset: str = "cifar10"
    epochs: PositiveCount | None = None
    batch_size: PositiveCount | None = None
    learning_rate: Annotated[float, Meta(gt=0, le=LARGEST_NUMBER)] | None = None
    schedule: str | None = None
    seed: Annotated[int, Meta(ge=0, le=LARGEST_SEED)] = 0
    threads: PositiveCount | None = None
    limit_train: PositiveCount | None = None
    validation_split: Annotated[float, Meta(gt=0, lt=1)] | None = None
    accelerate: bool = True
    tensorboard: bool = False
    data_dir: str | None = None
    trust: bool = False
    pixels: str | None = None

    def __post_init__(self) -> None:
        try:
            require_declared_kinds(self)
        except RecordError as error:
            raise TrainingError(str(error)) from None
        if self.pixels is not None and not is_pixel_form(self.pixels):
            raise TrainingError(f"no pixels {self.pixels!r}: use {', '.join(PIXEL_FORMS)}")
        if self.dataset not in DATASETS:
            raise TrainingError(f"no dataset {self.dataset!r}: use {' or '.join(DATASETS)}")

    @property
    def selected_on(self) -> str:
        """The images that the best epoch is picked on: ``test`` or ``validation``."""
        return "test" if self.validation_split is None else "validation"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as they stand in ``run.json``."""
        return asdict(self)
