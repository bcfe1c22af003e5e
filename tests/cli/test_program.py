"""The installed program, in processes of its own, as its users start it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from eip_cli.foundation.streams import held_back_errors
from eip_cli.runs.run_directory import Run
from eip_cli.training.state import read_state
from tests.support.places import NETWORKS
from tests.support.written_sweeps import write_sweep

EIP = Path(sys.executable).with_name("eip.exe" if sys.platform == "win32" else "eip")
TINY = ["train", "--model", f"{NETWORKS}:tiny", "--dataset", "digits", "--limit-train", "80"]


def eip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([EIP, *arguments], capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["train", "-h"], ["--version"], ["train", "--epochs", "0"], ["nothing"]]
)
def test_help_and_usage_errors_import_neither_keras_nor_tensorflow(arguments: list[str]) -> None:
    program = f"""
import sys
from eip_cli.cli import cli
try:
    cli({arguments!r}, prog_name="eip")
except SystemExit as end:
    status = end.code
heavy = {{"keras", "tensorflow", "jax", "pandas", "sklearn", "matplotlib", "scipy", "h5py"}}
print(status, sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    expected = 2 if arguments in (["train", "--epochs", "0"], ["nothing"]) else 0
    assert result.stderr.splitlines()[-1] == f"{expected} []"


def test_importing_the_package_starts_nothing() -> None:
    program = "import sys, eip_cli; print(sorted({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


def test_the_three_commands_of_the_card_in_an_empty_folder() -> None:
    trained = eip("train", "--epochs", "1", "--dataset", "digits", "--limit-train", "64")
    assert trained.returncode == 0, trained.stderr
    assert "finished, 1 of 1 epochs" in trained.stdout
    summary = eip("summary", "--show-rf")
    assert "58,965 parameters (57,793 trainable, 1,172 not), receptive field 44" in " ".join(
        summary.stdout.split()
    )
    assert summary.stderr == ""  # nothing of TensorFlow's
    evaluated = eip("evaluate", "checkpoint.h5")
    assert evaluated.returncode == 0, evaluated.stderr
    assert "355 test images of digits" in evaluated.stdout


def test_an_expected_failure_is_one_line() -> None:
    result = eip("evaluate", "missing.h5")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "Error: no file missing.h5 here, nor in any run under runs/\n"


@pytest.mark.skipif(sys.platform == "win32", reason="closes streams as a POSIX shell does")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_standard_stream_leads_nowhere(closed: str) -> None:
    command = [sys.executable, "-m", "eip_cli", "compare-baseline", "--format", "json"]
    result = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *command], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("[") == (">&-" not in closed.replace("2>&-", ""))


def test_native_libraries_start_without_a_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with held_back_errors():
        pass


def test_a_narrow_encoding_escapes_what_it_lacks() -> None:
    for name in ("网络", "ours"):
        write_sweep(name, {"separable": [0.84]})
    result = subprocess.run(
        [sys.executable, "-m", "eip_cli", "compare-baseline", "网络", "ours", "--format", "csv"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"\\u7f51\\u7edc: separable,sweep" in result.stdout


def test_verbose_lets_tensorflow_speak() -> None:
    assert "oneDNN" in eip("summary", "base", "--code", "--verbose").stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a single process")
def test_ctrl_c_keeps_what_is_complete_and_says_how_to_go_on() -> None:
    arguments = [str(EIP), *TINY, "--epochs", "500", "--run-dir", "run"]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.lstrip().startswith("2/500"):
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait() == 130
    record = Run(Path("run")).read_record()
    assert record.status == "interrupted"
    assert record.epochs_done >= 2
    assert f"{record.epochs_done} complete epochs are kept in run." in rest
    assert "eip train --resume run" in rest
    assert "Traceback" not in rest


# Large batches in Keras's own batch normalization are what TensorFlow's memory optimizer rearranges.
LARGE_BATCHES = [
    "train",
    "--no-accelerate",
    "--dataset",
    "digits",
    "--limit-train",
    "384",
    "--batch-size",
    "128",
]


@pytest.mark.parametrize(
    "arguments",
    [[*TINY, "--epochs", "3", "--batch-size", "4"], [*LARGE_BATCHES, "--epochs", "1"]],
    ids=["60 steps", "Keras's own layers"],
)
def test_two_processes_with_one_seed_agree_to_the_bit(arguments: list[str]) -> None:
    states = []
    for name in ("one", "two"):
        result = eip(*arguments, "--run-dir", name, "--format", "json")
        assert json.loads(result.stdout)["deterministic"] is True
        states.append(read_state(Path(name) / "state.npz"))
    one, two = states
    assert one is not None
    assert two is not None
    assert [row.loss for row in one.history] == [row.loss for row in two.history]
    assert [row.val_accuracy for row in one.history] == [row.val_accuracy for row in two.history]
    for group in ("weights", "optimizer", "best_weights"):
        pairs = zip(getattr(one, group), getattr(two, group), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs), group


def test_another_number_of_threads_is_allowed_and_recorded() -> None:
    assert eip(*TINY, "--epochs", "1", "--threads", "1", "--run-dir", "run").returncode == 0
    assert Run(Path("run")).read_record().deterministic
    result = eip("train", "--resume", "run", "--epochs", "2", "--threads", "2")
    assert result.returncode == 0, result.stderr
    record = Run(Path("run")).read_record()
    assert (record.epochs_done, record.config.threads, record.deterministic) == (2, 2, False)


def test_a_diverged_training_exits_1_in_one_line() -> None:
    result = eip("train", "--model", f"{NETWORKS}:exploding", *TINY[3:], "--run-dir", "run")
    assert result.returncode == 1
    (error,) = (line for line in result.stderr.splitlines() if line.startswith("Error: "))
    assert "the loss became nan at epoch 1, step" in error
    assert Run(Path("run")).read_record().status == "failed"


def test_help_answers_in_well_under_half_a_second() -> None:
    fastest = min(_seconds_of_help() for _ in range(3))  # of three: other work on the machine only adds
    assert fastest < 0.5


def _seconds_of_help() -> float:
    began = time.perf_counter()
    assert eip("--help").returncode == 0
    return time.perf_counter() - began
