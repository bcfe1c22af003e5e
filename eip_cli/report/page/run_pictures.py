"""The pictures of one run: what its best checkpoint gets wrong, class by class, and how its network is made."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eip_cli.comparison.evaluation import Evaluation
from eip_cli.comparison.statistics import wilson_interval
from eip_cli.display.formatting import format_percent
from eip_cli.display.images.gallery_report import sentence_of
from eip_cli.display.images.gallery_sheet import make_gallery_sheet
from eip_cli.inspection.gallery import Gallery
from eip_cli.pictures.accuracies.class_bars import ClassAccuracy, make_class_bars
from eip_cli.pictures.confusion_matrix import make_confusion_matrix
from eip_cli.pictures.inline.sprite import Place
from eip_cli.pictures.inline.svg import make_inline_svg
from eip_cli.pictures.network_picture import make_fields, make_network
from eip_cli.pictures.tiles.content import Tile
from eip_cli.pictures.tiles.pixels import enlarge, lay_heat_over
from eip_cli.report.run_results import RunResults

from .contents import Picture, ShownGallery, ShownTile, Thumbnail
from .looks import Look

THUMBNAIL_PIXELS = 96


def draw_run(prefix: str, results: RunResults, look: Look) -> tuple[Picture, ...]:
    """The pictures of a run that there can be, with ids that begin with ``prefix``."""
    pictures = []
    if look.assessment is not None:
        evaluation = look.assessment.evaluation
        pictures += [_draw_classes(prefix, evaluation), _draw_confusion(prefix, evaluation)]
    summary = results.summary
    if look.sample is not None and not summary.receptive_field_unknown:
        pictures.append(_draw_fields(prefix, results, look))
    described = (
        f"Diagram of {summary.model}: {len(summary.layers)} layers, {summary.total_params:,} parameters; the "
        "table of the layers says the same."
    )
    diagram = make_network(summary, look.blocks)
    reading = (
        "Data flows from left to right, and on to the next line as text does: a box is as high as its map and as "
        "wide as its channels are many, and the bar below is its share of the parameters."
    )
    pictures.append(
        Picture("The network", make_inline_svg(diagram, f"{prefix}-network", described), reading, True)
    )
    return tuple(pictures)


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
        "A row is a true class and a column what the network says: right answers are on the diagonal, and a dark "
        "field off it is a pair that the network confuses."
    )
    return Picture("Confusion matrix", svg, reading, True)


def _draw_fields(prefix: str, results: RunResults, look: Look) -> Picture:
    assert look.sample is not None
    summary, effective = results.summary, look.effective
    described = (
        f"Receptive fields of {summary.model}, layer by layer, as squares on an image and against depth."
    )
    reading = (
        "A square is all that one unit in the middle of a layer's map can see of the image, from the first layers "
        "(dark) to the last (bright)"
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


def list_thumbnails(galleries: Sequence[Gallery | None]) -> list[NDArray[np.uint8]]:
    """The images of all galleries for one sprite: each image, and its heat map behind it if it has one."""
    found = []
    for gallery in galleries:
        for tile in () if gallery is None else make_gallery_sheet(gallery).tiles:
            factor = max(1, THUMBNAIL_PIXELS // max(tile.image.shape[:2]))
            found.append(enlarge(tile.image, factor))
            if tile.heat is not None:
                found.append(lay_heat_over(tile.image, tile.heat, factor))
    return found


def show_gallery(gallery: Gallery, places: list[Place]) -> ShownGallery:
    """The gallery with its images' places, which are taken from the beginning of ``places``."""
    sheet = make_gallery_sheet(gallery)
    reading = (
        "Each image stands over what the network takes it for, with the confidence of that, and its true class "
        "with the probability that was left for it"
    )
    if sheet.heat_legend is not None:
        reading += (
            "; beside it Grad-CAM, in which bright places are those that spoke for the answer, at "
            f"{gallery.heat.grad_cam.layer if gallery.heat else ''}"
        )
    return ShownGallery(
        sheet.title,
        sheet.subtitle,
        tuple(_show_tile(tile, places) for tile in sheet.tiles),
        f"{reading}.",
        tuple(map(sentence_of, gallery.notes)),
    )


def _show_tile(tile: Tile, places: list[Place]) -> ShownTile:
    image = Thumbnail(places.pop(0), tile.description)
    heat = None
    if tile.heat is not None:
        state = "heat map, zero all over" if tile.is_heat_empty else "heat map"
        heat = Thumbnail(places.pop(0), f"{state}: {tile.description}")
    return ShownTile(tile.heading, image, heat, tile.lines)
