"""What is to be seen of one run's best checkpoint: its answers to the test images, and where it looks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from eip_cli.checkpoints.opening import OpenedModel, open_checkpoint
from eip_cli.checkpoints.sample_images import SampleImages, find_local_dataset, find_sample_images
from eip_cli.comparison.evaluation.assessment import assess_on, choose_pixels
from eip_cli.comparison.evaluation.results import Assessment
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.download import SILENT
from eip_cli.datasets.loading import problem_of
from eip_cli.foundation.errors import DataError, EipError, ModelError
from eip_cli.inspection.gallery import Gallery, Subject, make_gallery
from eip_cli.inspection.heat_maps import HeatRequest
from eip_cli.inspection.selection import Selection
from eip_cli.networks.blocks.grouping import Block, list_blocks
from eip_cli.networks.model import require_classifier
from eip_cli.networks.receptive_field.effective import MeasuredField, measure_effective_field
from eip_cli.pictures.fields.squares import SampleImage
from eip_cli.runs.run_directory import BEST_FILE

from .run_results import RunResults

FIELD_IMAGES = 100  # for the effective receptive field: its picture changes little with more


@dataclass
class LocalImages:
    """The data sets that are on this machine, each loaded once: a report fetches nothing."""

    data_dir: Path | None = None
    _loaded: dict[str, tuple[Dataset, Path | None] | None] = field(default_factory=dict)

    def find(self, name: str, recorded: str | None) -> tuple[Dataset, Path | None] | None:
        """The data set ``name`` and the folder that it was looked for in; None where it is not here.

        It is looked for where the user says (DataError where it is not there), else where the run had it,
        else in the usual places.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name, recorded)
        return self._loaded[name]

    def _load(self, name: str, recorded: str | None) -> tuple[Dataset, Path | None] | None:
        shape = problem_of(name).image_shape
        places = [self.data_dir] if self.data_dir is not None else [Path(recorded)] if recorded else []
        for place in places:
            try:
                dataset = find_local_dataset([name], shape, place)
            except DataError:
                if self.data_dir is not None:
                    raise
                continue
            if dataset is not None:
                return dataset, place
        dataset = find_local_dataset([name], shape, None)
        return None if dataset is None else (dataset, None)


@dataclass(frozen=True, eq=False)
class Look:
    """One checkpoint, looked at. What could not be made is None, and ``notes`` say why, in sentences.

    ``blocks`` are of its diagram, ``sample`` an image to draw receptive fields on.
    """

    blocks: tuple[Block, ...]
    sample: SampleImage | None = None
    assessment: Assessment | None = None
    gallery: Gallery | None = None
    effective: MeasuredField | None = None
    notes: tuple[str, ...] = ()


def look_at(
    results: RunResults, images: LocalImages, count: int, notice: Callable[[str], None], trust: bool = False
) -> Look:
    """Look at the best checkpoint of a run, with ``count`` of the images that it gets wrong.

    Raises DataError where the folder that the user named for the images has none.
    """
    opened = open_checkpoint(str(results.run.path / BEST_FILE), trust=trust)
    config = results.record.config
    found = images.find(config.dataset, config.data_dir)
    blocks = tuple(list_blocks(opened.model, results.summary))
    notes: list[str] = []
    samples = _find_samples(opened, config.dataset, None if found is None else found[1], notes)
    sample = None if samples is None else SampleImage(*samples.first)
    if found is None:
        notes.append(
            f"The test images of {config.dataset} are not on this machine, and a report fetches none: so "
            "there is no gallery, no confusion matrix and no effective receptive field. eip data fetches "
            "them, and --data-dir names a copy."
        )
        return Look(blocks, sample, notes=tuple(notes))
    notice(f"Looking at {results.name}: {len(found[0].test_labels):,} test images")
    subject = _assess(opened, found[0], notes)
    gallery = None if subject is None else _find_mistakes(subject, found[0], count, notes)
    effective = None if samples is None or not samples.is_real else _measure_field(opened, samples, notes)
    assessment = None if subject is None else subject.assessment
    return Look(blocks, sample, assessment, gallery, effective, tuple(notes))


def _find_samples(
    opened: OpenedModel, dataset: str, folder: Path | None, notes: list[str]
) -> SampleImages | None:
    try:
        return find_sample_images(opened, FIELD_IMAGES, dataset, folder)
    except EipError as error:
        notes.append(f"No receptive field is drawn: {error}.")
        return None


def _assess(opened: OpenedModel, dataset: Dataset, notes: list[str]) -> Subject | None:
    try:
        require_classifier(opened.model, opened.name, dataset.problem)
        pixels = choose_pixels(opened, None, lambda: dataset.channel_statistics, SILENT)
        return Subject(opened, pixels, assess_on(opened, dataset, pixels))
    except EipError as error:
        notes.append(f"Its answers to the test images cannot be had: {error}.")
        return None


def _find_mistakes(subject: Subject, dataset: Dataset, count: int, notes: list[str]) -> Gallery | None:
    """The mistakes with the highest loss, with heat maps where Grad-CAM can be made."""
    selection = Selection(count=count)
    try:
        return make_gallery(subject, dataset, selection, heat=HeatRequest())
    except ModelError as error:
        notes.append(f"No Grad-CAM: {error}.")
        return make_gallery(subject, dataset, selection)


def _measure_field(opened: OpenedModel, samples: SampleImages, notes: list[str]) -> MeasuredField | None:
    try:
        field = measure_effective_field(opened.model, opened.name, samples.inputs)
    except ModelError as error:
        notes.append(f"{str(error)[0].upper()}{str(error)[1:]}.")
        return None
    return MeasuredField(field, samples.words, opened.is_untrained)
