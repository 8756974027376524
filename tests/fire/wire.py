"""Bytes on a socket, and the answers read strictly: nothing of ours and no client library, for both would mend them."""

import json
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [ -~]*")
_HEADER = re.compile(rb"([a-z0-9-]+): ([ -~]*)")


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection to the API."""

    def __init__(self, port: int, *, receive_bytes: int | None = None) -> None:
        self._socket = socket.socket()
        if receive_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(60)
        self._socket.connect(("127.0.0.1", port))
        self._held = b""
        self.closed = False

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def send(self, sent: bytes) -> bool:
        """Send all of it; False where the other side has hung up."""
        try:
            self._socket.sendall(sent)
        except (ConnectionError, TimeoutError):
            return False
        return True

    def end(self) -> None:
        """Close our half."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.closed = True

    def answer(self, seconds: float = 15, *, to_head: bool = False) -> Answer | None:
        """The next answer; None where the connection ends before one begins. An answer cut short fails the test."""
        deadline = time.monotonic() + seconds
        while True:
            head = self._until(b"\r\n\r\n", deadline)
            if head is None:
                assert self._held == b"", f"cut short: {self._held[:200]!r}"
                return None
            status, headers = _head(head)
            if status != 100:
                break
        if to_head or status in (204, 304):
            return Answer(status, headers, b"")
        return Answer(status, headers, self._body(headers, deadline))

    def is_closed(self, seconds: float = 5) -> bool:
        """Whether the other side closes in that time, without another word."""
        self._more(time.monotonic() + seconds, may_wait=True)
        assert self._held == b"", f"an answer that nobody asked for: {self._held[:200]!r}"
        return self.closed

    def _body(self, headers: dict[str, str], deadline: float) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            assert "content-length" not in headers
            body = b""
            while size := int(self._sure(self._until(b"\r\n", deadline)), 16):
                body += self._exactly(size, deadline)
                assert self._exactly(2, deadline) == b"\r\n"
            assert self._exactly(2, deadline) == b"\r\n"
            return body
        return self._exactly(int(headers["content-length"]), deadline)

    def _until(self, end: bytes, deadline: float) -> bytes | None:
        while end not in self._held:
            if not self._more(deadline):
                return None
        found, self._held = self._held.split(end, 1)
        return found

    def _exactly(self, size: int, deadline: float) -> bytes:
        while len(self._held) < size:
            assert self._more(deadline), f"cut short: {self._held[:200]!r}"
        found, self._held = self._held[:size], self._held[size:]
        return found

    @staticmethod
    def _sure(found: bytes | None) -> bytes:
        assert found is not None, "cut short"
        return found

    def _more(self, deadline: float, *, may_wait: bool = False) -> bool:
        left = deadline - time.monotonic()
        try:
            assert left > 0 or may_wait, "no answer in time, and not closed"
            self._socket.settimeout(max(left, 0.001))
            piece = self._socket.recv(1 << 18)
        except TimeoutError:
            assert may_wait, "no answer in time, and not closed"
            return False
        except ConnectionError:
            piece = b""
        self.closed = not piece
        self._held += piece
        return bool(piece)


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    assert status, f"no status line: {first!r}"
    found = [_HEADER.fullmatch(line) for line in lines]
    assert all(found), f"a header that is none: {lines}"
    named = [(match[1].decode(), match[2].decode()) for match in found if match]
    assert len(dict(named)) == len(named), f"a header stands twice: {named}"
    return int(status[1]), dict(named)


def request(
    target: bytes,
    body: bytes | None = None,
    *headers: bytes,
    method: bytes = b"POST",
    version: bytes = b"HTTP/1.1",
    media: bytes | None = b"application/json",
    host: bytes | None = b"fire",
    length: int | None = -1,
) -> bytes:
    """A request with what belongs to it; `headers` are whole lines. Length -1 is the body's own, None is none."""
    lines: list[bytes] = [method + b" " + target + b" " + version]
    lines += [] if host is None else [b"Host: " + host]
    lines += [] if body is None or media is None else [b"Content-Type: " + media]
    lines += headers
    if body is not None and length is not None:
        lines.append(b"Content-Length: %d" % (len(body) if length == -1 else length))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def chunked(body: bytes, *, size: int = 1 << 16, extension: bytes = b"", trailers: Sequence[bytes] = ()) -> bytes:
    """A body in chunks, with what may stand around them."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(
        [
            *(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces),
            b"0\r\n",
            *(line + b"\r\n" for line in trailers),
            b"\r\n",
        ]
    )
