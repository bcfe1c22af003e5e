"""``eip check``: a submission against the rules of an assignment."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.cli import cli
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.files import file_sha256
from eip_cli.networks.model import build_model
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, HISTORY_FILE, RECORD_FILE
from tests.support.places import EXAMPLES
from tests.support.submissions import RULES

SAMPLE = EXAMPLES / "sample-run"


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="eip")


def check(submission: str | Path, *options: str) -> dict:
    result = eip("check", str(submission), "--rules", "class.toml", "--format", "json", *options)
    content = json.loads(result.stdout)
    assert result.exit_code == (0 if content["holds"] else 1)
    return content


def letters(content: dict) -> str:
    return "".join({True: "y", False: "n", None: "?"}[rule["holds"]] for rule in content["rules"])


@pytest.fixture(autouse=True)
def rules_file() -> None:
    Path("class.toml").write_text(RULES.replace("last = 3\nat_least = 0.95", "last = 2\nat_least = 0.97"))


@pytest.fixture
def run() -> Path:
    """The sample run, with its last epoch, which was its best, under its own name too."""
    folder = Path(shutil.copytree(SAMPLE, "mine"))
    shutil.copy(folder / BEST_FILE, folder / FINAL_FILE)
    record = json.loads((folder / RECORD_FILE).read_text())
    record["sha256"][FINAL_FILE] = record["sha256"][BEST_FILE]
    (folder / RECORD_FILE).write_text(json.dumps(record))
    return folder


def test_a_run_that_keeps_all_rules_exits_with_0(run: Path) -> None:
    content = check(run)
    assert letters(content) == "yyyyyyyy"
    assert content["holds"] is True
    assert content["kind"] == "run"
    assert content["points"] == content["possible_points"] == 11
    final = content["rules"][6]["found"]
    assert final == "98.87% on 355 test images, measured here (95% interval 97.14% to 99.56%)"


def test_its_last_epoch_alone_is_the_same(run: Path) -> None:
    assert letters(check(run / FINAL_FILE)) == "yyyyyyyy"


def test_its_best_epoch_was_picked_on_the_images_that_count(run: Path) -> None:
    content = check(run / BEST_FILE)
    assert letters(content) == "yyyyyy?y"
    assert "picked as best on the test images: too high" in content["rules"][6]["found"]


def test_a_run_without_its_last_epoch_cannot_say_how_it_ended(run: Path) -> None:
    (run / FINAL_FILE).unlink()
    assert letters(check(run)) == "yyyyyy?y"


def test_a_history_edited_by_hand_is_not_believed(run: Path) -> None:
    path = run / HISTORY_FILE
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], *lines[4:]]) + "\n")
    result = eip("check", str(run), "--rules", "class.toml")
    assert result.exit_code == 1
    assert "its epochs are not 1, 2, 3" in result.stderr
    cells = lines[10].split(",")
    cells[5] = "1.0"
    path.write_text("\n".join([*lines[:10], ",".join(cells)]) + "\n")
    content = check(run)
    assert letters(content) == "yyyyy?y?"
    assert any("final accuracy: run.json says" in line for line in content["contradictions"])


def test_a_history_without_a_measurement_says_nothing(run: Path) -> None:
    """Random weights, and a run that was invented around them and never ended."""
    (run / FINAL_FILE).unlink()
    save_model(build_model("separable"), run / "fresh.h5")
    (run / "fresh.h5").replace(run / BEST_FILE)
    record = json.loads((run / RECORD_FILE).read_text())
    record |= {"status": "interrupted", "sha256": {BEST_FILE: file_sha256(run / BEST_FILE)}}
    (run / RECORD_FILE).write_text(json.dumps(record | {"final_accuracy": None}))
    content = check(run)
    assert letters(content)[5:] == "???"
    assert "run.json claims 98.87% of checkpoint.h5, which has" in content["rules"][7]["found"]


def test_an_epoch_that_its_checkpoint_does_not_bear_out_is_a_contradiction(run: Path) -> None:
    history = run / HISTORY_FILE
    lines = history.read_text().splitlines()
    cells = lines[6].split(",")
    cells[5] = "1.0"
    history.write_text("\n".join([*lines[:6], ",".join(cells), *lines[7:]]) + "\n")
    record = json.loads((run / RECORD_FILE).read_text())
    (run / RECORD_FILE).write_text(json.dumps(record | {"best_accuracy": 1.0, "best_epoch": 6}))
    content = check(run)
    assert letters(content) == "yyyyy?y?"
    assert "run.json claims 100.00% of checkpoint.h5, which has 98.87% here" in content["contradictions"]


def test_a_pipe_among_a_runs_files_is_not_waited_for(run: Path) -> None:
    (run / HISTORY_FILE).unlink()
    os.mkfifo(run / HISTORY_FILE)
    result = eip("check", str(run), "--rules", "class.toml")
    assert (result.exit_code, "is not a file" in result.stderr) == (1, True)


def test_a_checkpoint_that_is_not_the_runs_has_no_history(run: Path) -> None:
    (run / FINAL_FILE).unlink()
    save_model(build_model("separable"), run / FINAL_FILE)
    content = check(run / FINAL_FILE)
    assert letters(content)[5:] == "???"
    assert "nothing is known of its training" in content["rules"][5]["found"]


def test_a_folder_means_what_is_in_it(run: Path) -> None:
    Path("submission").mkdir()
    with pytest.raises(json.JSONDecodeError):
        check("submission")
    shutil.copy(run / FINAL_FILE, "submission/model.h5")
    content = check("submission")
    assert (content["submission"], letters(content)) == ("submission/model.h5", "yyyyy?y?")


def test_predictions_say_nothing_of_a_network_but_what_is_stated() -> None:
    labels = load_dataset("digits").test_labels
    np.savez("answers.npz", labels=np.where(np.arange(355) < 5, (labels + 1) % 10, labels))
    assert letters(check("answers.npz")) == "??????y?"
    content = check("answers.npz", "--params", "99999")
    assert letters(content) == "???y??y?"
    assert content["rules"][3]["found"] == "99,999 parameters, as stated: not counted"
    assert letters(check("answers.npz", "--params", "100000")) == "???n??y?"


def test_a_network_without_weights_answers_for_itself_alone() -> None:
    content = check("separable")
    assert letters(content) == "yyyyy???"
    assert content["kind"] == "network"
    assert letters(check("base")) == "nnynn???"


def test_rules_of_other_images_ask_about_these(run: Path) -> None:
    result = eip("check", str(run), "--rules", "mnist994", "--format", "json")
    content = json.loads(result.stdout)
    found = {rule["rule"]: rule["found"] for rule in content["rules"]}
    assert content["holds"] is False
    assert "(28, 28, 1) is needed" in found["Final accuracy at least 99.40%"]
    assert found["Each of the last 3 epochs at least 99.40%"] == "the rules are of mnist, this run of digits"


@pytest.mark.parametrize("form", ["table", "markdown", "csv"])
def test_every_form_says_whether_each_rule_holds(form: str) -> None:
    result = eip("check", "base", "--rules", "class.toml", "--format", form)
    assert result.exit_code == 1
    assert "1,172,410 parameters" in result.stdout
    assert ("False" if form == "csv" else "no") in result.stdout
    if form == "markdown":
        assert result.stdout.startswith("**Digits in a class**\n\n| Rule | Found | Holds | Points |")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("check", "nothing.h5"), 1, "no file nothing.h5"),
        (("check", "separable", "--rules", "sesion3"), 1, "did you mean session3?"),
        (("check", "separable", "--params", "3"), 2, "--params"),
        (("check", "answers.csv", "--pixels", "0-255"), 2, "--pixels is about a network"),
        (("rules", "sesion3"), 1, "no rules 'sesion3': use mnist994, session3, session7"),
    ],
)
def test_what_cannot_be_checked_is_one_line(arguments: tuple[str, ...], status: int, message: str) -> None:
    result = eip(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert message in result.stderr


def test_rule_sets_are_listed_and_written_out() -> None:
    listed = json.loads(eip("rules", "--format", "json").stdout)
    assert [one["name"] for one in listed] == ["mnist994", "session3", "session7"]
    assert "At most 50 epochs" in listed[1]["rules"]
    Path("mine.toml").write_text(eip("rules", "session3").stdout)
    assert json.loads(eip("check", "base", "--rules", "mine.toml", "--format", "json").stdout)["points"] == 1
