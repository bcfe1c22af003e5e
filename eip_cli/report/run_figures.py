"""The figures of one run: what its best checkpoint gets right, and how its network is made."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eip_cli.comparison.evaluation.results import Evaluation
from eip_cli.comparison.statistics import wilson_interval
from eip_cli.display.formatting import format_percent
from eip_cli.pictures.accuracies.class_bars import ClassAccuracy, make_class_bars
from eip_cli.pictures.confusion_matrix import make_confusion_matrix
from eip_cli.pictures.network_picture import make_fields, make_network

from .looks import Look
from .run_results import RunResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_NAMES = ("classes", "confusion", "fields", "network")


@dataclass(frozen=True, eq=False)
class DrawnFigure:
    """A figure, one of FIGURE_NAMES, with its title, what is to be seen in it, and how to read it.

    Title and ``reading`` are our words alone; in ``description`` are names from files too. ``is_on_paper``:
    its colours are made for a light ground.
    """

    name: str
    title: str
    figure: "Figure"
    description: str
    reading: str
    is_on_paper: bool = False


def draw_answers(look: Look) -> list[DrawnFigure]:
    """The accuracy of each class and the confusion matrix, where the test images were to be had."""
    if look.assessment is None:
        return []
    evaluation = look.assessment.evaluation
    return [_draw_classes(evaluation), _draw_confusion(evaluation)]


def draw_network_figures(results: RunResults, look: Look) -> list[DrawnFigure]:
    """What the network's units see, where that is known, and its diagram."""
    summary = results.summary
    can_see = look.sample is not None and not summary.receptive_field_unknown
    fields = [_draw_fields(results, look)] if can_see else []
    described = (
        f"Diagram of {summary.model}: {len(summary.layers)} layers, {summary.total_params:,} parameters; the "
        "table of the layers says the same."
    )
    reading = (
        "Data flows from left to right, and on to the next line as text does: a box is as high as its map "
        "and as wide as its channels are many, and the bar below is its share of the parameters."
    )
    diagram = make_network(summary, look.blocks)
    return [*fields, DrawnFigure("network", "The network", diagram, described, reading, True)]


def list_classes(evaluation: Evaluation) -> tuple[ClassAccuracy, ...]:
    """Each class with Wilson's interval, counted by the labels."""
    found = []
    for index, (name, accuracy) in enumerate(evaluation.per_class.items()):
        correct = evaluation.confusion_matrix[index][index]
        n = round(correct / accuracy) if accuracy else max(1, sum(evaluation.confusion_matrix[index]))
        found.append(ClassAccuracy(name, accuracy, wilson_interval(correct, n), n))
    return tuple(found)


def _draw_classes(evaluation: Evaluation) -> DrawnFigure:
    classes = list_classes(evaluation)
    said = ", ".join(f"{one.name} {one.accuracy:.1%}" for one in classes)
    reading = (
        "A bar is the share of a class's test images that the best checkpoint gets right, and its whisker "
        "Wilson's 95% interval: classes whose whiskers overlap may be equally hard."
    )
    return DrawnFigure(
        "classes",
        "Accuracy of each class",
        make_class_bars(classes),
        f"Accuracy of each class: {said}.",
        reading,
    )


def _draw_confusion(evaluation: Evaluation) -> DrawnFigure:
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
    figure = make_confusion_matrix(matrix, names)
    reading = (
        "A row is a true class and a column what the network says: right answers are on the diagonal, and a "
        "dark field off it is a pair that the network confuses."
    )
    return DrawnFigure("confusion", "Confusion matrix", figure, described, reading, True)


def _draw_fields(results: RunResults, look: Look) -> DrawnFigure:
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
    return DrawnFigure("fields", "Receptive field", figure, described, f"{reading}.", True)
