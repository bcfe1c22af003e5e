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

from .augmentation import parse_augmentation
from .pixels import PIXEL_FORMS, is_pixel_form
from .schedules import parse_schedule

DATASETS = ("cifar10", "cifar100", "mnist", "fashion-mnist", "digits")
LARGEST_SEED = 2**32 - 1
OPTIMIZERS = ("adam", "adamw", "sgd", "lion", "muon")
OWN = "own"  # of a network that comes compiled


@dataclass(frozen=True)
class TrainConfig:
    """A training in full once resolved; None means the network's own protocol decides.

    ``limit_train`` keeps that many training images; ``validation_split`` is the fraction of
    training images held out for validation, and None validates on the test images, as the
    report did. ``learning_rate`` is the schedule's own, its first or its highest. ``schedule`` is a
    name of SCHEDULES, or ``own`` for a network that comes compiled with an optimizer of its own.
    ``trust`` admits unknown layers where ``model`` is a checkpoint. ``pixels`` is a form of
    recipes.pixels; None takes 0-1, or 0-255 for a network that scales them itself. ``augment`` holds
    the words of recipes.augmentation, an empty tuple for none. ``optimizer`` is a name of OPTIMIZERS,
    or ``own``; ``weight_decay`` is decoupled from the gradient; ``clip_norm`` bounds the norm of all
    gradients together; ``warmup`` is in epochs; ``average_weights`` is the decay of the average, 0 for none.

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
    augment: tuple[str, ...] | None = None
    optimizer: str | None = None
    weight_decay: Annotated[float, Meta(ge=0, le=LARGEST_NUMBER)] | None = None
    label_smoothing: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    clip_norm: Annotated[float, Meta(gt=0, le=LARGEST_NUMBER)] | None = None
    warmup: Annotated[float, Meta(ge=0, le=LARGEST_NUMBER)] = 0.0
    average_weights: Annotated[float, Meta(ge=0, lt=1)] | None = None

    def __post_init__(self) -> None:
        try:
            require_declared_kinds(self)
        except RecordError as error:
            raise TrainingError(str(error)) from None
        if self.optimizer not in (None, OWN, *OPTIMIZERS):
            raise TrainingError(f"no optimizer {self.optimizer!r}: use {', '.join(OPTIMIZERS)}")
        try:
            parse_augmentation(self.augment)
            if self.schedule not in (None, OWN):
                parse_schedule(self.schedule)
        except ValueError as error:
            raise TrainingError(str(error)) from None
        if self.pixels is not None and not is_pixel_form(self.pixels):
            raise TrainingError(f"no pixels {self.pixels!r}: use {', '.join(PIXEL_FORMS)}")
        if self.dataset not in DATASETS:
            raise TrainingError(f"no dataset {self.dataset!r}: use {', '.join(DATASETS)}")

    @property
    def selected_on(self) -> str:
        """The images that the best epoch is picked on: ``test`` or ``validation``."""
        return "test" if self.validation_split is None else "validation"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as they stand in ``run.json``."""
        return asdict(self)
