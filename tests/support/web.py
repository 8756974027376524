"""A web server for files, with faults: what a repository of jars may do to a download."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves `files` by path. `asked` lists each request's path and Range header."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], *, ranges: bool, cut_first: int | None, busy: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(files)
        self.ranges = ranges
        self.cut_first = cut_first
        self.busy = busy
        self.asked: list[tuple[str, str | None]] = []
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left is what some tests are about."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/maven2"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        with self.server.lock:
            seen = sum(path == self.path for path, _ in self.server.asked)
            self.server.asked.append((self.path, wanted))
        body = self.server.files.get(self.path.removeprefix("/maven2/"))
        if seen < self.server.busy:
            self.send_error(503)
            return
        if body is None:
            self.send_error(404)
            return
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.ranges else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        cut = self.server.cut_first if seen == 0 else None
        self.wfile.write(body[begin:][:cut])

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


@contextmanager
def serving(
    files: Mapping[str, bytes], *, ranges: bool = True, cut_first: int | None = None, busy: int = 0
) -> Iterator[FileServer]:
    """A server for as long as the block runs.

    `cut_first` ends the first answer for each file after so many bytes; `busy` answers 503 so many times first.
    """
    with FileServer(files, ranges=ranges, cut_first=cut_first, busy=busy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
