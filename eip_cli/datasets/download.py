"""Downloads one known file from mirrors in turn, continuing a broken download, checking the hash."""

import hashlib
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from eip_cli.foundation.errors import DataError
from eip_cli.foundation.version import __version__

CHUNK_BYTES = 64 * 1024
BREAKS_PER_MIRROR = 20


@dataclass(frozen=True)
class Archive:
    """A file known in advance: where it is to be had, and what it must be."""

    file_name: str
    urls: tuple[str, ...]
    n_bytes: int
    sha256: str
    timeout_seconds: float = 30  # without a single byte


class DownloadProgress(Protocol):
    """What a download tells whoever shows it. ``start`` may come again: then it starts afresh."""

    def start(self, description: str, total_bytes: int) -> None:
        """Show that a download begins."""

    def advance(self, n_bytes: int) -> None:
        """Count bytes as received; those of an earlier, broken download too."""

    def notice(self, text: str) -> None:
        """Show one line of what else happens, such as a change of mirror."""

    def finish(self) -> None:
        """Put the display away, whether the download has ended well or not."""


class _Silent:
    def start(self, description: str, total_bytes: int) -> None: ...
    def advance(self, n_bytes: int) -> None: ...
    def notice(self, text: str) -> None: ...
    def finish(self) -> None: ...


SILENT: DownloadProgress = _Silent()


class _MirrorError(Exception):
    """This mirror does not help, or not now; the text says why."""


def download(archive: Archive, target: Path, progress: DownloadProgress = SILENT) -> None:
    """Put the archive at ``target``, where it appears complete and checked, or not at all.

    What has arrived is kept in ``target`` + ``.part`` when the download breaks, also by Ctrl-C,
    and the next call continues it, from any mirror. Only one process at a time may call this
    for one target (see ``locks``). Raises DataError where no mirror delivers the right file,
    and OSError where it cannot be written.
    """
    part = target.with_name(f"{target.name}.part")
    if target.exists():
        target.replace(part)  # by a process that was stopped just before it used the file
    failures: dict[str, list[str]] = {}  # offline, every mirror fails for one reason
    try:
        for url in archive.urls:
            host = urllib.parse.urlsplit(url).netloc
            try:
                _download_from(url, archive, part, progress)
            except _MirrorError as error:
                failures.setdefault(str(error), []).append(host)
                progress.notice(f"{host} did not deliver {archive.file_name}: {error}")
            else:
                part.replace(target)
                return
    finally:
        progress.finish()
    kept = part.stat().st_size if part.exists() else 0
    again = f"; {kept} of {archive.n_bytes} bytes are kept, trying again continues there" if kept else ""
    reasons = "; ".join(f"{', '.join(hosts)}: {reason}" for reason, hosts in failures.items())
    raise DataError(
        f"no mirror delivered {archive.file_name} ({reasons}){again}. Get it by hand and name "
        "its folder with --data-dir, or in the environment variable EIP_DATA_DIR, or use --dataset digits"
    )


def _download_from(url: str, archive: Archive, part: Path, progress: DownloadProgress) -> None:
    """Complete ``part`` from one mirror. Raises _MirrorError where it does not end as it must."""
    only_from_here = not part.exists()
    while True:
        _receive(url, archive, part, progress)
        if _hash_file(part) == archive.sha256:
            return
        part.unlink()
        if only_from_here:
            raise _MirrorError("what it sent has another SHA-256")
        progress.notice("The continued download has the wrong SHA-256: starting again.")
        only_from_here = True


def _receive(url: str, archive: Archive, part: Path, progress: DownloadProgress) -> None:
    """Append to ``part`` until it has its full size, over as many breaks as are bearable."""
    with part.open("ab") as file:
        received = file.tell()
        if received > archive.n_bytes:
            received = file.truncate(0)
        progress.start(f"Downloading {archive.file_name}", archive.n_bytes)
        progress.advance(received)
        breaks = 0
        while received < archive.n_bytes:
            before = received
            try:
                for chunk in _read_remote(url, archive, received):
                    file.write(chunk)
                    received += len(chunk)
                    progress.advance(len(chunk))
                if received < archive.n_bytes:
                    raise _MirrorError(f"it stopped after {received} of {archive.n_bytes} bytes")
            except _MirrorError:
                breaks += 1
                if received == before or breaks > BREAKS_PER_MIRROR:
                    raise


def _read_remote(url: str, archive: Archive, start: int) -> Iterator[bytes]:
    """Yield the file's bytes from ``start`` on, never one more than the file has."""
    headers = {"User-Agent": f"eip-cli/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with _as_mirror_errors(), _open(url, headers, archive.timeout_seconds) as response:
        # A mirror that does not know ranges sends everything: what is here already is passed over.
        skip = start if response.status != 206 else 0
        _check_headers(response, archive, start - skip)
        left = archive.n_bytes - start
        while left and (chunk := response.read1(min(CHUNK_BYTES, skip or left))):
            if skip:
                skip -= len(chunk)
                continue
            left -= len(chunk)
            yield chunk


def _open(url: str, headers: dict[str, str], timeout_seconds: float) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the opener knows http and https only
    return cast(http.client.HTTPResponse, _OPENER.open(request, timeout=timeout_seconds))


def _check_headers(response: http.client.HTTPResponse, archive: Archive, start: int) -> None:
    """Refuse what cannot be the file before a byte of it is kept, such as a log-in page."""
    if response.headers.get_content_type() == "text/html":
        raise _MirrorError("it sent a web page")
    if response.status == 206:
        sent = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if not sent or int(sent[1]) != start or sent[2] not in {"*", str(archive.n_bytes)}:
            raise _MirrorError("it sent another range than was asked for")
        return
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) != archive.n_bytes:
        raise _MirrorError(f"its file has {int(length)} bytes instead of {archive.n_bytes}")


@contextmanager
def _as_mirror_errors() -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise _MirrorError(f"HTTP status {error.code}") from None
    except urllib.error.URLError as error:
        raise _MirrorError(_printable(str(getattr(error.reason, "strerror", "") or error.reason))) from None
    except TimeoutError:
        raise _MirrorError("it did not answer in time") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(_printable(f"{type(error).__name__}: {error}")) from None


def _printable(text: str) -> str:
    """Take what could move a terminal's cursor out of words that may be a server's own."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:200])


def _make_opener() -> urllib.request.OpenerDirector:
    """Build an opener for http and https alone: a redirect to a local file leads nowhere."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


_OPENER = _make_opener()


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
