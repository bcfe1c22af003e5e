"""A local web server whose mirrors are good, slow, broken or lying."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Mirror:
    """How one mirror answers. ``requests`` collects the Range header of each request, or None."""

    content: bytes
    status: int = 200
    knows_ranges: bool = True
    break_at: list[int] = field(
        default_factory=list
    )  # after so many bytes of the file, each once, it hangs up
    extra_headers: dict[str, str] = field(default_factory=dict)  # these replace its own
    omit_length: bool = False
    chunk_bytes: int = 16_384
    pause_seconds: float = 0  # before each chunk
    requests: list[str | None] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    mirrors: dict[str, Mirror]

    def do_GET(self) -> None:
        mirror = self.mirrors[self.path]
        asked = self.headers.get("Range")
        mirror.requests.append(asked)
        start, status = 0, mirror.status
        headers = {"Content-Type": "application/gzip"}
        if asked and mirror.knows_ranges and status == 200:
            start, status = int(asked.removeprefix("bytes=").removesuffix("-")), 206
            total = len(mirror.content)
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
            if start >= total:
                status, headers["Content-Range"] = 416, f"bytes */{total}"
        if not mirror.omit_length:
            headers["Content-Length"] = str(max(len(mirror.content) - start, 0))
        self.send_response(status)
        for name, value in (headers | mirror.extra_headers).items():
            self.send_header(name, value)
        self.end_headers()
        self._send(mirror, start)

    def _send(self, mirror: Mirror, start: int) -> None:
        stop = min((place for place in mirror.break_at if place >= start), default=len(mirror.content))
        if stop in mirror.break_at:
            mirror.break_at.remove(stop)
        for begin in range(start, stop, mirror.chunk_bytes):
            time.sleep(mirror.pause_seconds)
            try:
                self.wfile.write(mirror.content[begin : min(begin + mirror.chunk_bytes, stop)])
            except OSError:  # the other side has had enough
                return

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def serve(*mirrors: Mirror) -> Iterator[tuple[str, ...]]:
    """Serve the mirrors from this machine for the length of a ``with`` block; yields their URLs."""
    handler = type("Handler", (_Handler,), {"mirrors": {f"/{i}": mirror for i, mirror in enumerate(mirrors)}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield tuple(f"http://127.0.0.1:{server.server_port}/{i}" for i in range(len(mirrors)))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
