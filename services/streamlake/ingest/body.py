"""A request's body, read to its end under the limits of size, rate and memory."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from streamlake.ingest.admission import Share
from streamlake.ingest.decompress import decoder
from streamlake.ingest.errors import Refusal, TooLarge, TooSlow
from streamlake.ingest.limits import CLIENT_BYTES_PER_SECOND, MAX_BODY_BYTES, MAX_ENCODED_BYTES
from streamlake.ingest.media import Declared, Encoding

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 64 * 1024 * 1024


class ClientGone(Exception):
    """The client closed the connection before its body was whole: nothing to do, nobody to answer."""


async def read(
    receive: Receive, declared: Declared, share: Share, client_seconds: float, whole: bytes | None = None
) -> bytes:
    """The whole body, decompressed. `client_seconds`: how long a client may take to begin. `whole` is what came, where
    all of it has: then nothing is received, and no time limit is set, which would cost more than to judge an event.

    Raises TooLarge as soon as a limit is passed (without reading a byte where Content-Length says so already),
    TooSlow, Malformed where it is not what Content-Encoding says, TooBusy where this process is full, ClientGone.
    """
    wire_limit = MAX_BODY_BYTES if declared.encoding == "identity" else MAX_ENCODED_BYTES
    if declared.length is not None and declared.length > wire_limit:
        raise _too_large()
    message = await _first(receive, client_seconds) if whole is None else {"body": whole}
    if not message.get("more_body", False) and declared.encoding == "identity":
        body: bytes = message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        share.hold(len(body))
        return bytes(body)
    return await _stream(receive, message, declared.encoding, wire_limit, share, client_seconds)


async def _first(receive: Receive, client_seconds: float) -> MutableMapping[str, Any]:
    try:
        async with asyncio.timeout(client_seconds):
            return _alive(await receive())
    except TimeoutError as error:
        raise _too_slow(0, client_seconds) from error


async def _stream(
    receive: Receive,
    message: MutableMapping[str, Any],
    encoding: Encoding,
    wire_limit: int,
    share: Share,
    client_seconds: float,
) -> bytes:
    content = decoder(encoding)
    chunks: list[bytes] = []
    held = came = 0
    pace = _Pace(client_seconds)
    while True:
        piece: bytes = message.get("body", b"")
        came += len(piece)
        if came > wire_limit:
            raise _too_large()
        ended = not message.get("more_body", False)
        try:
            for chunk in content.feed(bytes(piece)) if piece else ():
                held += len(chunk)
                if held > MAX_BODY_BYTES:
                    raise _too_large()
                share.hold(len(chunk))
                chunks.append(chunk)
            if ended:
                content.finish()
                return b"".join(chunks)
        except Refusal as refusal:
            refusal.body_ended = ended
            raise
        message = await pace.next(receive, came)


class _Pace:
    """Each stretch of `client_seconds` must bring what CLIENT_BYTES_PER_SECOND asks for, or the end of the body.

    Looked at stretch by stretch, for what came fast must not buy time to stand still in: a few clients that stop short
    of the end of large bodies would hold all that a worker may hold.
    """

    def __init__(self, client_seconds: float) -> None:
        self._seconds = client_seconds
        self._until = asyncio.get_running_loop().time() + client_seconds
        self._came = 0

    async def next(self, receive: Receive, came: int) -> MutableMapping[str, Any]:
        """The next message, where `came` bytes came before it; TooSlow."""
        while True:
            try:
                async with asyncio.timeout_at(self._until):
                    return _alive(await receive())
            except TimeoutError as error:
                if came - self._came < self._seconds * CLIENT_BYTES_PER_SECOND:
                    raise _too_slow(came, self._seconds) from error
                self._came = came
                self._until += self._seconds


def announced(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a body belongs to these headers."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0")) for name, value in headers
    )


async def drain(receive: Receive) -> None:
    """Read on and throw away, for a bounded while: closing with unread bytes resets the connection, and the client
    would lose the answer that is on its way."""
    came = 0
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            while came < _LINGER_BYTES:
                message = await receive()
                came += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _alive(message: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


def _too_large() -> TooLarge:
    return TooLarge(
        f"the body is larger than {MAX_BODY_BYTES:,} bytes after decompression.", next_step="Send smaller batches."
    )


def _too_slow(came: int, client_seconds: float) -> TooSlow:
    return TooSlow(
        f"{came:,} bytes of the body came; in each {client_seconds:g} seconds it must be {CLIENT_BYTES_PER_SECOND:,} "
        "a second, or the rest."
    )
