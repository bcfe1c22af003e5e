"""A gallery -> the tiles of a picture or a page."""

from pathlib import Path

from eip_cli.inspection.gallery import Answer, Gallery, ShownImage
from eip_cli.pictures.tiles.content import Line, Sheet, Tile, Tone

from .gallery_report import describe_shown, describe_sides, describe_title, format_share, sentence_of

PAGE_ENDING = ".html"


def write_gallery(gallery: Gallery, path: Path) -> None:
    """Write the gallery as what ``path`` ends in: a page (.html) or a picture."""
    sheet = make_gallery_sheet(gallery)
    if path.suffix.lower() == PAGE_ENDING:
        from eip_cli.pictures.tiles.page import write_page

        write_page(sheet, path)
    else:
        from eip_cli.pictures.tiles.sheet import draw_sheet

        draw_sheet(sheet, path)


def make_gallery_sheet(gallery: Gallery) -> Sheet:
    """A tile an image: the answer with its confidence, the true class with its probability."""
    heat = None
    if gallery.heat is not None:
        heat = gallery.heat.grad_cam.enlarge(*gallery.images.shape[1:3])
    tiles = tuple(
        Tile(
            heading=f"test image {one.index}",
            image=image,
            lines=_lines(one),
            description=_describe(one),
            heat=None if heat is None else heat[number],
        )
        for number, (one, image) in enumerate(zip(gallery.shown, gallery.images, strict=True))
    )
    legend = None
    if gallery.heat is not None:
        whose = "" if gallery.other is None else "in A "
        legend = f"what {whose}speaks for the {gallery.heat.of} class, at {gallery.heat.grad_cam.layer}"
    subtitle = "; ".join([describe_shown(gallery), *describe_sides(gallery)])
    return Sheet(describe_title(gallery), subtitle, tiles, tuple(map(sentence_of, gallery.notes)), legend)


def _lines(shown: ShownImage) -> tuple[Line, ...]:
    if shown.other is not None:
        sides = (_line(shown.answer, "A: "), _line(shown.other, "B: "))
        return (*sides, Line(f"true: {shown.true}"))
    share = format_share(shown.answer.probability_of_true)
    return _line(shown.answer), Line(f"true: {shown.true}", "" if shown.answer.is_right else share)


def _line(answer: Answer, side: str = "") -> Line:
    tone: Tone = "right" if answer.is_right else "wrong"
    return Line(f"{side}{answer.predicted}", format_share(answer.confidence), tone)


def _describe(shown: ShownImage) -> str:
    sides = [shown.answer] if shown.other is None else [shown.answer, shown.other]
    said = " and ".join(f"{one.predicted} ({format_share(one.confidence)})" for one in sides)
    verb = "recognised as" if all(one.is_right for one in sides) else "taken for"
    return f"test image {shown.index}, a picture of the class {shown.true}, {verb} {said}"
