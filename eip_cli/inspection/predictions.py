"""What a network says of a user's own pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eip_cli.checkpoints.opening import OpenedModel
from eip_cli.comparison.evaluation.answers import Answers, read_answers
from eip_cli.comparison.evaluation.assessment import (
    choose_pixels,
    dataset_of,
    find_loss,
    load_images,
    open_announced,
)
from eip_cli.datasets.download import SILENT, DownloadProgress
from eip_cli.datasets.loading import class_names_of, problem_of
from eip_cli.foundation.errors import DataError, in_one_line
from eip_cli.foundation.problem import NO_CLASS
from eip_cli.networks.model import require_classifier
from eip_cli.recipes.pixels import PixelScale
from eip_cli.training.measurement import INFERENCE_BATCH, takes_logits

from .own_pictures import OwnPicture, read_picture

TOP = 3
USUAL_SIDE = 32  # of an image, where a network takes any size


@dataclass(frozen=True)
class Guess:
    """A class and its probability."""

    name: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The most probable classes of one picture, three at most; none where the outputs are not finite."""

    picture: OwnPicture
    top: tuple[Guess, ...]


@dataclass(frozen=True)
class Predictions:
    """What a network says of pictures, in the order they were named; ``failures`` are lines on the others.

    ``pixels`` is the form of pixels that it was given; ``notes`` say what the answers are worth.
    """

    model: str
    class_names: tuple[str, ...]
    pixels: str
    predictions: tuple[Prediction, ...]
    failures: tuple[str, ...]
    notes: tuple[str, ...]


def predict_pictures(
    checkpoint: str | Path,
    files: Sequence[str | Path],
    progress: DownloadProgress = SILENT,
    *,
    fit: bool = False,
    network: str | None = None,
    dataset: str | None = None,
    data_dir: Path | str | None = None,
    trust: bool = False,
    pixels: str | None = None,
) -> Predictions:
    """The three most probable classes of each picture file, by the network of ``checkpoint``.

    The classes are those of its run's dataset, or of the one named; images are read only where pixels are to
    be standardised by them. Raises an EipError where the checkpoint cannot be had, or no file is a picture.
    """
    opened = open_announced(str(checkpoint), progress, network, trust, dataset)
    name = dataset or dataset_of(opened)
    require_classifier(opened.model, opened.name, problem_of(name))
    pictures, failures = _read_all(files, image_shape_of(opened), fit)
    if not pictures:
        raise DataError(f"no picture could be read: {'; '.join(failures)}")
    scale = choose_pixels(
        opened, pixels, lambda: load_images(opened, progress, name, data_dir).channel_statistics, progress
    )
    return predict(opened, pictures, class_names_of(name), scale, tuple(failures))


def image_shape_of(opened: OpenedModel) -> tuple[int, int, int]:
    """Height, width and channels that a network takes."""
    height, width, channels = opened.model.input_shape[1:]
    return height or USUAL_SIDE, width or USUAL_SIDE, channels or 3


def predict(
    opened: OpenedModel,
    pictures: Sequence[OwnPicture],
    class_names: tuple[str, ...],
    scale: PixelScale,
    failures: tuple[str, ...] = (),
) -> Predictions:
    """What an opened network says of pictures that were read.

    Raises ModelError where its outputs are neither probabilities nor known to be logits.
    """
    images = np.stack([picture.seen for picture in pictures])
    outputs = np.concatenate(
        [
            np.asarray(opened.model(scale.apply(images[start : start + INFERENCE_BATCH]), training=False))
            for start in range(0, len(images), INFERENCE_BATCH)
        ]
    )
    loss, sigmoids = find_loss(opened, outputs)
    answers = read_answers(outputs, takes_logits(loss))
    predictions = tuple(
        Prediction(picture, _find_top(answers, number, class_names))
        for number, picture in enumerate(pictures)
    )
    notes = (*_describe_limits(class_names), *_describe_alpha(pictures), *filter(None, [sigmoids]))
    return Predictions(opened.name, class_names, scale.form, predictions, failures, notes)


def _read_all(
    files: Sequence[str | Path], shape: tuple[int, int, int], fit: bool
) -> tuple[list[OwnPicture], list[str]]:
    pictures, failures = [], []
    for file in files:
        try:
            pictures.append(read_picture(file, shape, fit))
        except DataError as error:
            failures.append(in_one_line(error))
    return pictures, failures


def _find_top(answers: Answers, number: int, class_names: Sequence[str]) -> tuple[Guess, ...]:
    if answers.predictions[number] == NO_CLASS:
        return ()
    probabilities = answers.probabilities[number]
    order = np.argsort(-probabilities, kind="stable")[:TOP]
    return tuple(Guess(class_names[label], float(probabilities[label])) for label in order)


def _describe_limits(class_names: Sequence[str]) -> list[str]:
    known = ", ".join(class_names) if len(class_names) <= 12 else f"{', '.join(class_names[:6])}, ..."
    return [
        f"the network knows {len(class_names)} classes ({known}) and answers with one of them whatever a "
        "picture shows: a high probability does not say that it is one of these at all"
    ]


def _describe_alpha(pictures: Sequence[OwnPicture]) -> list[str]:
    count = sum(picture.had_alpha for picture in pictures)
    if not count:
        return []
    are = "picture is" if count == 1 else "pictures are"
    return [f"{count} {are} transparent in parts: white stands behind them"]
