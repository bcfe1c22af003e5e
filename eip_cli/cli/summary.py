"""``eip summary``."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common.help_texts import MODEL_HELP
from .common.messages import show_notice, show_result
from .common.options import (
    data_dir_option,
    format_option,
    pixels_option,
    plot_option,
    problem_option,
    trust_option,
    verbose_option,
)

if TYPE_CHECKING:
    from eip_cli.checkpoints.opening import OpenedModel
    from eip_cli.foundation.problem import Problem
    from eip_cli.networks.facts import ModelSummary
    from eip_cli.networks.source_text.layer_lines import LayerLines

ERF_IMAGES = 200


@click.command(epilog=MODEL_HELP)
@click.argument("model", default="separable")
@click.option("--show-rf", is_flag=True, help="Receptive field, effective stride and padding of each layer.")
@click.option("--show-macs", is_flag=True, help="Multiply-accumulates of each layer.")
@click.option(
    "--show-erf",
    is_flag=True,
    help=f"Effective receptive field: how much each pixel counts, over {ERF_IMAGES} test images; none are "
    "downloaded for it.",
)
@click.option(
    "--code",
    is_flag=True,
    help="Print MODEL in plain Keras instead, receptive fields behind its lines; comments in "
    "file.py:function that state another one are listed.",
)
@problem_option
@plot_option(help="Draw the network, and what --show-rf and --show-erf show (.png, .svg, .pdf).")
@data_dir_option
@pixels_option
@trust_option
@verbose_option
@format_option
def summary(
    model: str,
    show_rf: bool,
    show_macs: bool,
    show_erf: bool,
    code: bool,
    dataset: str | None,
    plot: Path | None,
    data_dir: Path | None,
    pixels: str | None,
    trust: bool,
    output_format: str,
) -> None:
    """Show MODEL layer by layer."""
    if code and output_format == "csv":
        raise click.UsageError("--code has no form in CSV: json and markdown have one.")

    from eip_cli.datasets.loading import problem_of
    from eip_cli.display.network_tables import report_summary
    from eip_cli.display.printing import print_report
    from eip_cli.foundation.problem import CIFAR10_PROBLEM
    from eip_cli.networks.facts import require_receptive_field
    from eip_cli.networks.known_facts.reading import read_known_facts

    problem = problem_of(dataset) if dataset else None
    needs_network = code or show_erf or plot is not None
    known = None if needs_network else read_known_facts(model, problem or CIFAR10_PROBLEM)
    if known is not None:
        if show_rf:
            require_receptive_field(known)
        print_report(report_summary(known, show_rf, show_macs), output_format)
        return

    from eip_cli.checkpoints.sample_images import find_sample_images
    from eip_cli.networks.blocks.grouping import list_blocks
    from eip_cli.networks.receptive_field.effective import MeasuredField, measure_effective_field
    from eip_cli.networks.summary import summarize_model
    from eip_cli.pictures.fields.squares import SampleImage
    from eip_cli.pictures.network_picture import draw_network

    opened, lines = _open_model(model, trust, code, problem)
    show_notice(opened.notice)
    result = summarize_model(opened.model, opened.name)
    if show_rf or show_erf:
        require_receptive_field(result)
    needs_images = show_erf or (show_rf and plot is not None)
    samples = find_sample_images(opened, ERF_IMAGES, dataset, data_dir, pixels) if needs_images else None
    effective = None
    if show_erf and samples is not None:
        field = measure_effective_field(opened.model, opened.name, samples.inputs)
        effective = MeasuredField(field, samples.words, opened.is_untrained)
    if plot is not None:
        sample = SampleImage(*samples.first) if show_rf and samples is not None else None
        draw_network(result, list_blocks(opened.model, result), plot, sample, effective)
        show_notice(f"Wrote {plot}")
    report = report_summary(result, show_rf, show_macs, effective)
    if code:
        _print_code(opened, result, lines, report.payload, output_format)
    else:
        print_report(report, output_format)


def _open_model(
    spec: str, trust: bool, code: bool, problem: "Problem | None"
) -> "tuple[OpenedModel, LayerLines | None]":
    """The model, and the lines of the user's file that made its layers where these are asked for."""
    from eip_cli.checkpoints.opening import open_model
    from eip_cli.networks.source_text.layer_lines import noting_layer_lines
    from eip_cli.networks.users_code import code_file, is_user_network

    file = code_file(spec) if code and is_user_network(spec) else None
    with noting_layer_lines(file) if file is not None else nullcontext() as lines:
        return open_model(spec, trust=trust, problem=problem), lines


def _print_code(
    opened: "OpenedModel",
    result: "ModelSummary",
    lines: "LayerLines | None",
    payload: Any,
    output_format: str,
) -> None:
    """The code on standard output, what comments state falsely on standard error."""
    from eip_cli.display.markdown import fence
    from eip_cli.display.network_tables import describe_comments, report_code
    from eip_cli.display.printing import print_report
    from eip_cli.networks.source_text.network_text import write_commented_code
    from eip_cli.networks.source_text.stated_fields import check_stated_fields

    text = write_commented_code(opened.model, result)
    stated = []
    if lines is not None:
        if result.receptive_field_unknown is None:
            stated = check_stated_fields(opened.model, result, lines)
        for notice in describe_comments(lines.file, stated, result):
            show_notice(notice)
    if output_format == "json":
        print_report(report_code(text, stated, payload), output_format)
    else:
        show_result(fence(text, "python") if output_format == "markdown" else text)
