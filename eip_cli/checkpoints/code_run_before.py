"""Which networks' code this user has run before: by the hash of its file, the place and the function.

A run's files may come from a stranger, and name code that they come with. So the code that a run names is
run again for reading its checkpoints only where the user has once named that very code. Its place counts
because a file imports its neighbours, and the function because a file may hold others that do harm.
"""

from contextlib import suppress
from pathlib import Path

from eip_cli.foundation.cache_folder import cache_dir
from eip_cli.networks.users_code import code_file


def note_code_run(spec: str, sha256: str) -> None:
    """Note that the user has run ``spec``, whose file has this hash; without a note they are asked again."""
    place = _place_of(spec)
    if place is None or place in places_of_code(sha256):
        return
    with suppress(OSError):
        _note_of(sha256).parent.mkdir(parents=True, exist_ok=True)
        with _note_of(sha256).open("a", encoding="utf-8") as note:
            note.write(place + "\n")


def was_code_run(spec: str, sha256: str) -> bool:
    """Whether the user has run ``spec`` from this place, on this machine, when its file had this hash."""
    return _place_of(spec) in places_of_code(sha256)


def places_of_code(sha256: str) -> tuple[str, ...]:
    """Where the user has run code of this hash, each as ``path/to/file.py:function``, the last one first."""
    if not sha256.isalnum():
        return ()
    try:
        return tuple(reversed(_note_of(sha256).read_text(encoding="utf-8").splitlines()))
    except (OSError, ValueError):
        return ()


def _place_of(spec: str) -> str | None:
    file = code_file(spec)
    return None if file is None else f"{file.resolve()}:{spec.rpartition(':')[2]}"


def _note_of(sha256: str) -> Path:
    return cache_dir() / "code-run-before" / sha256
