"""What is known of a submission once it is graded, as it is kept, and shown."""

import base64
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from eip_cli.foundation.plain_text import show_plainly
from eip_cli.rules.rule_check import RuleCheck, sum_points


@dataclass(frozen=True)
class Grade:
    """One submission: what each rule found, or in ``reason`` why it could not be graded.

    ``right`` are the test images that it got right, a bit each; ``answers`` the SHA-256 of its predicted
    classes, and ``file_sha256`` of the file that was measured. All of these are None where nothing was
    measured; ``uncounted`` says why an accuracy does not count, where it does not. ``contradictions`` are of
    its records against its files or against what was measured.
    """

    name: str
    kind: str | None
    file: str | None
    checks: tuple[RuleCheck, ...] = ()
    reason: str | None = None
    accuracy: float | None = None
    accuracy_ci95: tuple[float, float] | None = None
    uncounted: str | None = None
    params: int | None = None
    params_stated: bool = False
    epochs: int | None = None
    contradictions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    right: str | None = None
    images: int = 0
    answers: str | None = None
    file_sha256: str | None = None
    seconds: float = 0.0
    digest: str = field(default="", compare=False)

    @property
    def counts(self) -> bool:
        """Whether there is an accuracy that can be ranked."""
        return self.accuracy is not None and self.uncounted is None

    @property
    def points(self) -> float:
        """Those of the rules that hold."""
        return sum_points(self.checks)

    @property
    def is_correct(self) -> NDArray[np.bool_]:
        """Which of the test images (n,) it got right; only where something was measured."""
        assert self.right is not None
        bits = np.frombuffer(base64.b64decode(self.right), np.uint8)
        return np.unpackbits(bits, count=self.images).astype(bool)


def pack(is_correct: NDArray[np.bool_]) -> str:
    """``is_correct`` (n,) as text, a bit each."""
    return base64.b64encode(np.packbits(is_correct).tobytes()).decode("ascii")


def show_all_plainly(grade: Grade) -> Grade:
    """The grade with every text of a stranger's such that it can be kept and shown."""
    checks = tuple(
        replace(one, found=show_plainly(one.found), names=tuple(map(show_plainly, one.names)))
        for one in grade.checks
    )
    return replace(
        grade,
        checks=checks,
        file=None if grade.file is None else show_plainly(grade.file),
        reason=None if grade.reason is None else show_plainly(grade.reason),
        uncounted=None if grade.uncounted is None else show_plainly(grade.uncounted),
        contradictions=tuple(map(show_plainly, grade.contradictions)),
        notes=tuple(map(show_plainly, grade.notes)),
    )


def encode_grade(grade: Grade) -> bytes:
    """A grade as one line of JSON."""
    return msgspec.json.encode(grade)


def decode_grade(line: bytes) -> Grade:
    """The grade of ``encode_grade``. Raises msgspec.MsgspecError or UnicodeDecodeError where it is none."""
    return msgspec.json.decode(line, type=Grade)
