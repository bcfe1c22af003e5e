"""A TrainConfig -> network, images and trainer, checked to be fit for each other before a run exists."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eip_cli.checkpoints.code_run_before import note_code_run
from eip_cli.checkpoints.naming import locate_source, require_source
from eip_cli.checkpoints.opening import OpenedModel, find_pixels, open_model
from eip_cli.datasets.dataset import Dataset, limit_training_images, split_validation
from eip_cli.datasets.download import DownloadProgress
from eip_cli.datasets.loading import load_dataset, problem_of
from eip_cli.foundation.backend import accelerator_names, is_deterministic, use_threads
from eip_cli.foundation.compiled_programs.keeping import keep_compiled_programs
from eip_cli.foundation.errors import RunError
from eip_cli.networks.model import require_classifier
from eip_cli.networks.summary import summarize_model
from eip_cli.networks.users_code import is_user_network
from eip_cli.recipes.augmentation import parse_augmentation
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.pixels import PixelScale, make_pixel_scale
from eip_cli.recipes.protocols import resolve_config
from eip_cli.recipes.schedules import PLATEAU
from eip_cli.runs.provenance import describe_environment, describe_hardware, describe_versions
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import Run, utc_now

from .images.draws import Draws
from .loop.trainer import LabelledImages, Trainer
from .rehearsal import Rehearsal, rehearse

REHEARSED_IMAGES = 4


@dataclass(frozen=True)
class Prepared:
    """Everything that a training needs, checked, before anything is written."""

    config: TrainConfig
    opened: OpenedModel
    dataset: Dataset
    train: LabelledImages
    val: LabelledImages
    trainer: Trainer
    pixels: PixelScale
    rehearsal: Rehearsal


def prepare(config: TrainConfig, progress: DownloadProgress) -> Prepared:
    """Build the network, load the images, and resolve ``config``.

    Raises an EipError where one cannot be had, or they do not fit each other.
    """
    use_threads(config.threads)
    keep_compiled_programs()
    config, opened = open_network(config, progress)
    config = replace(config, threads=use_threads())  # a network's own code may have chosen others
    config = resolve_config(
        config,
        compiled=opened.model.compiled,
        network=opened.network,
        pixels=choose_pixels(config, opened, progress),
    )
    dataset = load_dataset(config.dataset, Path(config.data_dir) if config.data_dir else None, progress)
    train, val = _choose_images(config, dataset)
    assert config.pixels is not None  # the configuration is a resolved one
    pixels = make_pixel_scale(config.pixels, lambda: dataset.channel_statistics)
    pixels.require_channels(dataset.problem.image_shape[2])
    augmentation = parse_augmentation(config.augment)
    draws = None
    if augmentation.texts:  # whose hole alone wants the mean of 150 million pixels
        mean, _ = dataset.channel_statistics
        draws = Draws(augmentation, train.images.shape, mean, config.seed)
    trainer = Trainer(opened.model, config, train, val, opened.loss, pixels, draws)
    if trainer.why_stepwise:
        progress.notice(f"Steps are taken one by one, which is slower: {trainer.why_stepwise}")
    # After the trainer has compiled the network: that is what will be saved.
    images = pixels.apply(val.images[:REHEARSED_IMAGES])
    rehearsal = rehearse(opened, config.model, images, config.trust, dataset.problem)
    if rehearsal.needs_code:
        progress.notice(f"Checkpoints of {opened.name} are read with its code: {rehearsal.reason}")
    if str(config.schedule).startswith(PLATEAU):
        watched = (
            "training loss: no images are held out" if config.selected_on == "test" else "validation loss"
        )
        progress.notice(f"The plateau schedule watches the {watched}.")
    if trainer.averages_by_optimizer:
        progress.notice(
            f"{opened.name}'s optimizer averages weights (use_ema): the averages are validated and saved."
        )
    return Prepared(config, opened, dataset, train, val, trainer, pixels, rehearsal)


def open_network(config: TrainConfig, progress: DownloadProgress) -> tuple[TrainConfig, OpenedModel]:
    """The network of ``config``, fit to be trained, and ``config`` with the network named for every folder.

    Raises an EipError where it cannot be had or is no classifier of the images.
    """
    source = locate_source(config.model)
    if source != config.model and not is_user_network(source):
        progress.notice(f"{config.model} is {source}")
    problem = problem_of(config.dataset)
    opened = open_model(source, config.seed, config.trust, problem)
    require_classifier(opened.model, opened.name, problem)
    return replace(config, model=source), opened


def choose_pixels(config: TrainConfig, opened: OpenedModel, progress: DownloadProgress) -> str:
    """The form of pixels that the network is trained on: what ``config`` asks for, or what it was made for.

    Where the network itself shows what it was made for, that is said.
    """
    pixels, shown = find_pixels(opened)
    if shown is not None and config.pixels in (None, pixels):
        progress.notice(f"{opened.name} gets pixels {pixels}: {shown}")
    elif shown is not None:
        progress.notice(f"{opened.name} gets pixels {config.pixels} as asked, although {shown}")
    return config.pixels or pixels


def _choose_images(config: TrainConfig, dataset: Dataset) -> tuple[LabelledImages, LabelledImages]:
    if config.limit_train is not None:
        dataset = limit_training_images(dataset, config.limit_train)
    images, labels = dataset.train_images, dataset.train_labels
    if config.validation_split is None:
        return LabelledImages(images, labels), LabelledImages(dataset.test_images, dataset.test_labels)
    kept, held_out = split_validation(dataset, config.validation_split, config.seed)
    return LabelledImages(images[kept], labels[kept]), LabelledImages(images[held_out], labels[held_out])


def start_record(run: Run, prepared: Prepared) -> RunRecord:
    """The record of a run that is about to begin."""
    sources = {}
    if prepared.opened.source_sha256:
        sources[prepared.config.model] = prepared.opened.source_sha256
        if prepared.rehearsal.needs_code:
            note_code_run(prepared.config.model, prepared.opened.source_sha256)
    summary = summarize_model(prepared.opened.model, prepared.opened.name)
    return RunRecord(
        id=run.path.resolve().name,
        status="running",
        config=prepared.config,
        started=utc_now(),
        params=prepared.opened.model.count_params(),
        receptive_field=summary.receptive_field,
        whole_image_seen=summary.whole_image_seen,
        dataset_fingerprint=asdict(prepared.dataset.fingerprint),
        train_images=len(prepared.train),
        versions=describe_versions(),
        environment=describe_environment(),
        hardware=describe_hardware(accelerator_names()),
        pixel_scale=str(prepared.pixels),
        needs_code=prepared.rehearsal.needs_code,
        accelerated=prepared.trainer.is_accelerated,
        deterministic=is_deterministic(),
        sha256=sources,
    )


def require_same_images(run: Run, record: RunRecord, prepared: Prepared) -> None:
    """Raise RunError where the images are not those that the run was started with."""
    if asdict(prepared.dataset.fingerprint) != record.dataset_fingerprint:
        raise RunError(f"{run.path} was trained on other images than those in {prepared.dataset.source}")


def require_same_network(run: Run, record: RunRecord) -> None:
    """Raise RunError where the file of the run's network has changed; none of its code is run for that."""
    source = record.config.model
    require_source(source, record.sha256.get(source), f"{run.path} was started")
