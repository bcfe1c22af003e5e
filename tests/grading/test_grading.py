"""Thirty made-up submissions: every row right, nothing run that should not be, nothing written elsewhere."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from eip_cli.cli import cli
from eip_cli.datasets.loading import load_dataset
from eip_cli.display.grade_tables import defuse, report_grades
from eip_cli.foundation.errors import EipError
from eip_cli.grading.folder import grade_all
from eip_cli.grading.grade import Grade, decode_grade, encode_grade, pack
from eip_cli.grading.grading_process import grade_submission
from eip_cli.grading.journal import Journal
from eip_cli.grading.ranking import RankedGrade, rank_grades
from eip_cli.grading.submissions import find_function, find_submissions
from eip_cli.grading.task import Task
from eip_cli.report.grades_page import write_grades_page
from eip_cli.rules.rule_set import parse_rules
from tests.support.failing_grades import end_or_hang
from tests.support.submissions import BUILDS, ENDLESS, RULE_NAMES, RULES, make_submissions

RULE_SET = parse_rules(RULES, "class.toml")
# What of the rules holds, one letter each: yes, no, or ? where it cannot be said.
ROWS = {
    "right run": "yyyyyyyy",
    "right model": "yyyyy?y?",
    "keras 2": "yyyyy???",
    "torch": "???y??y?",
    "copied": "yyyyy?y?",
    "copied again": "yyyyy?y?",
    "forged": "yyyyy?y?",
    "wrong convolution": "nyyyyyyy",
    "wrong normalization": "ynyyyyyy",
    "wrong dropout": "yynyyyyy",
    "wrong parameters": "yyynyyyy",
    "wrong field": "yyyyn???",
    "wrong epochs": "yyyyynyy",
    "wrong accuracy": "yyyyyynn",
    "wrong consistency": "yyyyyyyn",
}
REASONS = {
    "bad cut": "model.h5: a damaged or truncated HDF5 file",
    "bad empty": "model.keras: holds nothing",
    "bad text": "model.h5: holds text, not HDF5",
    "bad lambda": "model.h5: layer type 'Lambda', whose code is inside the file and is never run",
    "bad code": "code, which was not run (--run-code)",
    "bad endless": "code, which was not run (--run-code)",
    "builds": "code, which was not run (--run-code)",
    "bad link": "holds a link to another place, which is not followed",
    "bad pickle": "predictions.npz: probabilities is object of shape (1,)",
    "bad bomb": "predictions.npz",
    "bad pipe": "holds a pipe, a socket or a device",
    "bad nothing": "nothing to grade",
    "bad order": "predictions.npz: 10.7% are right, no more than by guessing: probably the images were",
    "bad logits": "predictions.npz: the row of image 0 sums to 30",
    "=cmd|' ": "nothing to grade",
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RankedGrade]:
    """Every submission by the process that grades, code aside; nothing may have been run or written."""
    folder = tmp_path_factory.mktemp("class")
    canary = folder / "canary"
    (folder / "submissions").mkdir()
    make_submissions(folder / "submissions", canary)
    before = _list(folder)
    submissions = find_submissions(folder / "submissions")
    assert len(submissions) == 30
    grades = [grade_submission(one, Task(RULE_SET)) for one in submissions]
    assert _list(folder) == before
    assert not canary.exists()
    return {one.grade.name: one for one in rank_grades(grades, 10)}


def _list(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*") if path.is_file())


def test_every_row_is_right(graded: dict[str, RankedGrade]) -> None:
    found = {
        name: "".join({True: "y", False: "n", None: "?"}[check.holds] for check in one.grade.checks)
        for name, one in graded.items()
        if one.grade.checks
    }
    assert found == ROWS
    words = [check.rule.split()[0] for check in graded["right run"].grade.checks]
    assert words == list(RULE_NAMES)
    assert graded["right run"].grade.points == 11
    assert graded["torch"].grade.points == 5


def test_what_cannot_be_graded_says_why_in_one_line(graded: dict[str, RankedGrade]) -> None:
    reasons = {name: one.grade.reason for name, one in graded.items() if one.grade.reason}
    assert reasons.keys() == REASONS.keys()
    for name, reason in reasons.items():
        assert reason.startswith(REASONS[name])
        assert "\n" not in reason and len(reason) <= 300


def test_copies_forgeries_and_statements_are_flagged(graded: dict[str, RankedGrade]) -> None:
    flags = {name: "; ".join(one.flags) for name, one in graded.items()}
    assert flags["copied"] == "same file as copied again"
    assert "same answers to every image as" in flags["right model"]
    assert "run.json claims 99.72% of final.h5, which has 98.87% here" in flags["forged"]
    assert "the run contradicts itself" in graded["forged"].grade.checks[5].found
    assert "predictions alone" in flags["torch"]
    assert "stated, not counted" in flags["torch"]
    assert not flags["wrong accuracy"]
    assert flags["keras 2"].startswith("not ranked: 10.14%, but no verdict")
    assert "same answers" not in flags["keras 2"]  # at chance, where answers are alike by nothing


def test_those_that_chance_cannot_tell_apart_share_a_rank(graded: dict[str, RankedGrade]) -> None:
    ranks = {name: one.rank for name, one in graded.items() if one.rank is not None}
    first = {name for name, rank in ranks.items() if rank == 1}
    assert {"right run", "right model", "torch", "copied", "copied again"} <= first
    assert ranks["wrong accuracy"] == len(first) + 1
    assert "keras 2" not in ranks  # no verdict on its accuracy


def test_ranks_follow_mcnemars_test_against_the_first_of_each() -> None:
    right = np.zeros(1000, bool)
    right[:900] = True
    fewer, fewest = right.copy(), right.copy()
    fewer[:4] = False  # p = 0.125
    fewest[:6] = False  # p = 0.031
    grades = [
        Grade(name, "checkpoint", None, accuracy=float(one.mean()), right=pack(one), images=1000)
        for name, one in (("c", fewest), ("b", fewer), ("a", right))
    ]
    ranked = rank_grades([*grades, replace(grades[0], name="d", uncounted="picked")], 10)
    assert [(one.grade.name, one.rank) for one in ranked] == [("a", 1), ("b", 1), ("c", 3), ("d", None)]


def test_a_grade_is_kept_as_it_is(graded: dict[str, RankedGrade]) -> None:
    for one in graded.values():
        assert decode_grade(encode_grade(one.grade)) == one.grade
    assert graded["right run"].grade.is_correct.sum() == 351


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("def build_model(): ...\ndef helper(): ...", "build_model"),
        ("def mine(input_shape, classes): ...\ndef _other(): ...", "mine"),
        ("def mine(width=3): ...", "mine"),
    ],
)
def test_the_function_is_found_without_running_anything(text: str, function: str) -> None:
    Path("model.py").write_text(f"raise SystemExit\n{text}")
    assert find_function(Path("model.py")) == function


@pytest.mark.parametrize(
    "text",
    ["", "def one(): ...\ndef two(): ...", "def mine(width): ...", "def mine(*, width): ...", "def (", "\0"],
)
def test_a_file_without_such_a_function_is_said_to_have_none(text: str) -> None:
    Path("model.py").write_text(text)
    with pytest.raises(EipError, match=r"model\.py"):
        find_function(Path("model.py"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("\x1b[31m", "\\x1b[31m"), ("plain", "plain"), (3, 3)],
)
def test_no_cell_is_a_formula(text: str, shown: str) -> None:
    assert defuse(text) == shown


def test_code_runs_within_limits_and_only_builds(tmp_path: Path) -> None:
    folder = tmp_path / "submissions"
    codes = {
        "fails": "def build_model():\n    raise ValueError('too deep')",
        # What it makes of this program in its own process is of no use to it, and "notes" is left there.
        "forges": f"import eip_cli.rules.rule_check as r\nr.RuleCheck = None\nopen('notes', 'w')\n{BUILDS}",
        "waits": ENDLESS,
    }
    for name, code in codes.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "model.py").write_text(code)
    before = _list(folder)
    task = Task(RULE_SET, run_code=True)
    fails, forges, waits = find_submissions(folder)
    assert "too deep" in str(grade_submission(fails, task).reason)
    grade = grade_submission(forges, task)
    found = "".join({True: "y", False: "n", None: "?"}[one.holds] for one in grade.checks)
    assert found == "yyyyn???", grade.reason
    assert grade.checks[6].found == "fresh weights: nothing was trained"
    late = grade_submission(waits, replace(task, seconds=6))
    assert late.reason == "its code did not return within 3 s"
    assert _list(folder) == before


@pytest.mark.skipif(os.name != "posix", reason="names of bytes, and pipes")
def test_no_name_stops_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "submissions"
    for name in (b"m\xff", b"latest", b"good"):
        path = folder / os.fsdecode(name)
        path.mkdir(parents=True)
        (path / "predictions.npz").write_bytes(b"no predictions")
    os.mkfifo(folder / "good" / "model.py")
    monkeypatch.chdir(folder)
    task = Task(RULE_SET)
    grades = {one.name: grade_submission(one, task) for one in find_submissions(Path())}
    assert grades.keys() == {"m\\udcff", "latest", "good"}
    assert all(decode_grade(encode_grade(one)) == one for one in grades.values())
    assert str(grades["latest"].reason).startswith("predictions.npz")
    assert grades["good"].reason == "holds a pipe, a socket or a device, which is not read"


def small_class(folder: Path) -> None:
    for number in range(3):
        (folder / f"student {number}").mkdir(parents=True)
        np.savez(folder / f"student {number}" / "predictions.npz", probabilities=np.full((355, 10), 3.0))


def test_grading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    small_class(tmp_path / "class")
    submissions = find_submissions(tmp_path / "class")
    task = Task(RULE_SET)
    journal = Journal(tmp_path / "grades.csv", task)
    assert journal.read(submissions) == {}
    journal.add(grade_submission(submissions[0], task))
    with (tmp_path / "grades.csv.partial").open("ab") as file:
        file.write(b'{"name": "student 1", "ki')  # the power went
    known = journal.read(submissions)
    assert list(known) == ["student 0"]
    assert list(Journal(tmp_path / "grades.csv", replace(task, pixels="0-255")).read(submissions)) == []
    journal = Journal(tmp_path / "grades.csv", task)
    journal.read(submissions)
    journal.add(known["student 0"])
    np.savez(tmp_path / "class" / "student 0" / "predictions.npz", labels=np.zeros(355, int))
    assert journal.read(find_submissions(tmp_path / "class")) == {}


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_keeps_what_is_graded_and_the_command_goes_on(tmp_path: Path) -> None:
    small_class(tmp_path / "class")
    waits = tmp_path / "class" / "waits"
    waits.mkdir()
    (waits / "model.py").write_text(ENDLESS)
    (tmp_path / "class.toml").write_text(RULES)
    command = [sys.executable, "-m", "eip_cli", "grade", "class", "--rules", "class.toml", "-o", "grades.csv"]
    command += ["--run-code", "--jobs", "1"]
    partial = tmp_path / "grades.csv.partial"
    with subprocess.Popen(
        command, cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE, text=True
    ) as first:
        deadline = time.monotonic() + 120
        while not partial.exists() or len(partial.read_bytes().splitlines()) < 4:
            assert time.monotonic() < deadline and first.poll() is None
            time.sleep(0.2)
        os.killpg(first.pid, signal.SIGINT)
        said = first.communicate(timeout=30)[1]
        assert first.returncode == 130
    assert "What is graded is kept in grades.csv.partial: the same command goes on." in said
    assert not (tmp_path / "grades.csv").exists()
    (waits / "model.py").unlink()
    labels = load_dataset("digits").test_labels
    np.savez(waits / "predictions.npz", labels=np.where(np.arange(355) < 5, 0, labels), parameters=99)
    command += ["--page", "grades.html"]
    second = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "3 of 4 were graded before" in second.stderr
    assert not partial.exists()
    with (tmp_path / "grades.csv").open(newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert rows["student 0"]["reason"].startswith("predictions.npz: the row of image 0 sums to 30")
    assert rows["waits"]["rule 4: Fewer than 100,000 parameters"] == "yes"
    page = (tmp_path / "grades.html").read_text()
    assert "1 of 4 submissions could be graded" in page
    assert "<script" not in page


def test_a_process_that_ends_is_a_row_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_class(tmp_path / "class")
    submissions = find_submissions(tmp_path / "class")
    kept: list[str] = []
    monkeypatch.setattr("eip_cli.grading.folder.grade_submission", end_or_hang)
    task = Task(RULE_SET, seconds=6)
    grades = grade_all(submissions, task, {}, lambda one: kept.append(one.name), jobs=1)
    assert [one.reason for one in grades] == [
        "ended the process that read it (status 3)",
        "took longer than 6 s",
        "a reason",
    ]
    assert sorted(kept) == [one.name for one in submissions]


def test_the_command_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken.csv").touch()

    def refusal(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["grade", *arguments], prog_name="eip")
        assert result.exit_code in (1, 2)
        return result.stderr

    assert "empty has no subfolders" in refusal("empty", "-o", "grades.csv")
    assert "taken.csv exists" in refusal("empty", "-o", "taken.csv")
    assert "did you mean session3?" in refusal("empty", "-o", "grades.csv", "--rules", "sesion3")
    assert "Missing option '-o'" in refusal("empty")


def test_the_page_and_the_json_show_strangers_names_as_text(
    graded: dict[str, RankedGrade], tmp_path: Path
) -> None:
    grade = replace(graded["right run"].grade, name="<script>alert(1)</script>\x1b[31m")
    write_grades_page([RankedGrade(grade, 1, ("<b>",))], RULE_SET, tmp_path / "grades.html")
    page = (tmp_path / "grades.html").read_text()
    assert "<script" not in page and "<b>" not in page and "\x1b" not in page
    report = report_grades(list(graded.values()), RULE_SET)
    json.dumps(report.payload)
    assert len(report.records[0]) == 30
