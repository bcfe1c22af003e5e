"""``eip data``."""

from pathlib import Path

import click
from click.core import ParameterSource

from eip_cli.recipes.configuration import DATASETS

from .common.messages import show_notice, show_result, shown_progress
from .common.options import data_dir_option, plot_option, seed_option, verbose_option
from .common.training_options import AugmentList

OF_THE_PICTURE = ("augment", "seed")


@click.command()
@click.argument("dataset", type=click.Choice(DATASETS), default="cifar10")
@data_dir_option
@plot_option(
    help="Draw ten training images (.png, .svg, .pdf), each with eight random draws of it beside it."
)
@click.option(
    "--augment",
    type=AugmentList(),
    metavar="LIST",
    default="flip,crop",
    show_default=True,
    help="Random changes of the images drawn, as in training.",
)
@seed_option(help="Which images are drawn, and how they are changed.")
@verbose_option
@click.pass_context
def data(
    context: click.Context,
    dataset: str,
    data_dir: Path | None,
    plot: Path | None,
    augment: tuple[str, ...],
    seed: int,
) -> None:
    """Fetch and check DATASET ahead of time, and draw some of its images.

    DATASET is cifar10 (the default), cifar100, mnist, fashion-mnist or digits.
    """
    for name in OF_THE_PICTURE:
        if plot is None and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} is about the picture: name its file with --plot.")

    from eip_cli.datasets.loading import fetch_dataset, load_dataset

    with shown_progress() as progress:
        show_result(fetch_dataset(dataset, data_dir, progress))
        if plot is None:
            return
        images = load_dataset(dataset, data_dir, progress)

    from eip_cli.pictures.image_grid import draw_image_grid
    from eip_cli.recipes.augmentation import parse_augmentation
    from eip_cli.training.images.samples import draw_samples

    samples = draw_samples(images, parse_augmentation(augment), seed)
    how = ", ".join(augment) or "none"
    columns = ("original", *(f"draw {number + 1}" for number in range(samples.images.shape[1] - 1)))
    title = f"{dataset}, {how}, seed {seed}"
    draw_image_grid(samples.images, samples.class_names, columns, title, plot)
    show_notice(f"Wrote {plot}")
