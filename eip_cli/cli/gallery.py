"""``eip gallery``."""

from pathlib import Path
from typing import Any

import click

from .common.help_texts import MEASURED_HELP
from .common.messages import shown_progress
from .common.options import (
    check_output,
    data_dir_option,
    dataset_option,
    format_option,
    pixels_option,
    seed_option,
    trust_option,
    verbose_option,
    weights_model_option,
)
from .common.predictions import check_network_options

ENDINGS = (".png", ".svg", ".html")
ORDERS = ("loss", "confidence", "random")


class IndexList(click.ParamType):
    """``3,17,4``: numbers of images, from 0."""

    name = "list"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[int, ...]:
        """The numbers, or a usage error."""
        words = [word.strip() for word in value.split(",")]
        if not all(word.isdecimal() and word.isascii() for word in words):
            self.fail(f"{value!r} is not a list of image numbers, such as 3,17,4.", parameter, context)
        return tuple(dict.fromkeys(map(int, words)))


def _check_files(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None:
        check_output(path, ENDINGS)
        check_output(path.with_suffix(".csv"), (".csv",))
    return path


@click.command(epilog=MEASURED_HELP)
@click.argument("checkpoint")
@weights_model_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=_check_files,
    help="Write the images as a picture or a page (.png, .svg, .html), and their numbers beside it as .csv.",
)
@click.option("--count", type=click.IntRange(1, 500), default=25, show_default=True, help="Images to show.")
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    default="loss",
    show_default=True,
    help="Which are shown first: the highest loss, the most confident, or any.",
)
@seed_option(help="Of --order random.")
@click.option("--true", metavar="CLASS", help="Only images of this class (its name or number).")
@click.option("--predicted", metavar="CLASS", help="Only images taken for this class.")
@click.option(
    "--index", "indices", type=IndexList(), metavar="LIST", help="These test images, right or wrong: 3,17,4."
)
@click.option(
    "--against",
    metavar="CHECKPOINT",
    help="The images that just one of two networks gets right, with McNemar's test of the two.",
)
@click.option("--grad-cam", is_flag=True, help="Beside each image where in it the network found its answer.")
@click.option(
    "--layer", metavar="NAME", help="Layer for --grad-cam. [default: the last whose map is at least 7x7]"
)
@click.option(
    "--class",
    "of",
    type=click.Choice(("predicted", "true")),
    default="predicted",
    show_default=True,
    help="Class that --grad-cam explains.",
)
@dataset_option
@data_dir_option
@pixels_option
@trust_option
@verbose_option
@format_option
@click.pass_context
def gallery(
    context: click.Context,
    checkpoint: str,
    model: str | None,
    output: Path | None,
    against: str | None,
    grad_cam: bool,
    layer: str | None,
    of: str,
    dataset: str | None,
    data_dir: Path | None,
    pixels: str | None,
    trust: bool,
    output_format: str,
    **selected: Any,
) -> None:
    """Show the test images that CHECKPOINT gets wrong, with true class, predicted class and confidence."""
    if layer is not None and not grad_cam:
        raise click.UsageError("--layer is of --grad-cam: give both.", context)
    check_network_options(context, [checkpoint], model=model)
    check_network_options(context, [checkpoint, *filter(None, [against])], pixels=pixels, trust=trust)

    from eip_cli.display.images.gallery_report import report_gallery, write_csv
    from eip_cli.display.images.gallery_sheet import write_gallery
    from eip_cli.display.printing import print_report
    from eip_cli.inspection.checkpoint_gallery import collect_gallery
    from eip_cli.inspection.selection import Selection

    heat = None
    if grad_cam:
        from eip_cli.inspection.heat_maps import HeatRequest  # it starts Keras, which predictions do without

        heat = HeatRequest(layer, of)
    with shown_progress() as progress:
        found = collect_gallery(
            checkpoint,
            Selection(**selected),
            progress,
            network=model,
            against=against,
            heat=heat,
            dataset=dataset,
            data_dir=data_dir,
            pixels=pixels,
            trust=trust,
        )
    if output is not None:
        write_gallery(found, output)
        write_csv(found, output.with_suffix(".csv"))
        progress.notice(f"Wrote {output} and {output.with_suffix('.csv')}")
    print_report(report_gallery(found), output_format)
