"""A sweep's trainings: none is lost, repeated or mixed up, and its command says what came of them."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.foundation.errors import RunError
from eip_cli.runs.locks import held_exclusively
from eip_cli.runs.run_directory import Run
from eip_cli.sweeps.conductor import plan_sweep, run_sweep
from eip_cli.sweeps.local_workers import LocalWorkers
from eip_cli.sweeps.plan import SweepRequest
from eip_cli.sweeps.run_process import train_planned
from eip_cli.sweeps.sweep_directory import Sweep
from eip_cli.sweeps.workers import SweepObserver
from tests.support.small_sweeps import LONG, NETWORKS, TINY, make_sweep, plan_tiny
from tests.training.test_training import assert_same_training


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Two seeds of a small network, each trained without a stop in a process of its own."""
    sweep = make_sweep(tmp_path_factory.mktemp("sweeps") / "whole", plan_tiny())
    assert run_sweep(sweep, LocalWorkers(), SweepObserver()).failures == {}
    return sweep


def test_each_run_is_an_ordinary_one(whole: Sweep) -> None:
    for planned, record in zip(whole.read_plan(), whole.read_records(whole.read_plan()), strict=True):
        assert record is not None
        assert record.is_complete
        assert record.config == planned.config
        assert (record.id, record.config.threads, record.deterministic) == (planned.name, 1, True)


def test_complete_runs_are_not_repeated(whole: Sweep) -> None:
    class NoWorkers(LocalWorkers):
        def train(self, sweep, runs, observer):
            assert runs == []

    assert run_sweep(whole, NoWorkers(), SweepObserver()).failures == {}


def test_a_directory_with_another_training_fails_alone(whole: Sweep, tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", plan_tiny((5,), replace(LONG, epochs=1)) + plan_tiny((6,)))
    taken = sweep.run_of(sweep.read_plan()[1])
    taken.path.mkdir()
    taken.write_record(whole.run_of(whole.read_plan()[0]).read_record())
    outcome = run_sweep(sweep, LocalWorkers(), SweepObserver())
    assert outcome.failures == {"tiny-seed6": f"{taken.path} has seed 0, but 6 is planned"}
    assert sweep.run_of(sweep.read_plan()[0]).read_record().is_complete


def test_a_network_changed_since_the_plan_is_not_trained(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_bytes(NETWORKS.read_bytes())
    planned = plan_sweep(SweepRequest((f"{own}:tiny",), (0,), {}, LONG), (), LocalWorkers())[1][0]
    own.write_bytes(NETWORKS.read_bytes() + b"\n")
    with pytest.raises(RunError, match=r"own\.py:tiny has changed since the sweep was planned"):
        train_planned(tmp_path / planned.name, planned)
    own.unlink()
    with pytest.raises(RunError, match=r"own\.py:tiny is not on this machine"):
        train_planned(tmp_path / planned.name, planned)


def test_images_that_moved_are_found_in_their_new_folder(tmp_path: Path) -> None:
    planned = plan_tiny((0,), replace(LONG, epochs=2, threads=None))[0]
    planned = replace(planned, config=replace(planned.config, threads=None, data_dir="old"))
    path = tmp_path / planned.name
    train_planned(path, replace(planned, config=replace(planned.config, epochs=1)))
    record = Run(path).read_record()
    Run(path).write_record(replace(record, status="interrupted", config=replace(record.config, epochs=2)))
    moved = replace(planned, config=replace(planned.config, data_dir="new"))
    assert train_planned(path, moved).config.data_dir == "new"


def test_a_module_of_pythons_is_not_taken_from_the_users_folder() -> None:
    Path("queue.py").write_text("raise SystemExit('the wrong queue')", encoding="utf-8")
    sweep = make_sweep(Path("sweep"), plan_tiny((0,), replace(LONG, epochs=1)))
    assert run_sweep(sweep, LocalWorkers(), SweepObserver()).failures == {}


def test_what_a_training_killed_before_its_record_left_is_no_obstacle(tmp_path: Path) -> None:
    planned = plan_tiny((0,), replace(LONG, epochs=1, threads=None))[0]
    path = tmp_path / planned.name
    path.mkdir()
    (path / ".lock").touch()
    assert train_planned(path, replace(planned, config=replace(planned.config, threads=None))).is_complete
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "thesis.txt").touch()
    with pytest.raises(RunError, match="is not a run"):
        train_planned(stranger, planned)


def test_one_sweep_is_trained_by_one_process(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", ())
    with held_exclusively(sweep.path):
        result = CliRunner().invoke(cli, ["sweep", "--sweep-dir", str(sweep.path)])
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {sweep.path} is being trained by another process\n",
    )


def start_sweep(
    path: Path, *options: str, before: Callable[[], object] | None = None
) -> subprocess.Popen[str]:
    """``eip sweep`` of the two runs of ``whole``, in a process of its own, which calls ``before`` first."""
    arguments = ["--model", TINY, "--seeds", "2", "--dataset", "digits", "--limit-train", "160"]
    arguments += ["--batch-size", "16", "--epochs", "40", "--threads", "1", "--no-accelerate"]
    arguments += ["--sweep-dir", str(path)]
    command = [sys.executable, "-m", "eip_cli", "sweep", *arguments, *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before
    )


def in_the_background() -> None:
    """A shell has what a script starts with ``&`` ignore SIGINT, the hardest case of a stop by it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def wait_for_epochs(runs: list[Run]) -> None:
    deadline = time.monotonic() + 120
    while not all((run.path / "history.csv").is_file() for run in runs):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_end(run: Run) -> str:
    deadline = time.monotonic() + 60
    while (status := run.read_record().status) == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return status


@pytest.mark.parametrize("stop", ["SIGINT", "SIGKILL"])
def test_a_stopped_sweep_continues_to_the_bits_of_an_unstopped_one(
    whole: Sweep, tmp_path: Path, stop: str
) -> None:
    path = tmp_path / "sweep"
    runs = [Sweep(path).run_of(planned) for planned in whole.read_plan()]
    process = start_sweep(path, "--jobs", "2", before=in_the_background)
    wait_for_epochs(runs)
    process.send_signal(getattr(signal, stop))
    _, errors = process.communicate(timeout=60)
    if stop == "SIGINT":
        assert process.returncode == 130, errors
        assert f"Continue with: eip sweep --sweep-dir {path}" in errors
    # The trainings stop in order, also where the process that started them was killed.
    assert [wait_for_end(run) for run in runs] == ["interrupted", "interrupted"], errors
    done = [run.read_record().epochs_done for run in runs]
    assert all(0 < epochs < 40 for epochs in done)
    assert run_sweep(Sweep(path), LocalWorkers(), SweepObserver()).failures == {}
    for run, planned in zip(runs, whole.read_plan(), strict=True):
        assert_same_training(run, whole.run_of(planned))


def sweep(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["sweep", *arguments], prog_name="eip")


def test_the_command_trains_and_says_what_came_of_it(whole: Sweep) -> None:
    result = sweep("--sweep-dir", str(whole.path), "--format", "json")
    assert result.exit_code == 0, result.output
    row = json.loads(result.stdout)[-1]
    finals = [record.final_accuracy for record in whole.read_records(whole.read_plan()) if record]
    assert row["n"] == 2
    assert row["final_accuracy"] == pytest.approx(sum(finals) / 2)  # type: ignore[arg-type]
    assert "2 runs, 2 finished" in result.stderr


def test_a_run_of_the_sweeps_name_is_not_taken_for_it(whole: Sweep, tmp_path: Path) -> None:
    shutil.copytree(whole.path, "pair.h5")
    shutil.copytree(whole.path / "tiny-seed0", Path("runs/pair.h5"))
    rows = json.loads(sweep("--sweep-dir", "pair.h5", "--format", "json").stdout)
    assert [(row["source"], row["n"]) for row in rows] == [("sweep", 2)]


def test_a_sweep_grows_by_what_is_said_and_keeps_the_rest(whole: Sweep) -> None:
    shutil.copytree(whole.path, "grown")
    assert sweep("--sweep-dir", "grown", "--threads", "1").exit_code == 0
    assert Sweep(Path("grown")).read_plan() == whole.read_plan()
    result = sweep("--sweep-dir", "grown", "--set", "epochs=1,40", "--format", "json")
    assert [(row["name"], row["n"]) for row in json.loads(result.stdout)] == [
        ("tiny, epochs 40", 2),
        ("tiny, epochs 1", 2),
    ]
    plan = Sweep(Path("grown")).read_plan()
    assert [planned.name for planned in plan[2:]] == ["tiny-epochs=1-seed0", "tiny-epochs=1-seed1"]
    assert {planned.config.dataset for planned in plan} == {"digits"}


def test_a_run_that_fails_is_named_and_the_others_go_on() -> None:
    options = (
        "--dataset",
        "digits",
        "--limit-train",
        "64",
        "--batch-size",
        "16",
        "--epochs",
        "1",
        "--no-accelerate",
    )
    models = ("--model", TINY, "--model", f"{NETWORKS}:exploding")
    result = sweep(*models, "--seeds", "1", *options, "--sweep-dir", "both")
    assert result.exit_code == 1
    assert "exploding-seed0 failed: " in result.stderr
    assert result.stderr.rstrip().endswith(
        "Error: 1 of 2 runs failed; to try them again: eip sweep --sweep-dir both"
    )
    assert Run(Path("both/tiny-seed0")).read_record().is_complete


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--seeds", "0"], 2, "1 to 1,000 seeds are possible"),
        (["--seeds", "two"], 2, "neither a count"),
        (["--seeds", "3,3"], 2, "has a seed twice"),
        (["--seeds", "4294967296,"], 2, "is no seed"),
        (["--set", "learning_rate"], 2, "is not NAME=V1,V2"),
        (["--set", "optimiser=sgd"], 2, "is not NAME=V1,V2"),
        (["--set", "learning_rate=fast"], 2, "is not a number"),
        (["--set", "epochs=0"], 2, "is not in the range"),
        (["--set", "epochs=1,1"], 2, "has a value twice"),
        (["--set", "epochs=1", "--epochs", "2"], 2, "given by itself and by --set"),
        (["--jobs", "1", "--address", "auto"], 2, "give one of them"),
        (["--sweep-dir", "nowhere"], 1, "no sweep in nowhere"),
        (["--dataset", "digits", "--limit-train", "64", "--set", "validation_split=0.001"], 1, "leaves"),
        (["--model", "seperable"], 1, "no network, file or run 'seperable'"),
        (["--dataset", "digits", "--limit-train", "9999"], 1, "cannot take 9999 training images"),
        (["--dataset", "digits", "--seeds", "800", "--set", "epochs=1,2"], 1, "1,600 runs"),
    ],
)
def test_wrong_input_is_answered_in_one_line_before_anything_is_made(
    arguments: list[str], status: int, message: str, tmp_path: Path
) -> None:
    result = sweep(*arguments)
    assert result.exit_code == status
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []
