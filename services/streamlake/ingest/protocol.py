"""HTTP/1.1 on a connection: uvicorn's protocol, with the bounds and the strictness that it does not have.

Its parser takes heads and trailers without end, a connection that never sends a head, stops amid a body or never reads
its answer is never closed, and the refusal of one request may overtake the answer to the one before it.
"""

import asyncio
import re
from collections import deque
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from streamlake.ingest import head
from streamlake.ingest.errors import HeadTooLarge, Malformed, Refusal, TooBusy
from streamlake.ingest.idle import Idle
from streamlake.ingest.limits import CLIENT_BYTES_PER_SECOND, MAX_HEAD_BYTES
from streamlake.ingest.results import problem
from streamlake.ingest.shortcut import offer, written

_LINGER_SECONDS: Final = 1.0
_NOT_HTTP: Final = "this is no HTTP request that can be read."
_HEAD_TOO_LARGE: Final = f"the request line and headers are larger than {MAX_HEAD_BYTES:,} bytes."
_EXTENSIONS_TOO_LARGE: Final = f"extensions of chunks or trailers are larger than {MAX_HEAD_BYTES:,} bytes."
_HEAD_END: Final = b"\r\n\r\n"
_UPGRADE: Final = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        *,
        client_seconds: float,
        max_connections: int,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._client_seconds = client_seconds
        self._max_connections = max_connections
        self._in_head = True
        self._head_begun = False
        self._head_bytes = 0
        self._came = 0
        """Bytes that came last, together: the heads in them are read before anybody counts."""
        self._head_end = b""
        """The last bytes of a head that is open: its end may lie across two pieces."""
        self._idle_bytes = 0
        """What came behind a head and moved no body: extensions of chunks, trailers, a body that nobody waits for."""
        self._ended = False
        """Whether nothing more is read: it was refused, or the client has closed its half."""
        self._last_word: Refusal | None = None
        self._in_turn: RequestResponseCycle | None = None
        """The request that is being answered, or was last."""
        self._idle = Idle(self.loop, self.timeout_keep_alive, self._idle_too_long)
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            self._refuse(
                TooBusy(
                    f"{self._max_connections:,} connections are open in this process.",
                    next_step="Use fewer connections, and each for many requests.",
                )
            )
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol. uvicorn tells the newest request only; the one in turn would go on and write."""
        self._stop_waiting()
        self._idle.forget()
        if self._in_turn is not None:
            self._in_turn.disconnected = True
            self._in_turn.message_event.set()
        self.pipeline.clear()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._ended:
            return
        self._idle.end()
        self._came = len(data)
        if not self._in_head:
            cycle = self.cycle
            before = len(cycle.body)
            self._feed(data)
            self._bound_head(data)
            moved = self.cycle is not cycle or len(cycle.body) > before
            self._idle_bytes = 0 if moved else self._idle_bytes + len(data)
            if self._idle_bytes > MAX_HEAD_BYTES and not self._in_head:
                self._refuse(
                    HeadTooLarge(f"the extensions of chunks or the trailers are larger than {MAX_HEAD_BYTES:,} bytes.")
                )
            return
        self._head_bytes += len(data)
        # What came may hold a head and a body: a head that is open is too large now, one that was read by its own size.
        self._feed(_without_upgrade(data, self._head_end))
        self._bound_head(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HeadTooLarge(_HEAD_TOO_LARGE))

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The client has closed its half, and may still read: what came whole is answered."""
        if self.scheme == "https":
            return None  # TLS knows no half
        if not self._ended:
            self._end(None)
        return not self.transport.is_closing()

    def pause_writing(self) -> None:
        """The client reads more slowly than its answer is written."""
        super().pause_writing()
        seconds = self._client_seconds + self.transport.get_write_buffer_size() / CLIENT_BYTES_PER_SECOND
        self._write_timer = self.loop.call_later(seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read on."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def on_message_begin(self) -> None:
        """A head begins, maybe amid what came."""
        super().on_message_begin()
        self._head_begun = True

    def on_headers_complete(self) -> None:
        """The parser has read a head."""
        self._stop_waiting()
        parser = self.parser
        fault = head.fault(
            parser.get_method(), parser.get_http_version(), self.headers, upgrade=parser.should_upgrade()
        )
        if fault is not None:
            raise Malformed(fault)
        if max(self._head_bytes, self._came) > MAX_HEAD_BYTES and head.size(self.url, self.headers) > MAX_HEAD_BYTES:
            raise HeadTooLarge(_HEAD_TOO_LARGE)
        super().on_headers_complete()
        self._in_head = self._head_begun = False
        self._idle_bytes = 0
        # Trailers are none of what was read and judged: they go into a list that nobody looks at.
        self.headers = []

    def on_message_complete(self) -> None:
        """The parser has read a body to its end: what follows is the next head."""
        super().on_message_complete()
        self._stop_waiting()
        self._in_head = True
        self._head_bytes = 0

    def on_response_complete(self) -> None:
        """One request is answered: the next one's turn. As in uvicorn, but for the timer and for what has ended."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._see_it_gone()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._ended:
            self._close(self._last_word)
        else:
            if not self._in_head:
                # Answered without its body, as pages are: the rest has the time of a head to come.
                self._await_head()
            self._idle.begin()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._in_turn = cycle
        offer(cycle)
        super()._start_asgi_task(cycle, app)

    def _idle_too_long(self) -> None:
        if not self.transport.is_closing():
            self._close(None)

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                # Who does not switch ignores the offer (RFC 9110, 7.8); the parser stopped behind the head.
                data = data[offer.args[0] :]
                continue
            except httptools.HttpParserError as error:
                cause = error.__context__
                self._refuse(cause if isinstance(cause, Refusal) else Malformed(_NOT_HTTP))
            return

    def _bound_head(self, data: bytes) -> None:
        """A head that is open behind what came has to end in time. Most come whole, and want no timer."""
        begun = self._in_head and (self._head_begun or self._head_bytes > 0)
        self._head_end = (self._head_end + data)[-len(_HEAD_END) + 1 :] if begun else b""
        if begun and self._head_timer is None and not self._ended:
            self._await_head()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self._client_seconds, self._too_late)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._await_head()  # the one before is still being answered
            return
        self._close(None)

    def _refuse(self, refusal: Refusal) -> None:
        if not self._ended:
            self._end(refusal)

    def _end(self, refusal: Refusal | None) -> None:
        """Read no more. What came whole is answered first, in its turn; then comes the refusal."""
        self._ended = True
        self._last_word = refusal
        self._stop_waiting()
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            # Amid a body that nobody waits for, a refusal would be taken for the answer to the next request.
            self._close(refusal if self._in_head else None)
            return
        if not cycle.more_body:
            return
        # What came is the rest of a request that is being read: to it, the client is gone.
        waiting = deque(entry for entry in self.pipeline if entry[0] is not cycle)
        is_running = len(waiting) == len(self.pipeline)
        self.pipeline = waiting
        cycle.disconnected = True
        cycle.message_event.set()
        if is_running:
            self._close(None if cycle.response_started else refusal)

    def _close(self, refusal: Refusal | None) -> None:
        """Hang up, after the refusal if there is one."""
        if self.transport.is_closing():
            return
        if refusal is None:
            self.transport.close()
            self._see_it_gone()
            return
        said = problem(refusal)
        self.transport.write(written(said, [*said.headers, (b"connection", b"close")]))
        # Closing with unread bytes resets the connection, and the client would lose the answer: half, then whole.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self._close, None)

    def _see_it_gone(self) -> None:
        """A closed connection stays until the client has read what was written: not for ever."""
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self._client_seconds, self.transport.abort)


def _without_upgrade(data: bytes, before: bytes) -> bytes:
    """The same bytes with the offer to switch protocols under another name, in the head, which began `before`.

    Who does not switch ignores the offer (RFC 9110, 7.8), but the parser would stop at it and the body be lost. Java's
    client and curl's `--http2` make it with every first request.
    """
    end = (before + data).find(_HEAD_END)
    head = data if end < 0 else data[: max(end - len(before), 0)]
    return data if _UPGRADE.search(head) is None else _UPGRADE.sub(b"\r\nx-upgrade", head) + data[len(head) :]
