"""An HTTP wire between a consumer and the bucket on which answers get lost, late, slow or wrong, and are counted."""

import contextlib
import http.client
import random
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Mode = Literal[
    "open", "cut", "fails_before", "fails_after", "drops_before", "drops_after", "stalls", "late", "trickles",
    "denies_401", "denies_403", "busy_429",
]  # fmt: skip
ALWAYS = {"cut", "denies_401", "denies_403"}
ODDS = 0.6
"""So that some calls get through, and what is half done is met by what comes next."""
STATUS = {"fails_before": 503, "fails_after": 503, "denies_401": 401, "denies_403": 403, "busy_429": 429}
REASON = {503: "backendError", 401: "authError", 403: "forbidden", 429: "rateLimitExceeded"}


class StoreLink(ThreadingHTTPServer):
    """Passes requests on to the bucket at `target`. `mode` may be set at any time."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, port: int, target: int, seed: int) -> None:
        super().__init__(("127.0.0.1", port), _Call)
        self.target = target
        self.mode: Mode = "open"
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()
        self._dice = random.Random(f"store {seed} {port}")
        threading.Thread(target=self.serve_forever, args=(0.1,), name="store link", daemon=True).start()

    @property
    def url(self) -> str:
        """What STORAGE_EMULATOR_HOST must be."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def struck(self) -> Mode:
        """What happens to the next call."""
        with self.lock:
            mode = self.mode
            if mode == "open" or (mode not in ALWAYS and self._dice.random() > ODDS):
                return "open"
            self.counts[mode] += 1
            return mode

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what this is about."""


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: StoreLink

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        mode = self.server.struck()
        if mode in ("cut", "drops_before"):
            return self._hang_up()
        if mode in ("fails_before", "denies_401", "denies_403", "busy_429"):
            return self._fail(STATUS[mode])
        if mode == "stalls":
            time.sleep(self.server.counts["stalls"] % 3 * 4 + 2)
        if mode == "late":
            self._hang_up()
            time.sleep(1.5)
        try:
            status, headers, answer = self._asked(body)
        except (OSError, http.client.HTTPException):
            return self._hang_up()
        if mode in ("late", "drops_after"):
            return self._hang_up()
        if mode == "fails_after":
            return self._fail(503)
        head = [f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in headers), "", ""]
        self._send("\r\n".join(head).encode("latin-1") + answer, slowly=mode == "trickles")
        return None

    do_POST = do_PUT = do_HEAD = do_DELETE = do_PATCH = do_GET  # noqa: N815 - the same

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=30)
        try:
            passed = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request(self.command, self.path, body or None, passed)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in ("connection", "content-length")]
        return answer.status, [*headers, ("content-length", str(len(content)))], content

    def _fail(self, status: int) -> None:
        body = b'{"error":{"code":%d,"message":"The torture says so.","errors":[{"reason":"%s"}]}}' % (
            status,
            REASON[status].encode(),
        )
        head = f"HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._send(head.encode() + body)

    def _send(self, data: bytes, *, slowly: bool = False) -> None:
        try:
            if slowly:
                for at in range(len(data)):
                    self.wfile.write(data[at : at + 1])
                    time.sleep(0.02)
                    if self.server.mode != "trickles":
                        self.wfile.write(data[at + 1 :])
                        return
            else:
                self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """The counters say enough."""
