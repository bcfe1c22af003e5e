"""Which files with networks' code this user has run before, by their hashes.

A run's files may come from a stranger, and name code that they come with. So the code that a run names is
run again for reading its checkpoints only where the user has once named that very code.
"""

from contextlib import suppress
from pathlib import Path

from eip_cli.datasets.cifar10 import cache_dir


def note_code_run(sha256: str) -> None:
    """Note that the user has run the file of this hash; where no note can be kept, they are asked again."""
    with suppress(OSError):
        _note_of(sha256).parent.mkdir(parents=True, exist_ok=True)
        _note_of(sha256).touch()


def was_code_run(sha256: str) -> bool:
    """Whether the user has run the file of this hash, on this machine."""
    return sha256.isalnum() and _note_of(sha256).is_file()


def _note_of(sha256: str) -> Path:
    return cache_dir() / "code-run-before" / sha256
