"""Run directories: made once, recorded whole, found by the names that users give."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eip_cli.checkpoints.naming import resolve_checkpoint
from eip_cli.foundation.errors import CheckpointError, RunError
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.catalogue import find_run, list_runs
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import Run, create_run


def record_of(name: str, started: str = "2026-01-01T00:00:00+00:00") -> RunRecord:
    return RunRecord(id=name, status="finished", config=resolve_config(TrainConfig()), started=started)


def make_run(name: str, started: str, *files: str) -> Run:
    run = create_run(Path("runs") / name, "separable", 0)
    run.write_record(record_of(name, started))
    for file in files:
        (run.path / file).write_bytes(b"weights")
    return run


def test_a_record_reads_back_as_it_was_written() -> None:
    run = create_run(Path("one"), "separable", 0)
    record = replace(record_of("one"), receptive_field=(44, 44), best_accuracy=0.8515, sha256={"a": "b"})
    run.write_record(record)
    assert run.read_record() == record


def test_a_record_of_before_the_whole_image_was_told_from_a_number_is_read() -> None:
    run = make_run("one", "2026-01-01T00:00:00+00:00")
    content = json.loads(run.record_path.read_text())
    del content["whole_image_seen"]
    run.record_path.write_text(json.dumps(content | {"receptive_field": [3, 3]}))
    assert (run.read_record().receptive_field, run.read_record().whole_image_seen) == ((3, 3), False)


def test_a_record_shows_scripts_its_main_facts_at_the_top() -> None:
    content = record_of("one").to_dict()
    facts = ("model", "dataset", "seed", "threads", "selected_on", "status", "params", "deterministic")
    assert set(facts) <= set(content)
    assert (content["model"], content["selected_on"]) == ("separable", "test")
    assert content["config"]["batch_size"] == 128


def test_two_runs_started_at_once_get_different_directories() -> None:
    paths = {create_run(None, "separable", 0).path for _ in range(5)}
    assert len(paths) == 5
    assert {path.parent for path in paths} == {Path("runs")}


def test_a_run_is_named_after_its_network() -> None:
    assert "-mine-seed7" in create_run(None, "nets/my.py:mine", 7).path.name
    assert "-old-seed0" in create_run(None, "files/old.h5", 0).path.name


def test_an_existing_directory_is_never_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(RunError, match=r"mine exists: name another --run-dir"):
        create_run(Path("mine"), "separable", 0)


def test_a_directory_that_cannot_be_made_is_named() -> None:
    Path("file").write_text("in the way")
    with pytest.raises(RunError, match=r"cannot make file/run: (Not a directory|File exists)"):
        create_run(Path("file/run"), "separable", 0)


def test_latest_is_the_run_started_last() -> None:
    make_run("b", "2026-01-02T00:00:00+00:00")
    make_run("a", "2026-01-03T00:00:00+00:00")
    make_run("c", "2026-01-01T00:00:00+00:00")
    assert find_run("latest").path.name == "a"
    assert [record.id for _, record in list_runs()] == ["a", "b", "c"]


def test_a_run_is_found_by_directory_or_id() -> None:
    run = make_run("a", "2026-01-03T00:00:00+00:00")
    assert find_run("runs/a") == find_run("a") == run


def test_a_damaged_run_hides_no_other() -> None:
    make_run("a", "2026-01-03T00:00:00+00:00")
    damaged = make_run("b", "2026-01-04T00:00:00+00:00")
    damaged.record_path.write_text("{")
    assert find_run("latest").path.name == "a"
    with pytest.raises(RunError, match="is damaged: it is not a run's record"):
        damaged.read_record()


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"config": 3}',
        "null",
        '{"id": "a", "config": {"epochs": -1}}',
        '{"id": "\\u001b[31m", "status": "finished", "started": "", "config": {}}',
    ],
)
def test_a_record_that_is_none_is_said_to_be_damaged(content: str) -> None:
    run = create_run(Path("one"), "separable", 0)
    run.record_path.write_text(content)
    with pytest.raises(RunError, match="is damaged"):
        run.read_record()


def test_a_record_of_a_later_version_still_reads() -> None:
    run = create_run(Path("one"), "separable", 0)
    content = record_of("one").to_dict() | {"colour": "green"}
    content["config"]["optimizer"] = "lion"
    run.record_path.write_text(json.dumps(content))
    assert run.read_record().id == "one"


def test_a_run_means_its_best_checkpoint() -> None:
    run = make_run("a", "2026-01-03T00:00:00+00:00", "checkpoint.h5", "final.h5")
    assert resolve_checkpoint("a").path == run.path / "checkpoint.h5"
    assert resolve_checkpoint("runs/a/final.h5").path == run.path / "final.h5"
    assert resolve_checkpoint("runs/a/final.h5").run == run
    assert resolve_checkpoint("latest").notice == f"latest is {run.path / 'checkpoint.h5'}"


def test_a_bare_file_name_is_looked_for_in_the_newest_run_that_has_it() -> None:
    make_run("old", "2026-01-01T00:00:00+00:00", "checkpoint.h5")
    newer = make_run("newer", "2026-01-02T00:00:00+00:00", "checkpoint.h5")
    make_run("newest", "2026-01-03T00:00:00+00:00")
    found = resolve_checkpoint("checkpoint.h5")
    assert found.path == newer.path / "checkpoint.h5"
    assert found.notice == f"no checkpoint.h5 here: taking {found.path}"


def test_a_file_here_comes_before_those_of_runs() -> None:
    make_run("a", "2026-01-01T00:00:00+00:00", "checkpoint.h5")
    Path("checkpoint.h5").write_bytes(b"mine")
    found = resolve_checkpoint("checkpoint.h5")
    assert (found.path, found.run, found.notice) == (Path("checkpoint.h5"), None, None)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("latest", RunError, "no run under runs/ yet: start one with 'eip train'"),
        ("nothing", RunError, "no run 'nothing'"),
        ("checkpoint.h5", CheckpointError, "no file checkpoint.h5 here, nor in any run"),
        ("some/where.keras", CheckpointError, "no file some/where.keras"),
        (".", RunError, "is not a run: it has no run.json"),
    ],
)
def test_what_is_not_there_is_named(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        resolve_checkpoint(name)
    assert message in str(refusal.value)


def test_a_run_without_an_epoch_has_no_checkpoint_yet() -> None:
    make_run("a", "2026-01-01T00:00:00+00:00")
    with pytest.raises(CheckpointError, match=r"has no checkpoint.h5 yet: no epoch of it is complete"):
        resolve_checkpoint("a")
