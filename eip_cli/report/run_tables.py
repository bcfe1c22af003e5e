"""A run's layers, epochs and rules as tables, for every form of page."""

from collections.abc import Sequence

from eip_cli.display.formatting import format_pair, format_percent, format_shape
from eip_cli.display.printing import Grid
from eip_cli.networks.facts import LayerInfo, ModelSummary

from .lettering import MARKDOWN, Lettering
from .run_results import RunResults


def list_layers(results: RunResults, lettering: Lettering = MARKDOWN) -> Grid:
    """A row a layer: output, receptive field, jump and parameters."""
    headers = ["Layer", "Type", "Output", "Channels", "RF", "Jump", "Params"]
    rows = [_layer_row(layer, results.channels_first, lettering) for layer in results.summary.layers]
    return Grid(headers, rows, left=2)


def _layer_row(layer: LayerInfo, channels_first: bool, lettering: Lettering) -> list[str]:
    shape = layer.output_shape
    size = shape[1:] if channels_first and len(shape) == 3 else shape[:-1]
    channels = shape[:1] if channels_first and len(shape) == 3 else shape[-1:]
    return [
        lettering.code(layer.name),
        lettering.code(layer.type),
        format_shape(size) or "-",
        format_shape(channels) or "-",
        format_pair(layer.receptive_field),
        format_pair(layer.effective_stride),
        f"{layer.params:,}",
    ]


def describe_layers(summary: ModelSummary) -> str:
    """The network's totals, and what the columns of its table mean."""
    return (
        f"{summary.total_params:,} parameters ({summary.trainable_params:,} trainable, "
        f"{summary.non_trainable_params:,} not), {summary.macs:,} multiply-accumulates for one image. "
        "RF is the receptive field of one unit and jump the distance between two neighbouring units, both in "
        "the input's pixels; - where a unit sees the whole image"
        f"{', or what it sees is not known' if summary.receptive_field_unknown else ''}."
    )


LOG_NOTE = (
    "* the best epoch. Loss and accuracy are of the training images, while the network was changing and with "
    "dropout on; the validation columns are of the network after the epoch."
)


def list_epochs(results: RunResults) -> Grid:
    """A row an epoch; a star marks the best."""
    headers = ["Epoch", "Learning rate", "Loss", "Accuracy", "Val. loss", "Val. accuracy", "Seconds"]
    rows = [
        [
            str(row.epoch),
            f"{row.learning_rate:.10g}",
            f"{row.loss:.4f}",
            format_percent(row.accuracy),
            f"{row.val_loss:.4f}",
            format_percent(row.val_accuracy) + ("*" if row.epoch == results.best.epoch else ""),
            f"{row.seconds:,.1f}",
        ]
        for row in results.history
    ]
    return Grid(headers, rows, left=0)


def describe_split(results: RunResults) -> str:
    """On which images each epoch was validated, and what the best one was picked on."""
    if results.record.config.validation_split is None:
        return (
            "The validation images of every epoch were the test images: the best epoch was picked on the "
            "very images that it counts, the final one was not picked."
        )
    return (
        "The validation images were held-out training images; the test images were used once, at the end, by "
        "the best checkpoint."
    )


def describe_repeating(results: RunResults, lettering: Lettering = MARKDOWN) -> list[str]:
    """What repeating the run needs beside its command."""
    sentences: Sequence[str] = ()
    if results.source_sha256 is not None:
        digest = lettering.code(str(results.source_sha256))
        named = "`--model`" if lettering is MARKDOWN else "--model"
        sentences = (f"The file behind {named} has the SHA-256 {digest}.",)
    promise = (
        "The same bits need the same versions, the same kind of processor and the same number of threads."
        if results.record.deterministic
        else "The run makes no promise of identical bits: its accuracy comes back only about."
    )
    return [*sentences, promise]
