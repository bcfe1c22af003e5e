"""Which code was run before: that of this content, place and function; asking runs none of it."""

import sys
from pathlib import Path

import pytest

from eip_cli.checkpoints.code_run_before import note_code_run, was_code_run
from eip_cli.checkpoints.naming import hash_source
from eip_cli.networks.users_code import code_file

LEAVES_A_TRACE = "open('was-run', 'w').close()\n"


def write(path: str, content: str = LEAVES_A_TRACE) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content, encoding="utf-8")
    return content


@pytest.mark.parametrize("packages", [["around/__init__.py", "around/inner/__init__.py"], []])
def test_a_module_is_found_and_hashed_without_running_the_packages_around_it(packages: list[str]) -> None:
    for path in (*packages, "around/inner/net.py"):
        write(path)
    before = list(sys.path)
    assert code_file("around.inner.net:build") == Path.cwd() / "around/inner/net.py"
    assert hash_source("around.inner.net:build") is not None
    assert not Path("was-run").exists()
    assert sys.path == before  # else what is imported later would come from a stranger's folder


@pytest.mark.parametrize(
    "module", ["not_there", "not_there.net", "json.not_there", "sys", "a..b", ".net", ""]
)
def test_a_module_that_is_not_there_has_no_file(module: str) -> None:
    assert code_file(f"{module}:build") is None


def test_an_installed_module_is_found() -> None:
    write("json/decoder.py")  # Python has its own in memory
    assert code_file("json.decoder:build") == Path(sys.modules["json.decoder"].__file__ or "")


def test_the_same_file_elsewhere_is_other_code_because_it_imports_its_neighbours() -> None:
    write("mine/net.py")
    write("downloaded/net.py")
    sha256 = hash_source("mine/net.py:build")
    assert sha256 is not None
    note_code_run("mine/net.py:build", sha256)
    assert was_code_run("mine/net.py:build", sha256)
    assert not was_code_run("downloaded/net.py:build", sha256)
    assert not was_code_run("mine/net.py:remove_all_data", sha256)
    assert not was_code_run("mine/net.py:build", "../net")
