"""HTTP/1.1 on a connection: uvicorn's protocol, with the bounds that it does not have.

Its parser takes heads without end, and an idle connection that never sends one is never closed.
"""

import asyncio
import re
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from streamlake.ingest.errors import HeadTooLarge, Malformed, Refusal
from streamlake.ingest.limits import HEAD_SECONDS, MAX_HEAD_BYTES
from streamlake.ingest.results import problem

_LINGER_SECONDS: Final = 1.0
_NOT_HTTP: Final = "this is no HTTP request that can be read."
_UPGRADE: Final = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _head_bytes = 0
    _in_head = True
    _refused = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._refused:
            return
        if self._in_head:
            if self._head_timer is None:
                self._await_head()
            self._head_bytes += len(data)
            data = _without_upgrade(data)
            # What came may hold the head and part of the body: only a head that is still open is too large.
            super().data_received(data)
            if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self._refused:
                self._refuse(HeadTooLarge(f"the request line and headers are larger than {MAX_HEAD_BYTES:,} bytes."))
            return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The parser has read a head."""
        self._head_is_here()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The parser has read a body to its end: what follows is the next head."""
        super().on_message_complete()
        self._in_head = True
        self._head_bytes = 0

    def send_400_response(self, msg: str) -> None:
        """The parser refused what came."""
        self._refuse(Malformed(_NOT_HTTP if msg.startswith("Invalid HTTP") else msg))

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _head_is_here(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        said = problem(refusal)
        head = [
            STATUS_LINE[said.status],
            b"content-type: " + said.media + b"\r\n",
            b"content-length: " + str(len(said.body)).encode() + b"\r\n",
            b"connection: close\r\n\r\n",
        ]
        self._refused = True
        self._head_is_here()
        if self.cycle is not None and not self.cycle.response_complete:
            # What came is the rest of a request that is being read: to it, the client is gone.
            started = self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if started:
                self.transport.close()
                return
        self.transport.write(b"".join([*head, said.body]))
        # Closing with unread bytes resets the connection, and the client would lose the answer: half, then whole.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _without_upgrade(data: bytes) -> bytes:
    """The same bytes with the offer to switch protocols under another name, in the head.

    Who does not switch ignores the offer (RFC 9110, 7.8), but the parser would stop at it and the body be lost. Java's
    client and curl's `--http2` make it with every first request.
    """
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    return data if _UPGRADE.search(head) is None else _UPGRADE.sub(b"\r\nx-upgrade", head) + data[len(head) :]
