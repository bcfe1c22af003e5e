"""eip doctor: what is here, and which line keeps a training from starting."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.foundation.backend import keras
from eip_cli.foundation.version import __version__
from eip_cli.recipes.configuration import DATASETS


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["doctor", *arguments], prog_name="eip")


def found(status: int = 0) -> dict[str, Any]:
    result = doctor("--format", "json")
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_a_machine_on_which_a_training_could_start() -> None:
    programs = Path("cache/programs/tensorflow-1")
    programs.mkdir(parents=True)
    (programs / "one.pb").write_bytes(b"p" * 1000)
    (Path("cache") / "archive").write_bytes(b"a" * 300)
    content = found()
    assert (content["can_train"], content["faults"]) == (True, [])
    assert content["versions"]["eip-cli"] == __version__
    assert content["versions"]["keras"] == keras.__version__
    assert content["computing"]["backend"] == keras.backend.backend()
    assert content["computing"]["threads"] >= 1
    assert content["settings"]["EIP_CACHE_DIR"] == str(Path("cache").resolve())
    assert list(content["data"]) == list(DATASETS)
    assert content["data"]["cifar10"] is None  # it would be downloaded, and was not
    assert content["caches"]["compiled_programs"]["bytes"] == 1000
    assert content["caches"]["data"]["bytes"] == 300
    assert content["folders"]["runs"]["path"] == str(Path.cwd())
    assert content["folders"]["runs"]["free_bytes"] > 0


def test_every_format_says_the_same() -> None:
    table = doctor()
    assert (table.exit_code, table.stderr) == (0, "")
    assert table.stdout.endswith("A training could start here.\n")
    records = list(csv.DictReader(doctor("--format", "csv").stdout.splitlines()))
    assert {"part": "versions", "name": "eip-cli", "found": __version__, "fault": ""} in records
    assert "| versions | python |" in doctor("--format", "markdown").stdout


def test_data_that_are_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Path("images/cifar-10-batches-py")
    batches.mkdir(parents=True)
    (batches / "data_batch_1").touch()
    monkeypatch.setenv("EIP_DATA_DIR", "images")
    content = found()
    assert content["data"]["cifar10"] == str(batches)
    assert content["data"]["mnist"] is None  # which a training on CIFAR-10 does without


def test_a_data_folder_without_images_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIP_DATA_DIR", "nowhere")
    (fault,) = found(status=1)["faults"]
    assert (fault["part"], fault["name"]) == ("data", "cifar10")
    assert "the data folder nowhere does not exist" in fault["fault"]
    shown = doctor().stdout
    assert "cifar10 *" in shown
    assert "A training could not start here." in shown


def test_a_cache_that_cannot_be_filled_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("EIP_CACHE_DIR", "file")
    content = found(status=1)
    assert [fault["name"] for fault in content["faults"]] == ["cifar10"]
    assert content["folders"]["cache"]["free_bytes"] is None


def test_a_place_for_runs_that_cannot_be_written_to_is_at_fault() -> None:
    Path("runs").touch()
    (fault,) = found(status=1)["faults"]
    assert fault["name"] == "runs"
    assert "runs cannot be written to" in fault["fault"]
    assert "--run-dir" in fault["fault"]


def test_a_backend_that_cannot_be_started_is_at_fault_and_the_rest_is_told() -> None:
    command = [sys.executable, "-m", "eip_cli", "doctor", "--format", "json"]
    environment = os.environ | {"KERAS_BACKEND": "abacus"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (result.returncode, result.stderr) == (1, "")
    content = json.loads(result.stdout)
    (fault,) = content["faults"]
    assert fault["name"] == "backend"
    assert "KERAS_BACKEND names the backend 'abacus'" in fault["fault"]
    assert content["settings"]["KERAS_BACKEND"] == "abacus"
    assert content["folders"]["runs"]["free_bytes"] > 0
