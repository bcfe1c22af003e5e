"""Downloads: what breaks on the way resumes, what lies is found out, and the cache mends itself."""

import hashlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eip_cli.datasets.collection import Collection
from eip_cli.datasets.download import Archive, download
from eip_cli.datasets.obtaining import fetch_collection, load_collection
from eip_cli.foundation.errors import DataError
from tests.support.fakes import SMALL_CIFAR10, pack_cifar10, write_cifar10
from tests.support.mirrors import Mirror, serve

CONTENT = np.random.default_rng(0).bytes(200_000)
WRONG = bytes(byte ^ 255 for byte in CONTENT)
NAME, FOLDER_NAME = SMALL_CIFAR10.archives[0].file_name, SMALL_CIFAR10.folder_name


@dataclass
class Recorder:
    """A progress display that remembers; ``stop_after`` plays the user's Ctrl-C."""

    stop_after: int | None = None
    received: int = 0
    totals: list[int] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    finished: int = 0

    def start(self, description: str, total_bytes: int) -> None:
        self.totals.append(total_bytes)
        self.received = 0

    def advance(self, n_bytes: int) -> None:
        self.received += n_bytes
        if self.stop_after is not None and self.received > self.stop_after:
            raise KeyboardInterrupt

    def notice(self, text: str) -> None:
        assert text.isprintable()
        self.notices.append(text)

    def finish(self) -> None:
        self.finished += 1


def archive_at(urls: tuple[str, ...], content: bytes = CONTENT, timeout_seconds: float = 5) -> Archive:
    return Archive(NAME, urls, len(content), hashlib.sha256(content).hexdigest(), timeout_seconds)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / NAME


def part_of(target: Path) -> Path:
    return target.with_name(f"{NAME}.part")


def assert_delivered(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert not part_of(target).exists()


def refusal_of(archive: Archive, target: Path) -> str:
    """The one line that a failed download ends with; nothing stands at ``target`` then."""
    with pytest.raises(DataError) as refusal:
        download(archive, target)
    assert str(refusal.value).isprintable()
    assert not target.exists()
    return str(refusal.value)


def test_a_good_mirror_is_enough(target: Path, capfd: pytest.CaptureFixture[str]) -> None:
    progress, good, unused = Recorder(), Mirror(CONTENT), Mirror(CONTENT)
    with serve(good, unused) as urls:
        download(archive_at(urls), target, progress)
    assert_delivered(target)
    assert (good.requests, unused.requests) == ([None], [])
    assert (progress.totals, progress.received, progress.finished) == ([len(CONTENT)], len(CONTENT), 1)
    assert progress.notices == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("cut", [1, 2, 16_384, 100_001, len(CONTENT) - 1])
def test_a_broken_download_continues_where_it_broke(cut: int, target: Path) -> None:
    mirror = Mirror(CONTENT, break_at=[cut])
    with serve(mirror) as urls:
        download(archive_at(urls), target)
    assert_delivered(target)
    assert mirror.requests == [None, f"bytes={cut}-"]


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(1, len(CONTENT) - 1), max_size=6, unique=True),
    knows_ranges=st.booleans(),
    omit_length=st.booleans(),
)
def test_a_download_broken_anywhere_ends_with_the_right_bytes(
    cuts: list[int], knows_ranges: bool, omit_length: bool
) -> None:
    # A mirror without ranges starts again each time, so its breaks have to come later and later.
    mirror = Mirror(CONTENT, break_at=sorted(cuts), knows_ranges=knows_ranges, omit_length=omit_length)
    with tempfile.TemporaryDirectory() as folder, serve(mirror) as urls:
        target = Path(folder) / NAME
        download(archive_at(urls), target)
        assert_delivered(target)
        assert len(mirror.requests) == len(cuts) + 1


def test_a_mirror_without_ranges_is_read_again_up_to_the_break(target: Path) -> None:
    progress, mirror = Recorder(), Mirror(CONTENT, break_at=[70_000], knows_ranges=False)
    with serve(mirror) as urls:
        download(archive_at(urls), target, progress)
    assert_delivered(target)
    assert mirror.requests == [None, "bytes=70000-"]
    assert progress.received == len(CONTENT)


def test_a_mirror_that_breaks_without_progress_gives_way_to_the_next(target: Path) -> None:
    progress, second = Recorder(), Mirror(CONTENT)
    with serve(Mirror(CONTENT, break_at=[0]), Mirror(CONTENT, break_at=[50_000, 50_000]), second) as urls:
        download(archive_at(urls), target, progress)
    assert_delivered(target)
    assert second.requests == ["bytes=50000-"]
    assert "it stopped after 0 of 200000 bytes" in progress.notices[0]
    assert "it stopped after 50000 of 200000 bytes" in progress.notices[1]


def test_a_mirror_that_breaks_all_the_time_is_left_at_last(target: Path) -> None:
    first, second = Mirror(CONTENT, break_at=list(range(1, 1000))), Mirror(CONTENT)
    with serve(first, second) as urls:
        download(archive_at(urls), target)
    assert_delivered(target)
    assert len(first.requests) == 21
    assert second.requests == ["bytes=21-"]


def test_ctrl_c_keeps_what_has_arrived_and_the_next_call_continues(target: Path) -> None:
    mirror, progress = Mirror(CONTENT), Recorder(stop_after=100_000)
    with serve(mirror) as urls:
        with pytest.raises(KeyboardInterrupt):
            download(archive_at(urls), target, progress)
        kept = part_of(target).stat().st_size
        assert kept > 100_000
        assert progress.finished == 1
        download(archive_at(urls), target)
    assert_delivered(target)
    assert mirror.requests == [None, f"bytes={kept}-"]


def test_a_killed_download_continues(target: Path) -> None:
    mirror = Mirror(CONTENT, pause_seconds=0.05, chunk_bytes=10_000)
    fetch = (
        "import pathlib, sys; from eip_cli.datasets.download import Archive, download\n"
        "download(Archive('', (sys.argv[1],), 200_000, ''), pathlib.Path(sys.argv[2]))"
    )
    with serve(mirror) as urls:
        with subprocess.Popen([sys.executable, "-c", fetch, urls[0], str(target)]) as process:
            while process.poll() is None and not (
                part_of(target).exists() and part_of(target).stat().st_size
            ):
                time.sleep(0.01)
            process.kill()
        kept = part_of(target).stat().st_size
        assert 0 < kept < len(CONTENT)
        download(archive_at(urls), target)
    assert_delivered(target)
    assert mirror.requests == [None, f"bytes={kept}-"]


def test_a_failed_download_says_what_is_kept_and_the_next_mirror_continues(target: Path) -> None:
    with serve(Mirror(CONTENT), Mirror(b"", 503)) as urls:
        broken = archive_at(urls[1:])
        part_of(target).write_bytes(CONTENT[:60_000])
        assert "60000 of 200000 bytes are kept" in refusal_of(broken, target)
        download(archive_at(urls[:1]), target)
    assert_delivered(target)


LIARS = {
    "other bytes": Mirror(WRONG),
    "one wrong byte at the end": Mirror(CONTENT[:-1] + b"!"),
    "half of it, complete as it says": Mirror(CONTENT[:100_000]),
    "half of it, without a length": Mirror(CONTENT[:100_000], omit_length=True),
    "more than there is": Mirror(CONTENT + b"more"),
    "more than there is, without a length": Mirror(WRONG * 5, omit_length=True),
    "a length too small": Mirror(CONTENT, extra_headers={"Content-Length": "1000"}),
    "a length too large": Mirror(CONTENT, extra_headers={"Content-Length": "200001"}),
    "nothing": Mirror(b""),
    "nothing and no length": Mirror(b"", omit_length=True),
    "a log-in page": Mirror(CONTENT, extra_headers={"Content-Type": "text/html; charset=utf-8"}),
    "a part nobody asked for": Mirror(
        CONTENT, status=206, extra_headers={"Content-Range": "bytes 100-199999/200000"}
    ),
    "a part of it knows not what": Mirror(CONTENT, status=206),
    "not found": Mirror(b"no such file", status=404),
    "not allowed": Mirror(b"", status=403),
    "an error": Mirror(b"", status=500),
    "no content": Mirror(b"", status=204),
    "a redirect to a local file": Mirror(b"", 302, extra_headers={"Location": "file:///etc/passwd"}),
    "a redirect to another protocol": Mirror(b"", 301, extra_headers={"Location": "ftp://127.0.0.1/x"}),
    "a redirect to nowhere": Mirror(b"", 302, extra_headers={"Location": "http://127.0.0.1:1/"}),
    "a redirect to itself": Mirror(b"", 302, extra_headers={"Location": "/0"}),
    "a length that is no number": Mirror(WRONG, extra_headers={"Content-Length": "many"}),
    "a broken chunked answer": Mirror(CONTENT, extra_headers={"Transfer-Encoding": "chunked"}),
}


@pytest.mark.parametrize("what", LIARS)
def test_a_lying_mirror_alone_ends_in_one_line(what: str, target: Path) -> None:
    with serve(replace(LIARS[what], requests=[])) as urls:
        message = refusal_of(archive_at(urls), target)
    assert message.startswith(f"no mirror delivered {NAME} (127.0.0.1:")
    for way_out in ("--data-dir", "EIP_DATA_DIR", "--dataset digits"):
        assert way_out in message


@pytest.mark.parametrize("what", LIARS)
@pytest.mark.parametrize("already", [0, 100_000])
def test_a_lying_mirror_gives_way_to_a_good_one(what: str, already: int, target: Path) -> None:
    part_of(target).write_bytes(CONTENT[:already])
    with serve(replace(LIARS[what], requests=[]), Mirror(CONTENT)) as urls:
        download(archive_at(urls), target)
    assert_delivered(target)


def test_bytes_of_a_liar_under_those_of_a_good_mirror_are_found_out(target: Path) -> None:
    progress, good = Recorder(), Mirror(CONTENT)
    with serve(Mirror(WRONG, break_at=[1000, 1000]), good) as urls:
        download(archive_at(urls), target, progress)
    assert_delivered(target)
    assert good.requests == ["bytes=1000-", None]
    assert "wrong SHA-256: starting again" in progress.notices[1]


@pytest.mark.parametrize(
    "left_behind", [WRONG, CONTENT + b"x", CONTENT, b""], ids=["wrong", "long", "whole", "empty"]
)
def test_whatever_an_earlier_download_left_the_end_is_right(left_behind: bytes, target: Path) -> None:
    mirror = Mirror(CONTENT)
    with serve(mirror) as urls:
        part_of(target).write_bytes(left_behind)
        download(archive_at(urls), target)
    assert_delivered(target)
    assert len(mirror.requests) == (left_behind != CONTENT)


def test_a_changed_file_behind_a_redirect_and_other_ranges_do_not_confuse(target: Path) -> None:
    wrong_start = Mirror(CONTENT, 206, extra_headers={"Content-Range": "bytes 7-199999/200000"})
    wrong_total = Mirror(CONTENT[5000:], 206, extra_headers={"Content-Range": "bytes 5000-299999/300000"})
    shorter = Mirror(CONTENT[:4000])  # answers 416
    good = Mirror(CONTENT)
    part_of(target).write_bytes(CONTENT[:5000])
    with serve(wrong_start, wrong_total, shorter, good) as urls:
        message = refusal_of(archive_at(urls[:3]), target)
        moved = Mirror(b"", 302, extra_headers={"Location": urls[3]})
        with serve(moved) as entrance:
            download(archive_at(entrance), target)
    assert re.search(r"\((127\.0\.0\.1:\d+), \1: it sent another range than was asked for;", message)
    assert "HTTP status 416" in message
    assert_delivered(target)
    assert good.requests == ["bytes=5000-"]


def test_a_slow_mirror_is_waited_for_and_a_silent_one_is_not(target: Path) -> None:
    slow = Mirror(CONTENT, pause_seconds=0.03)
    with serve(slow) as urls:
        download(archive_at(urls, timeout_seconds=0.25), target)
    assert_delivered(target)
    target.unlink()
    with serve(Mirror(CONTENT, pause_seconds=0.6, chunk_bytes=len(CONTENT))) as urls:
        assert "did not answer in time" in refusal_of(archive_at(urls, timeout_seconds=0.25), target)


@contextmanager
def serve_raw(answer: bytes) -> Iterator[str]:
    """A server that answers one connection with these bytes, whatever they are."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=answer_once)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x1b[2J\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200,
    ],
    ids=["silence", "control characters", "another protocol", "no status", "endless headers"],
)
def test_what_does_not_speak_http_ends_in_one_line(answer: bytes, target: Path) -> None:
    with serve_raw(answer) as url:
        assert "no mirror delivered" in refusal_of(archive_at((url,)), target)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "127.0.0.1/x"])
def test_only_web_addresses_are_opened(url: str, target: Path) -> None:
    assert "no mirror delivered" in refusal_of(archive_at((url,)), target)


OFFLINE = ("http://127.0.0.1:1/a", "http://127.0.0.1:1/b")


def small_edition(content: bytes, urls: tuple[str, ...]) -> Collection:
    return replace(SMALL_CIFAR10, archives=(archive_at(urls, content),))


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The archive of a small CIFAR-10."""
    folder = tmp_path_factory.mktemp("packed")
    return pack_cifar10(write_cifar10(folder, images_per_file=20, seed=1), folder / NAME).read_bytes()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EIP_DATA_DIR", raising=False)
    monkeypatch.setenv("EIP_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_empty_cache_is_filled_once_and_read_from_then_on(packed: bytes, cache: Path) -> None:
    mirror = Mirror(packed)
    with serve(mirror) as urls:
        arrays, location = load_collection(small_edition(packed, urls), None)
    again, _ = load_collection(small_edition(packed, OFFLINE), None)
    assert location == cache / FOLDER_NAME
    assert len(mirror.requests) == 1
    np.testing.assert_array_equal(arrays.train_images, again.train_images)
    assert names_in(cache) == {FOLDER_NAME, f".{NAME}.lock"}


def test_a_damaged_cache_is_replaced_with_a_notice(packed: bytes, cache: Path) -> None:
    with serve(Mirror(packed)) as urls:
        edition = small_edition(packed, urls)
        arrays, _ = load_collection(edition, None)
        for damage in ("truncated", "missing", "garbage"):
            batch = cache / FOLDER_NAME / "data_batch_3"
            content = batch.read_bytes()
            batch.unlink()
            if damage != "missing":
                batch.write_bytes(content[:5000] if damage == "truncated" else b"garbage")
            progress = Recorder()
            again, _ = load_collection(edition, None, progress)
            np.testing.assert_array_equal(again.train_images, arrays.train_images)
            assert "damaged and will be replaced" in progress.notices[0]
            assert "data_batch_3" in progress.notices[0]
    assert names_in(cache) == {FOLDER_NAME, f".{NAME}.lock"}


def test_a_damaged_cache_is_still_there_after_a_failed_repair(packed: bytes, cache: Path) -> None:
    write_cifar10(cache, images_per_file=20)
    (cache / FOLDER_NAME / "data_batch_3").unlink()
    with pytest.raises(DataError, match="no mirror delivered"):
        load_collection(small_edition(packed, OFFLINE), None)
    assert "data_batch_2" in names_in(cache / FOLDER_NAME)


def test_what_a_killed_process_leaves_in_the_cache_is_used_or_cleared(packed: bytes, cache: Path) -> None:
    (cache / f".{FOLDER_NAME}.eip-new" / "data_batch_1").mkdir(parents=True)
    (cache / f".{FOLDER_NAME}.eip-damaged").mkdir()
    (cache / NAME).write_bytes(packed)  # downloaded, not yet unpacked: no mirror is needed
    load_collection(small_edition(packed, OFFLINE), None)
    assert names_in(cache) == {FOLDER_NAME, f".{NAME}.lock"}


def test_two_loads_at_once_share_one_download(packed: bytes, cache: Path) -> None:
    mirror = Mirror(packed, pause_seconds=0.02)
    results, recorders = [], [Recorder(), Recorder()]
    with serve(mirror) as urls:
        edition = small_edition(packed, urls)
        threads = [
            threading.Thread(target=lambda one=one: results.append(load_collection(edition, None, one)))
            for one in recorders
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 2
    assert mirror.requests == [None]
    assert ["Another process" in "".join(one.notices) for one in recorders].count(True) == 1


def test_offline_with_nothing_found_says_the_three_ways_out(packed: bytes, cache: Path) -> None:
    with pytest.raises(DataError) as refusal:
        load_collection(small_edition(packed, OFFLINE), None)
    message = str(refusal.value)
    assert message.isprintable()
    assert "(127.0.0.1:1, 127.0.0.1:1: Connection refused)" in message
    for way_out in ("--data-dir", "EIP_DATA_DIR", "--dataset digits"):
        assert way_out in message


def test_a_cache_that_cannot_be_made_says_so(packed: bytes, cache: Path) -> None:
    cache.write_text("a file in its place")
    with pytest.raises(DataError, match=r"cannot keep CIFAR-10 in .*cache \(.*File exists.*--data-dir"):
        load_collection(small_edition(packed, OFFLINE), None)


@contextmanager
def files_limited_to(n_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a size: writing fails then as it does on a full disk."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("limit", [100_000, 30_000], ids=["while downloading", "from the first batch on"])
def test_a_full_disk_ends_in_one_line_and_loses_nothing(limit: int, packed: bytes, cache: Path) -> None:
    with serve(Mirror(packed)) as urls:
        edition = small_edition(packed, urls)
        with files_limited_to(limit), pytest.raises(DataError, match=r"cannot keep CIFAR-10 in .*make room"):
            load_collection(edition, None)
        assert FOLDER_NAME not in names_in(cache)
        load_collection(edition, None)


def test_a_disk_that_fills_while_unpacking_keeps_the_download(tmp_path: Path, cache: Path) -> None:
    black = pack_cifar10(write_cifar10(tmp_path, images_per_file=20), tmp_path / NAME).read_bytes()
    assert len(black) < 30_000  # smaller than a batch
    with serve(Mirror(black)) as urls, files_limited_to(30_000), pytest.raises(DataError, match="make room"):
        load_collection(small_edition(black, urls), None)
    assert FOLDER_NAME not in names_in(cache)
    load_collection(small_edition(black, OFFLINE), None)


def test_fetching_ahead_fills_a_new_folder_and_checks_a_full_one(packed: bytes, tmp_path: Path) -> None:
    mirror = Mirror(packed)
    with serve(mirror) as urls:
        edition = small_edition(packed, urls)
        where = fetch_collection(edition, tmp_path / "new" / "data")
        assert where == tmp_path / "new" / "data" / FOLDER_NAME
        assert fetch_collection(edition, tmp_path / "new" / "data") == where
        assert fetch_collection(edition, where) == where
    assert len(mirror.requests) == 1


def test_fetching_ahead_goes_where_loading_looks(
    packed: bytes, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Mirror(packed)) as urls:
        edition = small_edition(packed, urls)
        assert fetch_collection(edition, None) == cache / FOLDER_NAME
        monkeypatch.setenv("EIP_DATA_DIR", str(tmp_path / "named"))
        assert fetch_collection(edition, None) == tmp_path / "named" / FOLDER_NAME
        assert load_collection(edition, None)[1] == tmp_path / "named" / FOLDER_NAME


def test_fetching_ahead_leaves_what_the_user_has_there_alone(packed: bytes, tmp_path: Path) -> None:
    batches = write_cifar10(tmp_path / "damaged", images_per_file=20)
    (batches / "test_batch").write_bytes(b"damaged")
    other = tmp_path / "other" / FOLDER_NAME
    other.mkdir(parents=True)
    (other / "thesis.txt").write_text("mine")
    with serve(Mirror(packed)) as urls:
        edition = small_edition(packed, urls)
        with pytest.raises(DataError, match="test_batch"):
            fetch_collection(edition, tmp_path / "damaged")
        with pytest.raises(DataError, match="is in the way"):
            fetch_collection(edition, tmp_path / "other")
    assert (batches / "test_batch").read_bytes() == b"damaged"
    assert (other / "thesis.txt").read_text() == "mine"
