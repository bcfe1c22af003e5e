"""A folder of submissions -> a grade each, several at a time, each in a process that can be ended."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from multiprocessing import get_context

from eip_cli.foundation.processor import available_threads

from .grade import Grade
from .grading_process import grade_submission, prepare_process, start_grade
from .submissions import Submission
from .task import Task

# A process holds the images and TensorFlow; what Keras keeps of each network goes when it is replaced.
PROCESS_BYTES = 2 * 2**30
GRADES_A_PROCESS = 20


def choose_jobs(submissions: int) -> int:
    """As many processes as there are cores, memory and submissions for."""
    import psutil

    by_memory = int(psutil.virtual_memory().available // PROCESS_BYTES)
    return max(1, min(available_threads(), by_memory, submissions))


def grade_all(
    submissions: Sequence[Submission],
    task: Task,
    known: Mapping[str, Grade],
    keep: Callable[[Grade], None],
    jobs: int | None = None,
    tell: Callable[[Grade], None] = lambda grade: None,
) -> list[Grade]:
    """A grade for each of ``submissions``, in their order; those ``known`` by name are not graded again.

    Each new one is given to ``keep`` and ``tell`` at once, so that Ctrl-C in the middle loses none.
    """
    from pebble import ProcessPool

    found = dict(known)
    waiting = [submission for submission in submissions if submission.name not in found]
    at_once = min(jobs or choose_jobs(len(waiting)), max(1, len(waiting)))
    if waiting:
        with ProcessPool(
            max_workers=at_once,
            max_tasks=GRADES_A_PROCESS,
            initializer=prepare_process,
            initargs=(max(1, available_threads() // at_once),),
            context=get_context("spawn"),
        ) as pool:
            futures: dict[Future[Grade], Submission] = {
                pool.schedule(grade_submission, args=[submission, task], timeout=task.seconds): submission
                for submission in waiting
            }
            try:
                for future in as_completed(futures):
                    submission = futures[future]
                    grade = _take(future, submission, task.seconds)
                    keep(grade)
                    found[grade.name] = grade
                    tell(grade)
            except BaseException:
                pool.stop()
                raise
    return [found[submission.name] for submission in submissions]


def _take(future: Future[Grade], submission: Submission, limit: float) -> Grade:
    """The grade, or one that says why the process that was to find it has ended."""
    from pebble import ProcessExpired

    try:
        return future.result()
    except TimeoutError:
        return start_grade(submission, f"took longer than {limit:g} s")
    except ProcessExpired as error:
        return start_grade(submission, f"ended the process that read it (status {error.exitcode})")
    except Exception as error:  # one submission's, and nobody else's
        return start_grade(submission, f"cannot be graded ({type(error).__name__})")
