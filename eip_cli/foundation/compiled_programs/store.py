"""Compiled programs on disk, each named after its own SHA-256: what is damaged is removed, not handed out.

TensorFlow itself ends a training at an entry that is empty, cut off or changed, and runs the machine code
of one that looks whole; so it never gets one from here that has not been checked.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eip_cli.foundation.files import file_sha256

# A network takes about 5 MB for a batch size, so these are dozens; reading and checking them takes 0.2 s.
LARGEST_BYTES = 128 * 2**20
_KEPT_NAME = re.compile(r"([0-9a-f]{64})\.(xla_compile_cache_\w+\.pb)")
_ENTRY_NAMES = "xla_compile_cache_*.pb"  # as TensorFlow names them; a file being written ends otherwise


@dataclass(frozen=True)
class ProgramStore:
    """The programs that one version of TensorFlow made for one kind of processor.

    Any number of processes may lend from it, add to it and remove from it at the same time.
    """

    folder: Path

    def lend(self, target: Path) -> None:
        """Put every sound program into the folder ``target``, under the name that TensorFlow looks for."""
        for path, digest, name in self._list():
            with suppress(OSError):  # removed by another process, or unreadable
                if _is_own(path) and file_sha256(path) == digest:
                    _link(path, target / name)
                else:
                    path.unlink()

    def take_in(self, source: Path) -> None:
        """Keep what TensorFlow has added to the folder ``source``."""
        known = {name for _, _, name in self._list()}
        for path in source.glob(_ENTRY_NAMES):
            if path.name not in known:
                _link(path, self.folder / f"{file_sha256(path)}.{path.name}")

    def _list(self) -> Iterator[tuple[Path, str, str]]:
        for path in sorted(self.folder.iterdir()):
            if found := _KEPT_NAME.fullmatch(path.name):
                yield path, found[1], found[2]


def remove_oldest(root: Path, largest_bytes: int = LARGEST_BYTES) -> None:
    """Remove the programs compiled first, in whatever store under ``root``, until the rest fits."""
    kept = []
    for path in root.glob("*/*.pb"):
        with suppress(FileNotFoundError):
            status = path.stat()
            kept.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= largest_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size


def _is_own(path: Path) -> bool:
    """Whether no other user has put the file there: it is machine code."""
    return not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid()


def _link(path: Path, target: Path) -> None:
    """Have ``target`` be the same file, or a copy that appears whole where a file has one name only."""
    if target.exists():
        return
    try:
        os.link(path, target)
    except FileExistsError:  # by another process, since then
        return
    except OSError:
        aside = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(path, aside)
        aside.replace(target)
