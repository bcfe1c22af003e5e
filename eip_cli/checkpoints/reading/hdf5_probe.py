"""A first reading of a stranger's HDF5 file in a process of its own.

The HDF5 library loops for ever, or crashes, on some damaged files (one flipped byte in a
string heap is enough), and nothing in the process that called it can stop it then. So a small
process that holds nothing of value checks and reads everything once, under a time limit.
It costs about a third of a second.
"""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np

from eip_cli.foundation.errors import CheckpointError

from .hdf5 import open_h5, read_array

TIME_LIMIT_SECONDS = 30
# A compressed chunk may inflate without end while the library waits for its end.
MEMORY_LIMIT_BYTES = 4 * 2**30
REFUSED = 3
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from eip_cli.checkpoints.reading.hdf5_probe import main
main(int(sys.argv[2]))
"""


def probe_h5(content: bytes) -> None:
    """Raise CheckpointError where ``content`` is not an HDF5 file that can be read to its end."""
    # -P: no module of the folder that the user happens to stand in is imported.
    command = [
        sys.executable,
        "-P",
        "-c",
        _PROGRAM,
        str(Path(__file__).parents[3]),
        str(MEMORY_LIMIT_BYTES),
    ]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=TIME_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CheckpointError("a damaged HDF5 file (reading it does not end)") from error
    if done.returncode == REFUSED:
        raise CheckpointError(done.stdout.decode("utf-8", "replace"))
    if done.returncode:
        raise CheckpointError("a damaged HDF5 file (reading it crashes the HDF5 library)")


def read_everything(content: bytes) -> None:
    """Read every attribute and every dataset. Raises CheckpointError where anything cannot be read."""

    def read(_: str, item: h5py.Group | h5py.Dataset) -> None:
        for name in item.attrs:
            np.asarray(item.attrs[name])
        if isinstance(item, h5py.Dataset):
            read_array(item)

    with open_h5(content) as file:
        try:
            read("/", file)
            file.visititems(read)
        except CheckpointError:
            raise
        except Exception as error:  # the library reports damage by many types
            raise CheckpointError("a damaged HDF5 file") from error


def main(memory_limit_bytes: int) -> None:
    """The probing process: content on standard input, the reason of a refusal on standard output."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
    except (ImportError, OSError, ValueError):
        pass  # Windows has no such limit, macOS does not keep it: the time limit remains
    try:
        read_everything(sys.stdin.buffer.read())
    except CheckpointError as error:
        sys.stdout.write(str(error))
        sys.exit(REFUSED)
