"""What is graded already, kept beside the output while the work goes on, so that it can be continued."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from eip_cli.foundation.errors import EipError
from eip_cli.foundation.version import __version__

from .grade import Grade, decode_grade, encode_grade
from .submissions import Submission
from .task import Task


class Journal:
    """A line for each grade; its first line says what they were graded by."""

    def __init__(self, output: Path, task: Task) -> None:
        self.path = output.with_name(f"{output.name}.partial")
        self._task = task

    def read(self, submissions: Iterable[Submission]) -> dict[str, Grade]:
        """The grades, by name, of those submissions that have not changed since; begins the file anew else.

        Grades by other rules, or by another version of this program, do not count. Raises EipError where the
        file cannot be read or written.
        """
        digests = {submission.name: submission.digest for submission in submissions}
        found: dict[str, Grade] = {}
        try:
            lines = self.path.read_bytes().splitlines() if self.path.exists() else []
            if lines[:1] == [self._heading()]:
                for line in lines[1:]:
                    grade = self._parse(line)
                    if grade is not None and digests.get(grade.name) == grade.digest:
                        found[grade.name] = grade
            content = [self._heading(), *map(encode_grade, found.values())]
            self.path.write_bytes(b"".join(line + b"\n" for line in content))
        except OSError as error:
            raise EipError(f"cannot keep grades in {self.path}: {error.strerror or error}") from None
        return found

    def add(self, grade: Grade) -> None:
        """Keep one more."""
        with self.path.open("ab") as file:
            file.write(encode_grade(grade) + b"\n")

    def remove(self) -> None:
        """Once all grades are written out."""
        self.path.unlink(missing_ok=True)

    def _heading(self) -> bytes:
        digest = hashlib.sha256(msgspec.json.encode(self._task.rules)).hexdigest()
        said = {"eip": __version__, "rules": digest, "pixels": self._task.pixels}
        return msgspec.json.encode(said | {"run_code": self._task.run_code})

    @staticmethod
    def _parse(line: bytes) -> Grade | None:
        """The grade in a line; None for the half of one that was being written when the power went."""
        try:
            return decode_grade(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
