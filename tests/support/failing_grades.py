"""Gradings that go wrong; starts no Keras, as it is imported by the processes that grade."""

import os
import time

from eip_cli.grading.grade import Grade
from eip_cli.grading.submissions import Submission
from eip_cli.grading.task import Task


def end_or_hang(submission: Submission, task: Task) -> Grade:
    """The first ends its process, the second hangs, the others get a reason."""
    if submission.name == "student 0":
        os._exit(3)
    if submission.name == "student 1":
        time.sleep(60)
    return Grade(submission.name, "predictions", None, reason="a reason")
