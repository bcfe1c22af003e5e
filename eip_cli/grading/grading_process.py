"""Grading one submission, in a process that grades many and can be ended from outside."""

import hashlib
import os
import time
from dataclasses import replace
from functools import cache

from eip_cli.comparison.evaluation.results import Assessment
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.errors import EipError, in_one_line
from eip_cli.foundation.files import file_sha256
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.rules.submission import CheckedSubmission, Reading, check_submission
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE

from .grade import Grade, pack, show_all_plainly
from .students_code import network_of_code
from .submissions import Submission
from .task import Task

MAX_REASON_LENGTH = 300


def prepare_process(threads: int) -> None:
    """Called once in each process, before TensorFlow is imported, which reads these."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)


def grade_submission(submission: Submission, task: Task) -> Grade:
    """What the rules find of ``submission``; one that cannot be read is a grade with its reason."""
    began = time.perf_counter()
    grade = start_grade(submission)
    try:
        grade = replace(grade, file_sha256=_hash(submission))
        grade = _grade(submission, task, grade)
    except EipError as error:
        here = f"{submission.folder}{os.sep}"  # which its row names
        grade = replace(grade, reason=_shorten(str(error).replace(here, "")))
    except MemoryError:
        grade = replace(grade, reason="takes more memory than there is")
    except Exception as error:  # whatever a hostile file brings about is its own row, and nobody else's
        grade = replace(grade, reason=_shorten(f"cannot be read ({type(error).__name__}: {error})"))
    return show_all_plainly(replace(grade, seconds=time.perf_counter() - began))


def _shorten(error: object) -> str:
    return in_one_line(error)[:MAX_REASON_LENGTH]


def start_grade(submission: Submission, reason: str | None = None) -> Grade:
    """What is known of a submission before it is looked at."""
    file = submission.subject.relative_to(submission.folder).as_posix() if submission.subject else None
    shown = None if file is None else show_plainly(file)
    return Grade(submission.name, submission.kind, shown, reason=reason, digest=submission.digest)


def _hash(submission: Submission) -> str | None:
    """SHA-256 of the file that was handed in; of a run, of its last epoch, or else of its best."""
    if submission.subject is None:
        return None
    files = [submission.subject]
    if submission.kind == "run":
        files = [submission.subject / name for name in (FINAL_FILE, BEST_FILE)]
    return next((file_sha256(path) for path in files if path.is_file()), None)


def _grade(submission: Submission, task: Task, grade: Grade) -> Grade:
    if submission.problem is not None or submission.subject is None:
        raise EipError(submission.problem or "there is nothing to grade")
    if submission.kind == "code":
        return _describe(_check_code(submission, task), grade)
    try:
        checked = _check(str(submission.subject), task)
    except EipError as error:
        if submission.code is None or submission.kind == "predictions":
            raise
        if not task.run_code:
            raise EipError(f"{error}; its code was not run (--run-code)") from None
        with network_of_code(submission.code, task.rules.dataset, task.seconds / 2) as network:
            checked = _check(str(submission.subject), task, network)
    return _describe(checked, grade)


def _check_code(submission: Submission, task: Task) -> CheckedSubmission:
    """The rules asked of the network that a submission's code builds, if code is to be run."""
    assert submission.code is not None
    if not task.run_code:
        raise EipError("code, which was not run (--run-code)")
    with network_of_code(submission.code, task.rules.dataset, task.seconds / 2) as network:
        return _check(network, task)


def _check(name: str, task: Task, network: str | None = None) -> CheckedSubmission:
    reading = Reading(network=network, pixels=task.pixels)
    return check_submission(name, task.rules, lambda: _load_images(task), reading)


@cache
def _load_images(task: Task) -> Dataset:
    return load_dataset(task.rules.dataset, task.data_dir)


def _describe(checked: CheckedSubmission, grade: Grade) -> Grade:
    network, training = checked.subject.network, checked.subject.training
    stated = checked.subject.stated_params
    grade = replace(
        grade,
        checks=checked.checks,
        uncounted=None if checked.subject.final is not None else checked.subject.no_final,
        contradictions=checked.contradictions,
        notes=checked.notes,
        params=network.summary.total_params if network else stated,
        params_stated=network is None and stated is not None,
        epochs=len(training.history) if training is not None else None,
    )
    return grade if checked.assessment is None else _add_accuracy(grade, checked.assessment)


def _add_accuracy(grade: Grade, assessment: Assessment) -> Grade:
    evaluation = assessment.evaluation
    assert assessment.predictions is not None  # whoever assesses a whole submission has them
    answers = assessment.predictions.astype("<i8").tobytes()
    return replace(
        grade,
        accuracy=evaluation.accuracy,
        accuracy_ci95=evaluation.accuracy_ci95,
        right=pack(assessment.is_correct),
        images=evaluation.n,
        answers=hashlib.sha256(answers).hexdigest(),
    )
