"""README against the program: its commands run, its outputs are real, its test command is what CI runs."""

import ast
import html
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import eip_cli
from eip_cli.cli import cli
from eip_cli.runs.run_directory import (
    BEST_FILE,
    CONFUSION_FILE,
    CURVES_FILE,
    FINAL_FILE,
    GALLERY_FILE,
    HISTORY_FILE,
    RECORD_FILE,
    STATE_FILE,
)
from tests.support.places import EXAMPLES, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {"README.md": README, "examples/README.md": (EXAMPLES / "README.md").read_text(encoding="utf-8")}

# What README shows of these is run again and compared; trainings and evaluations are not.
REPEATABLE = ("summary", "build", "compare-baseline", "train -h")


def console_blocks() -> list[tuple[str, str]]:
    """Each ``$ eip ...`` line of the pages with the output that stands under it."""
    blocks = re.findall(r"```console\n(.*?)```", "".join(PAGES.values()), flags=re.DOTALL)
    examples = []
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            examples.append((command.partition("#")[0].strip(), output.rstrip()))
    return examples


SHOWN = console_blocks()
REPEATED = [
    example for example in SHOWN if example[1] and example[0].removeprefix("eip ").startswith(REPEATABLE)
]


@pytest.mark.parametrize(("command", "output"), REPEATED, ids=[command for command, _ in REPEATED])
def test_the_output_shown_is_the_programs(command: str, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    arguments = [word.replace("examples/", f"{ROOT}/examples/") for word in shlex.split(command)[1:]]
    result = CliRunner().invoke(cli, arguments, prog_name="eip")
    printed = [line.rstrip() for line in result.output.replace(f"{ROOT}/", "").rstrip().splitlines()]
    assert printed == output.splitlines()


def test_every_command_is_shown_and_every_shown_command_exists() -> None:
    shown = {shlex.split(command)[1] for command, _ in SHOWN}
    assert shown >= set(cli.commands) - {"data"}
    assert "eip data" in README


def test_every_example_parses() -> None:
    for command, _ in SHOWN:
        name, *arguments = shlex.split(command)[1:]
        if "-h" not in arguments:
            # In the group's context: a command keeps the help options that it first meets.
            parent = click.Context(cli, info_name="eip", **cli.context_settings)
            cli.commands[name].make_context(name, arguments, parent=parent)


def test_the_files_of_a_run_are_listed() -> None:
    for name in (BEST_FILE, CURVES_FILE, FINAL_FILE, HISTORY_FILE, RECORD_FILE, STATE_FILE):
        assert f"| `{name}` |" in README
    assert f"| `{GALLERY_FILE}`, `{CONFUSION_FILE}` |" in README


@pytest.mark.skipif(sys.platform == "win32", reason="CI's script is a shell script")
def test_ci_runs_the_readmes_test_command(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    replaced = README.replace("python3 -m venv .venv && .venv/bin/pip install -e '.[dev]'", "echo fresh")
    (tmp_path / "README.md").write_text(replaced.replace(".venv/bin/python -m tests", "echo tested"))
    (tmp_path / "chromium").write_text("")  # a test installs none
    (tmp_path / "chromium").chmod(0o755)
    result = subprocess.run(
        ["bash", ".ci/run"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
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


@pytest.mark.parametrize("page", PAGES)
def test_the_links_lead_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in re.findall(r"""(?:\]\(|src=")([^)"#]+)(?:#[^)]*)?[)"]""", PAGES[page]):
        if not target.startswith("http"):
            assert (folder / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_the_links_into_a_page_find_their_heading(page: str) -> None:
    for target, heading in re.findall(r"\]\(([^)#]*)#([^)]+)\)", PAGES[page]):
        if not target.startswith("http"):
            text = ((ROOT / page).parent / target).read_text(encoding="utf-8") if target else PAGES[page]
            headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


def test_the_picture_of_the_terminal_shows_what_the_program_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = CliRunner().invoke(cli, ["summary", "--show-rf"], prog_name="eip").stdout
    svg = (EXAMPLES / "summary.svg").read_text(encoding="utf-8")
    drawn: dict[str, str] = {}  # the pieces of a line share its height; blanks between them are not drawn
    for height, text in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>(.*?)</text>', svg):
        drawn[height] = drawn.get(height, "") + "".join(html.unescape(text).split())
    title, *lines = drawn.values()
    assert title == "$eipsummary--show-rf"
    assert [line for line in lines if line] == [
        "".join(line.split()) for line in printed.splitlines() if line
    ]


def test_the_picture_of_the_terminal_fetches_nothing() -> None:
    assert 'url("http' not in (EXAMPLES / "summary.svg").read_text(encoding="utf-8")


def test_readme_is_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) <= 300
