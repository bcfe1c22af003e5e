"""``eip grade``."""

from pathlib import Path

import click

from .common.messages import show_notice, shown_progress
from .common.options import (
    check_output,
    data_dir_option,
    format_option,
    pixels_option,
    rules_option,
    verbose_option,
)


def _check_page(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None:
        check_output(path, (".html", ".htm"))
    return path


def _check_csv(context: click.Context, parameter: click.Parameter, path: Path) -> Path:
    check_output(path, (".csv",))
    return path


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@rules_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    required=True,
    callback=_check_csv,
    help="File to write: a row a submission, a column a rule.",
)
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    callback=_check_page,
    help="Write a page for a browser too.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes at once. [default: as cores and memory allow]"
)
@click.option(
    "--run-code",
    is_flag=True,
    help="Run the .py files of submissions to build their networks: each in a process of its own, with "
    "limits on time and memory, but with your rights. Best done on a machine with nothing of value.",
)
@click.option(
    "--time-limit",
    type=click.IntRange(min=30),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="Longest that one submission may take; its code may have half of it.",
)
@data_dir_option
@pixels_option
@verbose_option
@format_option
def grade(
    folder: Path,
    rules: str,
    output: Path,
    page: Path | None,
    jobs: int | None,
    run_code: bool,
    time_limit: int,
    data_dir: Path | None,
    pixels: str | None,
    output_format: str,
) -> None:
    """Grade the submissions in FOLDER, a subfolder each, by the rules of an assignment.

    A subfolder has a run, a model file, a file of predictions, or a .py with a function that returns a
    network. Files are read as data, and code is not run unless told to. Ctrl-C keeps what is graded; the
    same command goes on.
    """
    from eip_cli.datasets.loading import load_dataset, problem_of
    from eip_cli.display.grade_tables import report_grades, write_grades
    from eip_cli.display.grading_progress import GradingProgress
    from eip_cli.display.printing import print_report
    from eip_cli.foundation.interruption import heeding_interruption
    from eip_cli.grading.folder import grade_all
    from eip_cli.grading.journal import Journal
    from eip_cli.grading.ranking import rank_grades
    from eip_cli.grading.submissions import find_submissions
    from eip_cli.grading.task import Task
    from eip_cli.report.grades_page import write_grades_page
    from eip_cli.rules.rule_set import load_rules

    rule_set = load_rules(rules)
    submissions = find_submissions(folder)
    with shown_progress() as progress:
        load_dataset(rule_set.dataset, data_dir, progress)  # fetched once, before several read it
    task = Task(rule_set, data_dir, pixels, run_code, time_limit)
    journal = Journal(output, task)
    known = journal.read(submissions)
    if known:
        show_notice(f"{len(known)} of {len(submissions)} were graded before")
    try:
        with heeding_interruption(), GradingProgress(len(submissions) - len(known)) as shown:
            grades = grade_all(submissions, task, known, journal.add, jobs, shown.tell)
    except KeyboardInterrupt:
        show_notice(f"What is graded is kept in {journal.path}: the same command goes on.")
        raise
    ranked = rank_grades(grades, problem_of(rule_set.dataset).classes)
    write_grades(ranked, rule_set, output)
    if page is not None:
        write_grades_page(ranked, rule_set, page)
    journal.remove()
    show_notice(f"Wrote {output}" + (f" and {page}" if page else ""))
    print_report(report_grades(ranked, rule_set), output_format)
