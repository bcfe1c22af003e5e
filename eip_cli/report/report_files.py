"""The report and its pictures as files, side by side; nothing that exists is overwritten."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from eip_cli.comparison.curve_collection import collect_curves
from eip_cli.foundation.errors import RunError
from eip_cli.foundation.files import write_atomically
from eip_cli.pictures.curves import Curve, draw_comparison, draw_curves
from eip_cli.runs.run_directory import Run

from .markdown_page import Pictures, write_page
from .run_results import RunResults, assess_runs, find_runs

HTML_ENDINGS = (".html", ".htm")


def write_html_report(
    names: Sequence[str],
    output: Path,
    *,
    data_dir: Path | None = None,
    rates: Path | None = None,
    trust: bool = False,
    notice: Callable[[str], None] = lambda words: None,
) -> None:
    """Write the report on the runs and sweeps that ``names`` mean as one page of HTML.

    ``data_dir`` has the test images, which are looked for but never fetched; ``rates`` is the file of a range
    test. ``notice`` is told what takes long. Raises RunError before any work where ``output`` exists, and an
    EipError where a run's files, or the files named, are missing or damaged.
    """
    # Imported here: the Markdown does without the images and the templates.
    from .page.build import Request, build_page
    from .page.writing import write_html

    _require_free([output])
    page = write_html(build_page(Request(tuple(names), data_dir, rates, trust), notice))
    output.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(output) as aside:
        aside.write_text(page, encoding="utf-8", newline="\n")


def make_report(names: Sequence[str], output: Path | None = None, trust: bool = False) -> str:
    """The report on the runs that ``names`` mean, as Markdown; with ``output``, written there with pictures.

    Raises RunError before any work where a file to be written exists, and an EipError where a run's
    files are missing or damaged.
    """
    runs = find_runs(names)
    stems = _name_stems(runs)
    if output is None:
        subjects = assess_runs(runs, trust)
        return write_page(subjects, [None for _ in subjects])
    files = [output, *(output.parent / name for stem in stems for name in _picture_names(stem))]
    _require_free(files)
    subjects = assess_runs(runs, trust)
    by_run = dict(zip((run.path for run in runs), stems, strict=True))
    output.parent.mkdir(parents=True, exist_ok=True)
    with _all_or_none(files):
        pictures = [_draw(subject.results, subject.baselines, output.parent, by_run) for subject in subjects]
        page = write_page(subjects, pictures)
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


def _picture_names(stem: str) -> tuple[str, str]:
    return f"{stem}-curves.png", f"{stem}-against-2019.png"


def _require_free(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists():
            raise RunError(f"{path} exists: name another file, or remove it")


def _draw(
    results: RunResults, baselines: Sequence[RunResults], folder: Path, stems: dict[Path, str]
) -> Pictures:
    """Draw a run's pictures from its history, so that they show what the page says."""
    curves, against = _picture_names(stems[results.run.path])
    draw_curves(results.history, results.record.config, folder / curves)
    if results.obstacle is not None:
        return Pictures(curves, None)
    trained = [
        Curve(one.name, (tuple(row.val_accuracy for row in one.history),))
        for one in (results, *baselines)
        if one.obstacle is None
    ]
    draw_comparison([*collect_curves([]), *trained], folder / against)
    return Pictures(curves, against)
