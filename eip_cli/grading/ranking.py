"""Grades side by side: ranks that chance cannot turn round, and what looks like another's work."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eip_cli.comparison.record_checks import NEAR_CHANCE, NOT_CIFAR10
from eip_cli.comparison.statistics import mcnemar_verdict

from .grade import Grade

MOST_NAMES = 4


@dataclass(frozen=True)
class RankedGrade:
    """A grade with its rank by test accuracy, None where none counts, and what is to be looked into."""

    grade: Grade
    rank: int | None
    flags: tuple[str, ...]


def rank_grades(grades: Sequence[Grade], classes: int) -> tuple[RankedGrade, ...]:
    """The grades in the order of their accuracies, those without one last.

    Whom McNemar's exact test cannot tell from the first of a rank shares it; the next rank counts all those
    before it. ``classes`` is the number of classes, for what guessing comes to.
    """
    ranks = _find_ranks([grade for grade in grades if grade.counts and grade.right is not None])
    twins = _find_twins(grades, NEAR_CHANCE / classes)
    ranked = [
        RankedGrade(grade, ranks.get(grade.name), (*twins[grade.name], *_list_flags(grade)))
        for grade in grades
    ]
    return tuple(sorted(ranked, key=_place))


def _place(ranked: RankedGrade) -> tuple[bool, int, float, str]:
    return ranked.rank is None, ranked.rank or 0, -(ranked.grade.accuracy or 0), ranked.grade.name


def _find_ranks(grades: list[Grade]) -> dict[str, int]:
    ordered = sorted(grades, key=lambda grade: (-(grade.accuracy or 0), grade.name))
    ranks: dict[str, int] = {}
    first: np.ndarray | None = None
    rank = 0
    for place, grade in enumerate(ordered, start=1):
        right = grade.is_correct
        if first is None or len(first) != len(right) or _can_tell(first, right):
            first, rank = right, place
        ranks[grade.name] = rank
    return ranks


def _can_tell(one: np.ndarray, other: np.ndarray) -> bool:
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    return mcnemar_verdict(only_one, only_other) != "indistinguishable"


def _find_twins(grades: Sequence[Grade], chance: float) -> dict[str, list[str]]:
    """Who handed in the same file, or something that answers alike; guesses may well be alike."""
    by_file: dict[str, list[str]] = defaultdict(list)
    by_answers: dict[str, list[str]] = defaultdict(list)
    for grade in grades:
        if grade.file_sha256 is not None:
            by_file[grade.file_sha256].append(grade.name)
        if grade.answers is not None and (grade.accuracy or 0) >= chance:
            by_answers[grade.answers].append(grade.name)
    flags: dict[str, list[str]] = defaultdict(list)
    for grade in grades:
        same = [name for name in by_file.get(grade.file_sha256 or "", ()) if name != grade.name]
        alike = [name for name in by_answers.get(grade.answers or "", ()) if name not in (grade.name, *same)]
        flags[grade.name] += [f"same file as {_name(same)}"] if same else []
        flags[grade.name] += [f"same answers to every image as {_name(alike)}"] if alike else []
    return flags


def _name(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _list_flags(grade: Grade) -> list[str]:
    flags = [*grade.contradictions]
    if grade.accuracy is not None and grade.uncounted is not None:
        flags.append(f"not ranked: {grade.uncounted}")
    if grade.kind == "predictions" and grade.checks:
        flags.append("predictions alone: nobody can see which network made them")
    if grade.params_stated:
        flags.append("its number of parameters is stated, not counted")
    if any(NOT_CIFAR10 in check.found for check in grade.checks):
        flags.append(f"trained or validated on foreign images: {NOT_CIFAR10}")
    return flags
