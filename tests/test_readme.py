"""README against the program: its commands run, its outputs are real, its test command is what CI runs."""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import eip_cli
from eip_cli.cli import cli
from eip_cli.runs.run_directory import (
    BEST_FILE,
    CURVES_FILE,
    FINAL_FILE,
    HISTORY_FILE,
    RECORD_FILE,
    STATE_FILE,
)

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

# What README shows of these is run again and compared; trainings and evaluations are not.
REPEATABLE = ("summary", "build", "compare-baseline", "train -h")


def console_blocks() -> list[tuple[str, str]]:
    """Each ``$ eip ...`` line of README with the output that stands under it."""
    blocks = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
    examples = []
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            examples.append((command.partition("#")[0].strip(), output.rstrip()))
    return examples


EXAMPLES = console_blocks()
REPEATED = [
    example for example in EXAMPLES if example[1] and example[0].removeprefix("eip ").startswith(REPEATABLE)
]


@pytest.mark.parametrize(("command", "output"), REPEATED, ids=[command for command, _ in REPEATED])
def test_the_output_shown_is_the_programs(command: str, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    arguments = [word.replace("examples/", f"{ROOT}/examples/") for word in shlex.split(command)[1:]]
    result = CliRunner().invoke(cli, arguments, prog_name="eip")
    printed = [line.rstrip() for line in result.output.replace(f"{ROOT}/", "").rstrip().splitlines()]
    assert printed == output.splitlines()


def test_every_command_is_shown_and_every_shown_command_exists() -> None:
    shown = {shlex.split(command)[1] for command, _ in EXAMPLES}
    assert shown >= set(cli.commands) - {"data"}
    assert "eip data" in README


def test_every_example_parses() -> None:
    for command, _ in EXAMPLES:
        name, *arguments = shlex.split(command)[1:]
        if "-h" not in arguments:
            cli.commands[name].make_context(name, arguments)


def test_the_files_of_a_run_are_listed() -> None:
    for name in (BEST_FILE, CURVES_FILE, FINAL_FILE, HISTORY_FILE, RECORD_FILE, STATE_FILE):
        assert f"| `{name}` |" in README


@pytest.mark.skipif(sys.platform == "win32", reason="CI's script is a shell script")
def test_ci_runs_the_readmes_test_command(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    replaced = README.replace("python3 -m venv .venv && .venv/bin/pip install -e '.[dev]'", "echo fresh")
    (tmp_path / "README.md").write_text(replaced.replace(".venv/bin/python -m tests", "echo tested"))
    result = subprocess.run(
        ["bash", ".ci/run"], cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-2:] == ["fresh", "tested"]


def test_the_names_imported_in_readme_are_public() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    imports = [
        node for block in blocks for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)
    ]
    names = {alias.name for node in imports for alias in node.names}
    assert names
    assert all(getattr(eip_cli, name) is not None for name in names)
    assert names <= set(eip_cli.__all__)


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
