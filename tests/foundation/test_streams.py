"""Standard output is the result's alone, whoever else writes, and however."""

import os
import subprocess
import sys

import pytest

from eip_cli.foundation.streams import held_back_errors

PROGRAM = """
import atexit, ctypes, logging, os, sys
from eip_cli.foundation.streams import close_for_good, kept_for_the_result, result_output

def make_noise(when):
    print("printed", when)
    if sys.__stdout__ is not None:  # it is where it was closed
        sys.__stdout__.write(f"by another name {when}\\n")
    logging.getLogger().warning("logged %s", when)
    os.write(1, f"below Python {when}\\n".encode())
    if sys.platform != "win32":
        ctypes.CDLL(None).printf(f"by C {when}\\n".encode())
    os.system(f"echo by a child {when}")

print("before")
with kept_for_the_result():
    logging.basicConfig(stream=sys.stdout)
    make_noise("early")
    with result_output() as stream:
        print("the result")
    make_noise("late")
print("after")
close_for_good()
atexit.register(make_noise, "at the end")
"""


def test_only_the_result_reaches_standard_output() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert result.stdout == "before\nthe result\nafter\n"
    for when in ("early", "late", "at the end"):
        for how in ("printed", "by another name", "below Python", "by a child"):
            assert f"{how} {when}\n" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="closes streams as a POSIX shell does")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_trouble(closed: str) -> None:
    program = (
        "from eip_cli.foundation.streams import mend_standard_streams\nmend_standard_streams()\n" + PROGRAM
    )
    command = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert result.stdout == ("" if closed != "2>&-" else "before\nthe result\nafter\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")  # noqa: PTH110
@pytest.mark.parametrize("arguments", [["--help"], ["runs"], ["runs", "--format", "json"]])
def test_a_result_that_cannot_be_written_is_one_line(arguments: list[str]) -> None:
    command = ["sh", "-c", '"$@" >/dev/full', "sh", sys.executable, "-m", "eip_cli", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_reader_that_is_gone_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "eip_cli", "runs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.wait()


@pytest.mark.parametrize(("error", "shown"), [(KeyboardInterrupt, ""), (RuntimeError, "chatter")])
def test_what_libraries_wrote_is_shown_where_they_fail_and_not_at_ctrl_c(
    error: type[BaseException], shown: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(error), held_back_errors():
        os.write(2, b"chatter")
        raise error
    assert capfd.readouterr().err == shown
