"""``run.json``: what a run was asked to be, what made it, and what it came to."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from eip_cli.foundation.records import Count, Number, RecordError, Share, parse_record, require_plain_texts
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import complete_old_config


@dataclass(frozen=True)
class RunRecord:
    """What ``run.json`` holds. Times are ISO 8601 in UTC; accuracies are fractions.

    ``final_accuracy`` and ``best_accuracy`` are measured on the images that ``selected_on``
    names; ``test_accuracy`` is there only with a validation split, and is the best checkpoint's.
    ``config`` is a resolved one; ``pixel_scale`` is its pixels in words, with the numbers behind the name.
    ``needs_code``: the checkpoints' network is rebuilt by the code that ``config.model`` names, as it
    cannot be from the files alone. ``receptive_field`` is None where it is unknown, and where units of a
    feature map see the whole image, as ``whole_image_seen`` then says.
    """

    id: str
    status: str
    config: TrainConfig
    started: str
    ended: str | None = None
    params: Count = 0
    receptive_field: tuple[Count, Count] | None = None
    whole_image_seen: bool = False
    dataset_fingerprint: dict[str, Any] = field(default_factory=dict)
    train_images: Count = 0
    versions: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    pixel_scale: str | None = None
    needs_code: bool = False
    epochs_done: Count = 0
    final_accuracy: Share | None = None
    best_accuracy: Share | None = None
    best_epoch: Count | None = None
    test_accuracy: Share | None = None
    train_seconds: Number = 0.0
    images_per_second: Number | None = None
    accelerated: bool = False
    deterministic: bool = False
    sha256: dict[str, Any] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to train."""
        return self.status == "finished" and self.epochs_done == self.config.epochs

    def to_dict(self) -> dict[str, Any]:
        """The content of ``run.json``; what scripts ask for most stands at the top level too."""
        record = {item.name: getattr(self, item.name) for item in fields(self)}
        record["config"] = self.config.to_dict()
        for name in ("model", "dataset", "seed", "threads"):
            record[name] = getattr(self.config, name)
        record["selected_on"] = self.config.selected_on
        return record


def parse_run_record(content: bytes) -> RunRecord:
    """The record in the content of a ``run.json``, of which some text reaches the terminal.

    Raises RecordError where it holds none, and TrainingError where its configuration is no possible one.
    """
    record = parse_record(content, RunRecord)
    record = replace(record, config=complete_old_config(record.config))
    config = record.config
    require_plain_texts(id=record.id, status=record.status, started=record.started, ended=record.ended)
    require_plain_texts(pixel_scale=record.pixel_scale)
    require_plain_texts(config__model=config.model, config__schedule=config.schedule)
    for name in ("epochs", "batch_size", "threads"):
        if getattr(config, name) is None:
            raise RecordError(f"config.{name}: expected int")
    return record
