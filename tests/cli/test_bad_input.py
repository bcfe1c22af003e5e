"""Wrong input of every kind: one line that says what to do, exit 1 or 2, and no file touched."""

import re
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eip_cli.cli import cli
from tests.support import places
from tests.support.fakes import write_cifar10

NETWORKS = places.NETWORKS.as_posix()

# (arguments, exit status, what the message says). Status 2 is Click's own form.
BAD_INPUTS = [
    ("summary resnet", 1, "no network, file or run 'resnet'"),
    ("summary missing.py:build", 1, "no file missing.py"),
    ("summary no_such_module:build", 1, "failed with ModuleNotFoundError"),
    (f"summary {NETWORKS}:absent", 1, "has no function 'absent'"),
    (f"summary {NETWORKS}:broken", 1, "failed with RuntimeError: the kernel is larger"),
    (f"summary {NETWORKS}:no_model", 1, "returned str, not a Keras model"),
    (f"summary {NETWORKS}:not_built", 1, "begin it with keras.Input"),
    (f"summary {NETWORKS}:subclassed", 1, "subclassed model"),
    (f"summary --show-rf {NETWORKS}:unknown_layer", 1, "Mystery"),
    ("summary missing.h5", 1, "no file missing.h5 here, nor in any run"),
    ("summary missing.keras", 1, "no file missing.keras here"),
    ("summary folder", 1, "folder is not a run: it has no run.json"),
    ("summary latest", 1, "no run under runs/ yet"),
    ("summary syntax.py:build", 1, "failed with SyntaxError"),
    ("summary syntax.py", 1, "syntax.py is no Python: SyntaxError"),
    ("summary missing.py", 1, "no file missing.py"),
    ("summary folder.py:build", 1, "no file folder.py"),
    (f"summary {NETWORKS}", 1, f"did you mean {NETWORKS}:tiny?"),
    (f"build {NETWORKS}:", 1, f"did you mean {NETWORKS}:tiny?"),
    (f"summary {NETWORKS}:tinny", 1, f"did you mean {NETWORKS}:tiny?"),
    (f"train --dataset digits --model {NETWORKS}", 1, f"did you mean {NETWORKS}:tiny?"),
    (f"sweep --seeds 1 --dataset digits --model {NETWORKS}", 1, f"did you mean {NETWORKS}:tiny?"),
    (f"evaluate net.h5 --dataset digits --model {NETWORKS}", 1, f"did you mean {NETWORKS}:tiny?"),
    (f"train --data-dir missing --model {NETWORKS}:grey", 1, "(32, 32, 3) is needed"),
    ("evaluate twelve.keras --data-dir missing", 1, "(10,) is needed"),
    ("evaluate net.h5 --data-dir missing --model separable --plot syntax.py/m.png", 1, "no folder"),
    ("summary separable base", 2, "unexpected extra argument"),
    ("summary --show-everything", 2, "No such option"),
    ("summary --format xml", 2, "'xml' is not one of"),
    ("build -o net.txt", 1, "net.txt"),
    ("build -o occupied.h5", 1, "occupied.h5 exists"),
    ("build -o occupied.h5/net.h5", 1, "occupied.h5/net.h5: cannot be written"),
    ("build --seed -1", 2, "-1 is not in the range"),
    ("build --seed many", 2, "'many' is not a valid integer"),
    ("train --epochs 0", 2, "0 is not in the range x>=1"),
    ("train --epochs -3", 2, "-3 is not in the range"),
    ("train --epochs 1.5", 2, "'1.5' is not a valid integer"),
    ("train --batch-size 0", 2, "0 is not in the range"),
    ("train --learning-rate 0", 2, "0 is not a positive number"),
    ("train --learning-rate nan", 2, "nan is not a positive number"),
    ("train --learning-rate inf", 2, "inf is not a positive number"),
    ("train --learning-rate fast", 2, "'fast' is not a number"),
    ("train --validation-split 0", 2, "0.0 is not in the range 0<x<1"),
    ("train --validation-split 1", 2, "1.0 is not in the range"),
    ("train --threads 0", 2, "0 is not in the range"),
    ("train --limit-train 0", 2, "0 is not in the range"),
    ("train --dataset svhn", 2, "'svhn' is not one of"),
    ("train --run-dir new --resume old", 2, "give one of them"),
    ("train --resume latest", 1, "no run under runs/ yet"),
    ("train --resume folder", 1, "folder is not a run"),
    ("train --resume nothing", 1, "no run 'nothing'"),
    ("train --run-dir folder", 1, "folder exists: name another --run-dir"),
    ("train --run-dir occupied.h5", 1, "occupied.h5 exists: name another --run-dir"),
    ("train --run-dir occupied.h5/run --dataset digits --limit-train 32", 1, "cannot make occupied.h5/run"),
    ("train --dataset digits --limit-train 100000", 1, "choose from 1 to 1442"),
    ("train --dataset digits --limit-train 3 --validation-split 0.01", 1, "leaves no image on one side"),
    ("train --model occupied.h5 --dataset digits", 1, "occupied.h5"),
    (f"train --model {NETWORKS}:logits --dataset digits", 1, "returns logits, not probabilities"),
    (f"train --model {NETWORKS}:grey --dataset digits", 1, "(32, 32, 3) is needed"),
    (f"train --model {NETWORKS}:twelve_classes --dataset digits", 1, "(10,) is needed"),
    ("train --data-dir missing", 1, "the data folder"),
    ("train --data-dir folder", 1, "no CIFAR-10 in"),
    ("train --data-dir truncated", 1, "cifar-10-python.tar.gz"),
    ("train --data-dir wrong_labels", 1, "data_batch_1"),
    ("train --data-dir short_batch", 1, "data_batch_2"),
    ("train --data-dir text_batch", 1, "test_batch"),
    ("evaluate", 2, "Missing argument 'CHECKPOINT'"),
    ("evaluate nothing", 1, "no run 'nothing'"),
    (f"evaluate {'a' * 300}", 1, "File name too long"),
    (f"train --model {NETWORKS}:frozen --dataset digits", 1, "there is nothing to train"),
    ("evaluate missing.h5", 1, "no file missing.h5 here"),
    ("evaluate occupied.h5", 1, "occupied.h5"),
    ("evaluate empty.keras", 1, "empty.keras"),
    ("evaluate net.h5 --data-dir missing", 1, "the data folder"),
    ("evaluate net.h5 --dataset svhn", 2, "'svhn' is not one of"),
    ("evaluate net.h5 --dataset digits --plot folder", 2, "is a directory"),
    ("evaluate net.h5 --dataset digits --plot matrix.xyz", 1, "cannot draw matrix.xyz"),
    ("compare-baseline --require-better", 2, "--require-better needs a run or a checkpoint"),
    ("compare-baseline nothing", 1, "no run 'nothing'"),
    ("compare-baseline folder", 1, "folder is not a run"),
    ("compare-baseline --plot curves.xyz", 1, "cannot draw curves.xyz"),
    ("data --data-dir occupied.h5", 1, "occupied.h5"),
    ("runs --where seed", 2, "is not of the form NAME=VALUE"),
    ("runs --sort", 2, "requires an argument"),
    ("nothing", 2, "No such command 'nothing'"),
]


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files to stumble over; no test may change it."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "folder").mkdir()
    (folder / "occupied.h5").write_text("not HDF5")
    (folder / "empty.keras").touch()
    (folder / "syntax.py").write_text("def build(:")
    (folder / "folder.py").mkdir()
    twelve = ["build", f"{NETWORKS}:twelve_classes", "-o", str(folder / "twelve.keras")]
    assert CliRunner().invoke(cli, twelve).exit_code == 0
    assert CliRunner().invoke(cli, ["build", "-o", str(folder / "net.h5")]).exit_code == 0
    (folder / "truncated").mkdir()
    archive = folder / "truncated" / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(Path(__file__), "cifar-10-batches-py/data_batch_1")
    archive.write_bytes(archive.read_bytes()[:-100])
    for name in ("wrong_labels", "short_batch", "text_batch"):
        write_cifar10(folder / name)
    batch = folder / "wrong_labels" / "cifar-10-batches-py" / "data_batch_1"
    batch.write_bytes(batch.read_bytes().replace(b"K\x09", b"K\x0b"))  # label 9 becomes 11
    batch = folder / "short_batch" / "cifar-10-batches-py" / "data_batch_2"
    batch.write_bytes(batch.read_bytes()[:-1000])
    (folder / "text_batch" / "cifar-10-batches-py" / "test_batch").write_text("a text")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.stat().st_size < 2**20 else b"large"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def assert_one_line(stderr: str) -> None:
    """Click's form of a usage error, or our one line."""
    lines = stderr.strip().splitlines()
    if lines[0].startswith("Usage: "):
        assert re.match(r"Try 'eip .*(-h|--help)' for help\.", lines[1])
        lines = lines[3:]
    (line,) = (one for one in lines if one.startswith("Error: "))
    assert line == lines[-1]
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"), BAD_INPUTS, ids=[case[0][-60:] for case in BAD_INPUTS]
)
def test_bad_input_is_answered_in_one_line(
    arguments: str, status: int, message: str, bad_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bad_files)
    before = contents(bad_files)
    result = CliRunner().invoke(cli, arguments.split(), prog_name="eip")
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert_one_line(result.stderr)
    assert result.stdout == ""
    assert contents(bad_files) == before


def test_there_are_at_least_forty_kinds() -> None:
    assert len({arguments for arguments, _, _ in BAD_INPUTS}) >= 40


OPTIONS = [
    "--epochs",
    "--batch-size",
    "--learning-rate",
    "--seed",
    "--threads",
    "--limit-train",
    "--validation-split",
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    option=st.sampled_from(OPTIONS),
    value=st.one_of(st.text(max_size=8), st.integers().map(str), st.floats().map(str)),
)
def test_any_value_of_a_number_is_a_usage_error_or_goes_on_to_the_missing_data(
    option: str, value: str
) -> None:
    arguments = ["train", option, value, "--data-dir", "missing"]
    result = CliRunner().invoke(cli, arguments, prog_name="eip")
    assert result.exit_code in (1, 2), result.output
    assert_one_line(result.stderr)
    assert not Path("runs").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
)
def test_any_name_of_a_checkpoint_is_answered(name: str) -> None:
    result = CliRunner().invoke(cli, ["evaluate", "--", name], prog_name="eip")
    assert result.exit_code in (1, 2)
    assert_one_line(result.stderr)
    assert result.stderr.rstrip("\n").isprintable() or "Usage" in result.stderr


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), ending=st.sampled_from([".h5", ".keras"]))
def test_any_content_of_a_checkpoint_is_refused(content: bytes, ending: str) -> None:
    path = Path(f"file{ending}")
    path.write_bytes(content)
    result = CliRunner().invoke(cli, ["evaluate", str(path), "--dataset", "digits"], prog_name="eip")
    assert result.exit_code == 1
    assert_one_line(result.stderr)
    assert path.read_bytes() == content
