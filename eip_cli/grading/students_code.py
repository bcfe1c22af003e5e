"""The network that a submission's code builds: the code runs in a process of its own, within limits.

What comes back is a description of the network, which is read as data like any other file: the code has no
part in what is found of it. The limits keep an honest mistake from doing harm. They are no prison: code runs
with the rights of whoever grades.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from eip_cli.foundation.errors import EipError
from eip_cli.foundation.plain_text import show_plainly

from .submissions import LARGEST_CODE_BYTES, find_function

MEMORY_BYTES = 4 * 2**30
POLL_SECONDS = 0.1
DESCRIPTION_FILE = "network.json"
MAX_MESSAGE_LENGTH = 200


@contextmanager
def network_of_code(code: Path, dataset: str, seconds: float) -> Iterator[str]:
    """The file that describes the network which ``code`` builds for ``dataset``, as long as the block lasts.

    The code and what stands beside it are copied to a folder of their own and run there for ``seconds`` at
    most. Raises EipError where it fails, takes longer or more memory, or builds none.
    """
    function = find_function(code)
    with tempfile.TemporaryDirectory(prefix="eip-code-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for path in sorted(code.parent.glob("*.py")):
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_CODE_BYTES:
                shutil.copyfile(path, folder / path.name)
        _run(folder, f"{folder / code.name}:{function}", dataset, seconds)
        description = folder / DESCRIPTION_FILE
        if description.is_symlink() or not description.is_file():  # a pipe would be read for ever
            raise EipError(f"its code built no network: {code.name}:{function}")
        yield str(description)


def _run(folder: Path, spec: str, dataset: str, seconds: float) -> None:
    # -P: what stands in the folder must not be taken for a module of Python's.
    command = [sys.executable, "-P", "-m", "eip_cli.grading.code_process", spec, dataset, DESCRIPTION_FILE]
    command += [str(int(seconds) + 1), str(MEMORY_BYTES)]
    surroundings = os.environ | {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    surroundings["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=surroundings,
            stdin=subprocess.PIPE,  # at its end the process ends too: this one may be killed
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            problem = _watch(process, seconds)
        finally:
            _end(process)
        if problem is not None:
            raise EipError(f"its code {problem}")
        if process.returncode != 0:
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - 10_000))
            lines = errors.read().decode(errors="replace").strip().splitlines()
            said = show_plainly(lines[-1])[:MAX_MESSAGE_LENGTH] if lines else ""
            raise EipError(f"its code failed: {said or f'it ended with status {process.returncode}'}")


def _watch(process: subprocess.Popen[bytes], seconds: float) -> str | None:
    """Wait for the end; what the code did wrong where it has to be ended before."""
    began = time.monotonic()
    while process.poll() is None:
        if time.monotonic() - began > seconds:
            return f"did not return within {seconds:g} s"
        if _memory_of(process.pid) > MEMORY_BYTES:
            return f"took more than {MEMORY_BYTES / 2**30:g} GB of memory"
        time.sleep(POLL_SECONDS)
    return None


def _memory_of(pid: int) -> int:
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and those that it started."""
    started = []
    with suppress(psutil.Error):
        started = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    for one in started:
        with suppress(psutil.Error):
            one.kill()
    if hasattr(os, "killpg"):  # those whose parents have gone, on POSIX systems
        with suppress(OSError):
            os.killpg(process.pid, 9)
    assert process.stdin is not None
    process.stdin.close()
