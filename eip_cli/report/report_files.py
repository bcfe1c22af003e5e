"""The report and its pictures as files, side by side; nothing that exists is overwritten."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from eip_cli.comparison.curve_collection import collect_curves
from eip_cli.display.images.gallery_sheet import make_gallery_sheet
from eip_cli.foundation.errors import RunError
from eip_cli.foundation.files import write_atomically
from eip_cli.pictures.curves import Curve, draw_comparison, draw_curves
from eip_cli.pictures.figures import save_figure
from eip_cli.pictures.tiles.sheet import draw_sheet
from eip_cli.rules.rule_set import DEFAULT_RULES, RuleSet, load_rules
from eip_cli.runs.run_directory import Run

from .looks import LocalImages, Look, look_at
from .markdown_page import LinkedPicture, Pictures, write_page
from .run_figures import FIGURE_NAMES, DrawnFigure, draw_answers, draw_network_figures
from .run_results import Subject, assess_runs, find_runs

HTML_ENDINGS = (".html", ".htm")
MISTAKES = 15  # in the picture beside the Markdown
MISTAKES_READING = (
    "Each image stands over what the best checkpoint takes it for, with the confidence of that, and its true "
    "class; beside it Grad-CAM, in which bright places are those that spoke for the answer."
)


def write_html_report(
    names: Sequence[str],
    output: Path,
    *,
    data_dir: Path | None = None,
    rates: Path | None = None,
    trust: bool = False,
    rules: RuleSet | None = None,
    notice: Callable[[str], None] = lambda words: None,
) -> None:
    """Write the report on the runs and sweeps that ``names`` mean as one page of HTML.

    ``data_dir`` has the test images, which are looked for but never fetched; ``rates`` is the file of a range
    test, ``rules`` those of the assignment: session 3's, unless given. ``notice`` is told what takes long.
    Raises RunError before any work where ``output`` exists, and an EipError where a run's files, or the files
    named, are missing or damaged.
    """
    # Imported here: the Markdown does without the images and the templates.
    from .page.build import Request, build_page
    from .page.writing import write_html

    _require_free([output])
    page = write_html(
        build_page(Request(tuple(names), rules or load_rules(DEFAULT_RULES), data_dir, rates, trust), notice)
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(output) as aside:
        aside.write_text(page, encoding="utf-8", newline="\n")


def make_report(
    names: Sequence[str],
    output: Path | None = None,
    trust: bool = False,
    data_dir: Path | None = None,
    notice: Callable[[str], None] = lambda words: None,
    rules: RuleSet | None = None,
) -> str:
    """The report on the runs that ``names`` mean, as Markdown; with ``output``, written there with pictures.

    ``data_dir`` has the test images for these, which are looked for but never fetched; ``notice`` is told
    what takes long. Raises RunError before any work where a file to be written exists, and an EipError where
    a run's files are missing or damaged.
    """
    rules = rules or load_rules(DEFAULT_RULES)
    runs = find_runs(names)
    stems = _name_stems(runs)
    if output is None:
        subjects = assess_runs(runs, rules, trust)
        return write_page(subjects, [None for _ in subjects], rules)
    files = [output, *(output.parent / name for stem in stems for name in _picture_names(stem))]
    _require_free(files)
    subjects = assess_runs(runs, rules, trust)
    by_run = dict(zip((run.path for run in runs), stems, strict=True))
    output.parent.mkdir(parents=True, exist_ok=True)
    with _all_or_none(files):
        images = LocalImages(data_dir)
        pictures = [
            _draw(subject, output.parent, by_run, look_at(subject.results, images, MISTAKES, notice, trust))
            for subject in subjects
        ]
        page = write_page(subjects, pictures, rules)
        with write_atomically(output) as aside:
            aside.write_text(page, encoding="utf-8", newline="\n")
    return page


@contextmanager
def _all_or_none(files: Sequence[Path]) -> Iterator[None]:
    """Remove what there is of ``files``, none of which was there before, where the block fails."""
    try:
        yield
    except BaseException:
        for path in files:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def _name_stems(runs: Sequence[Run]) -> list[str]:
    """A file name of letters, digits, dots, dashes for each run, after its id, no two the same."""
    stems: list[str] = []
    for run in runs:
        stem = re.sub(r"[^A-Za-z0-9.\-]+", "-", run.read_record().id).strip(".-") or "run"
        taken = {one.lower() for one in stems}  # Windows and macOS take a and A for one name
        number = 2
        name = stem
        while name.lower() in taken:
            name, number = f"{stem}-{number}", number + 1
        stems.append(name)
    return stems


def _picture_names(stem: str) -> list[str]:
    """All the pictures that a run may have beside the page; the first two are its curves."""
    return [f"{stem}-{name}.png" for name in ("curves", "against-2019", "mistakes", *FIGURE_NAMES)]


def _require_free(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists():
            raise RunError(f"{path} exists: name another file, or remove it")


def _draw(subject: Subject, folder: Path, stems: dict[Path, str], look: Look) -> Pictures:
    """Draw a run's pictures from its history, so that they show what the page says, and of its checkpoint."""
    results = subject.results
    stem = stems[results.run.path]
    curves, against, mistakes, *_ = _picture_names(stem)
    draw_curves(results.history, results.record.config, folder / curves)
    if results.obstacle is None:
        trained = [
            Curve(one.name, (tuple(row.val_accuracy for row in one.history),))
            for one in (results, *subject.baselines)
            if one.obstacle is None
        ]
        draw_comparison([*collect_curves([]), *trained], folder / against)
    answers = _save(draw_answers(look), folder, stem)
    if look.gallery is not None:
        draw_sheet(make_gallery_sheet(look.gallery), folder / mistakes)
        answers = (
            LinkedPicture(mistakes, "What it gets wrong, and where it looked", MISTAKES_READING),
            *answers,
        )
    return Pictures(
        curves,
        against if results.obstacle is None else None,
        answers,
        _save(draw_network_figures(results, look), folder, stem),
        look.notes,
    )


def _save(figures: Sequence[DrawnFigure], folder: Path, stem: str) -> tuple[LinkedPicture, ...]:
    for one in figures:
        save_figure(one.figure, folder / f"{stem}-{one.name}.png")
    return tuple(LinkedPicture(f"{stem}-{one.name}.png", one.title, one.reading) for one in figures)
