"""What no command foresaw, and what the machine may be like: one line, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.cli.common.group import CommandFiles, ExperimentGroup
from eip_cli.foundation.errors import SettingsWarning, TrainingError


def run_command_that(raises: BaseException) -> Result:
    """A program with one command, which raises."""

    @click.group(cls=ExperimentGroup)
    def program() -> None: ...

    @program.command()
    def work() -> None:
        raise raises

    return CliRunner().invoke(program, ["work"])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (TrainingError("the loss\nbecame nan"), "the loss became nan"),
        (PermissionError(13, "Permission denied", "runs/one"), "runs/one: Permission denied"),
        (
            ImportError("libopenblas.so.0: cannot open"),
            "a package cannot be imported (ImportError: libopenblas",
        ),
        (MemoryError(), "more memory is needed than there is"),
        (KeyError("weights\n" + "x" * 999), "a fault of this program, not of yours (KeyError: 'weights"),
        (RecursionError("too deep"), "a fault of this program"),
        (SystemExit("bye"), "a fault of this program"),  # a command ends otherwise
    ],
)
def test_any_failure_is_one_line(error: BaseException, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    result = run_command_that(error)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {message}")
    assert len(line) < 500


def test_verbose_shows_the_traceback_of_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")  # as --verbose sets it
    result = run_command_that(KeyError("weights"))
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: a fault of this program")


def test_a_fault_says_how_to_see_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    assert "eip --verbose" in run_command_that(KeyError("weights")).stderr


def test_ctrl_c_ends_with_130() -> None:
    result = run_command_that(KeyboardInterrupt())
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


def test_a_setting_that_is_not_followed_is_said_in_a_line_of_its_own() -> None:
    result = run_command_that(SettingsWarning("keras.json is damaged"))
    assert result.exit_code == 1  # raised, a warning is an error like others

    @click.group(cls=ExperimentGroup)
    def program() -> None: ...

    @program.command()
    def work() -> None:
        import warnings

        warnings.warn("keras.json is damaged", SettingsWarning, stacklevel=1)

    assert CliRunner().invoke(program, ["work"]).stderr == "keras.json is damaged\n"


def test_every_command_keeps_standard_output_for_its_result(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "commands_of_a_test"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "speak.py").write_text(
        "import click\n"
        "from eip_cli.cli.common.messages import show_result\n"
        "@click.command()\n"
        "def speak():\n"
        "    print('chatter')\n"
        "    show_result('the result')\n"
        "    print('more chatter')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    @click.group(cls=ExperimentGroup, commands=CommandFiles("commands_of_a_test"))
    def program() -> None: ...

    for _ in range(2):
        result = CliRunner().invoke(program, ["speak"])
        assert (result.stdout, result.stderr) == ("the result\n", "chatter\nmore chatter\n")


PRINTS = """
import sys
print("at the import")
import keras

class Talking(keras.layers.Layer):
    def call(self, x):
        print("in a layer")
        return x

    def compute_output_shape(self, shape):
        return shape

def net():
    sys.stdout.write("in the function\\n")
    layers = [Talking(), keras.layers.Flatten(), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((32, 32, 3)), *layers])
    model.summary()
    return model
"""


def test_what_a_network_prints_is_no_part_of_the_result() -> None:
    Path("net.py").write_text(PRINTS)
    result = CliRunner().invoke(cli, ["build", "net.py:net", "--format", "csv"])
    assert "at the import" in result.stderr
    assert "Total params" in result.stderr
    for text in ("import", "function", "layer", "Total params"):
        assert text not in result.stdout


def start(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eip_cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **settings}
    )


@pytest.mark.parametrize("package", ["numpy", "tensorflow"])
def test_a_damaged_installation_is_one_line(package: str) -> None:
    Path("broken", package).mkdir(parents=True)
    Path("broken", package, "__init__.py").write_text("raise ImportError('a library\\nis missing')")
    path = os.pathsep.join(
        [str(Path("broken").resolve()), os.environ.get("PYTHONPATH", "."), str(Path.cwd())]
    )
    result = start("summary", "--code", PYTHONPATH=path)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    what = "Keras cannot be started" if package == "tensorflow" else "a package cannot be imported"
    assert f"{what} (ImportError: a library is missing)" in line
    assert "pip install --force-reinstall" in line


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no folder that is in use")
def test_a_working_directory_that_is_gone_is_one_line(tmp_path: Path) -> None:
    command = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    program = [
        "sh",
        "-c",
        command,
        "sh",
        sys.executable,
        "-P",
        "-m",
        "eip_cli",
        "train",
        "--resume",
        "latest",
    ]
    result = subprocess.run(program, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("Error: ")


@pytest.mark.parametrize("columns", ["many", "0", "-5", "1", "1000000000", ""])
def test_any_width_of_the_terminal_is_taken(columns: str) -> None:
    result = start("compare-baseline", COLUMNS=columns)
    assert (result.returncode, result.stderr) == (0, "")
    assert "1,172,410" in result.stdout


FAILS_LATER = """
import sys
import keras

class Leaving(keras.layers.Layer):
    def call(self, x, training=None):
        if training:
            sys.exit("enough")
        return x

class Failing(keras.layers.Layer):
    def call(self, x, training=None):
        if training:
            raise RuntimeError("not for training")
        return x

def network(layer):
    layers = [layer, keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((32, 32, 3)), *layers])

def leaving(): return network(Leaving())
def failing(): return network(Failing())
"""


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("leaving", r"failed with SystemExit: enough (net.py:8)"),
        ("failing", r"failed with RuntimeError: not for training (net.py:14)"),
    ],
)
def test_what_fails_in_a_users_layer_as_it_trains_is_theirs(function: str, message: str) -> None:
    Path("net.py").write_text(FAILS_LATER)
    arguments = ["train", "--model", f"net.py:{function}", "--dataset", "digits", "--limit-train", "32"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert message in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
