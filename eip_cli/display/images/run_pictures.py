"""What a finished run leaves to look at beside its curves: its mistakes, one by one and counted."""

from pathlib import Path

from eip_cli.comparison.evaluation.results import Evaluation
from eip_cli.foundation.errors import EipError
from eip_cli.inspection.checkpoint_gallery import collect_gallery
from eip_cli.inspection.selection import Selection
from eip_cli.pictures.confusion_matrix import draw_confusion_matrix
from eip_cli.runs.run_directory import CONFUSION_FILE, GALLERY_FILE, Run

from .gallery_report import write_csv
from .gallery_sheet import write_gallery


def draw_run_pictures(run: Run) -> str:
    """Draw the gallery and the confusion matrix of the run's best checkpoint into its directory.

    Returns a sentence for the user on what was drawn, or why nothing was: the run is whole without.
    """
    picture = run.path / GALLERY_FILE
    try:
        gallery = collect_gallery(run.path, Selection())
        write_gallery(gallery, picture)
        write_csv(gallery, picture.with_suffix(".csv"))
        draw_confusion(gallery.evaluation, run.path / CONFUSION_FILE)
    except EipError as error:
        return f"No gallery of {run.path}: {error}"
    except OSError as error:
        return f"No gallery in {run.path}: {error.strerror or error}"
    return f"Its mistakes: {picture}, {picture.with_suffix('.csv').name} and {CONFUSION_FILE}"


def draw_confusion(evaluation: Evaluation, path: Path) -> None:
    """Draw the confusion matrix of an evaluation, in the format that ``path`` ends in."""
    title = f"{evaluation.model} on {evaluation.dataset}: {evaluation.accuracy:.2%} of {evaluation.n:,}"
    draw_confusion_matrix(evaluation.confusion_matrix, tuple(evaluation.per_class), title, path)
