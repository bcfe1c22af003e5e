"""The pictures of one run: what its best checkpoint gets wrong, and how its network is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.comparison.evaluation import Evaluation
from eip_cli.comparison.statistics import wilson_interval
from eip_cli.display.formatting import format_percent
from eip_cli.networks.summary import LayerInfo
from eip_cli.pictures.accuracies.class_bars import ClassAccuracy, make_class_bars
from eip_cli.pictures.confusion_matrix import make_confusion_matrix
from eip_cli.pictures.inline.svg import make_inline_svg
from eip_cli.pictures.network_picture import make_fields, make_network
from eip_cli.report.material import ShownRun
from eip_cli.report.run_results import RunResults

from .contents import Picture
from .looks import Look


@dataclass(frozen=True)
class RunDrawing:
    """A run's pictures, and what is said of those that are not there."""

    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]


def draw_runs(shown: Sequence[ShownRun], looks: Sequence[Look], most_bytes: int) -> tuple[RunDrawing, ...]:
    """The pictures of each run that there can be.

    A network that several runs share is drawn once, and none is once there are ``most_bytes`` of pictures.
    """
    drawn: dict[tuple[LayerInfo, ...], str] = {}
    size, drawings = 0, []
    for number, (one, look) in enumerate(zip(shown, looks, strict=True)):
        pictures, notes = _draw_answers(f"run{number}", look), []
        layers = one.results.summary.layers
        if layers in drawn:
            notes.append(f"Its layers are those of {drawn[layers]}, and drawn there.")
        elif look.blocks and size > most_bytes:
            notes.append("Its network is not drawn, to keep this page small: eip summary --plot draws it.")
        elif look.blocks:
            pictures += _draw_network(f"run{number}", one.results, look)
            drawn[layers] = one.title
        size += sum(len(picture.svg.element) for picture in pictures)
        drawings.append(RunDrawing(tuple(pictures), tuple(notes)))
    return tuple(drawings)


def _draw_answers(prefix: str, look: Look) -> list[Picture]:
    if look.assessment is None:
        return []
    evaluation = look.assessment.evaluation
    return [_draw_classes(prefix, evaluation), _draw_confusion(prefix, evaluation)]


def _draw_network(prefix: str, results: RunResults, look: Look) -> list[Picture]:
    """What its units see, where that is known, and its diagram."""
    summary = results.summary
    can_see = look.sample is not None and not summary.receptive_field_unknown
    fields = [_draw_fields(prefix, results, look)] if can_see else []
    described = (
        f"Diagram of {summary.model}: {len(summary.layers)} layers, {summary.total_params:,} parameters; the "
        "table of the layers says the same."
    )
    diagram = make_network(summary, look.blocks)
    reading = (
        "Data flows from left to right, and on to the next line as text does: a box is as high as its map "
        "and as wide as its channels are many, and the bar below is its share of the parameters."
    )
    svg = make_inline_svg(diagram, f"{prefix}-network", described)
    return [*fields, Picture("The network", svg, reading, True)]


def list_classes(evaluation: Evaluation) -> tuple[ClassAccuracy, ...]:
    """Each class with Wilson's interval, counted by the labels."""
    found = []
    for index, (name, accuracy) in enumerate(evaluation.per_class.items()):
        correct = evaluation.confusion_matrix[index][index]
        n = round(correct / accuracy) if accuracy else max(1, sum(evaluation.confusion_matrix[index]))
        found.append(ClassAccuracy(name, accuracy, wilson_interval(correct, n), n))
    return tuple(found)


def _draw_classes(prefix: str, evaluation: Evaluation) -> Picture:
    classes = list_classes(evaluation)
    said = ", ".join(f"{one.name} {one.accuracy:.1%}" for one in classes)
    svg = make_inline_svg(make_class_bars(classes), f"{prefix}-classes", f"Accuracy of each class: {said}.")
    reading = (
        "A bar is the share of a class's test images that the best checkpoint gets right, and its whisker "
        "Wilson's 95% interval: classes whose whiskers overlap may be equally hard."
    )
    return Picture("Accuracy of each class", svg, reading)


def _draw_confusion(prefix: str, evaluation: Evaluation) -> Picture:
    names, matrix = tuple(evaluation.per_class), evaluation.confusion_matrix
    mistakes = sorted(
        (
            (count, true, predicted)
            for true, row in enumerate(matrix)
            for predicted, count in enumerate(row)
            if true != predicted and count
        ),
        key=lambda one: -one[0],
    )
    said = "; ".join(
        f"{count} of {names[true]} taken for {names[other]}" for count, true, other in mistakes[:5]
    )
    described = (
        f"Confusion matrix of {evaluation.n:,} test images, {format_percent(evaluation.accuracy)} right. "
        f"Most frequent mistakes: {said or 'none'}."
    )
    svg = make_inline_svg(make_confusion_matrix(matrix, names), f"{prefix}-confusion", described)
    reading = (
        "A row is a true class and a column what the network says: right answers are on the diagonal, and a "
        "dark field off it is a pair that the network confuses."
    )
    return Picture("Confusion matrix", svg, reading, True)


def _draw_fields(prefix: str, results: RunResults, look: Look) -> Picture:
    assert look.sample is not None
    summary, effective = results.summary, look.effective
    described = (
        f"Receptive fields of {summary.model}, layer by layer, as squares on an image and against depth."
    )
    reading = (
        "A square is all that one unit in the middle of a layer's map can see of the image, from the first "
        "layers (dark) to the last (bright)"
    )
    if effective is not None:
        field = effective.field
        described += (
            f" Effective field of {field.layer}: 95% of it in {field.pixels_95:,} of {field.pixels:,} pixels."
        )
        reading += "; below, how much each pixel really counts for one unit: the darker the more"
    figure = make_fields(summary, look.blocks, look.sample, effective)
    return Picture(
        "Receptive field", make_inline_svg(figure, f"{prefix}-fields", described), f"{reading}.", True
    )
