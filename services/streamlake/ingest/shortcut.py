"""What a request on our own protocol may take and give without ASGI's messages: its whole body, its whole answer.

Each message costs a coroutine and a dictionary, and ASGI wants four of them for a request that is there in one piece
and answered in one. Where anything stands against the short way, there is the long one.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from streamlake.ingest import body
from streamlake.ingest.results import Answer

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_CYCLE: Final = "streamlake.cycle"


def offer(cycle: RequestResponseCycle) -> None:
    """Let the app take the short way for this request."""
    cycle.scope[_CYCLE] = cycle  # type: ignore[typeddict-unknown-key] # ours


def whole_body(scope: Scope) -> bytes | None:
    """The body, as it came, where all of it is here; then nobody else can read it. None where it must be received."""
    cycle: RequestResponseCycle | None = scope.get(_CYCLE)
    if cycle is None or cycle.more_body or cycle.disconnected:
        return None
    content, cycle.body = cycle.body, bytearray()
    return bytes(content)


async def respond(scope: Scope, send: Send, said: Answer, unread: body.Receive | None = None) -> None:
    """Send the answer, and wait until the client has read nearly all of it: so long it is held.

    Where the body was not read to its end, the connection closes behind it, gently.
    """
    cycle: RequestResponseCycle | None = scope.get(_CYCLE)
    if unread is not None or said.close or not _at_once(cycle, said):
        await _by_messages(send, said, unread)
    if cycle is not None and cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()


async def _by_messages(send: Send, said: Answer, unread: body.Receive | None) -> None:
    close = unread is not None or said.close
    headers = [
        (b"content-type", said.media),
        (b"content-length", str(len(said.body)).encode()),
        *said.headers,
    ]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": said.status, "headers": headers})
    await send({"type": "http.response.body", "body": said.body, "more_body": close})
    if close:
        if unread is not None:
            await body.drain(unread)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def written(said: Answer, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of an answer, with these headers and those that it needs."""
    lines = [STATUS_LINE[said.status]]
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
    length = b"%d" % len(said.body)
    lines += (b"content-type: ", said.media, b"\r\ncontent-length: ", length, b"\r\n\r\n", said.body)
    return b"".join(lines)


def _at_once(cycle: RequestResponseCycle | None, said: Answer) -> bool:
    """Write a whole answer in one go, where nothing stands against it; False where something does."""
    if (
        cycle is None
        or cycle.disconnected
        or cycle.response_started
        or cycle.flow.write_paused
        or not cycle.keep_alive
        or said.headers
        or cycle.scope["method"] == "HEAD"
    ):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(written(said, cycle.default_headers))
    cycle.message_event.set()
    cycle.on_response()
    return True
