"""The API's protocol with an app that answers when it may, and a client beside it: for tests of one connection."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvloop
from uvicorn.config import Config
from uvicorn.server import ServerState

from streamlake.ingest.protocol import BoundedProtocol

CLIENT_SECONDS = 0.3
HEAD = b"POST /x HTTP/1.1\r\nHost: a\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\nok"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LARGE = 32 << 20


class App:
    """Answers each request with its number once it may; `told` is what it was told of them."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.may.set()
        self.told: list[tuple[dict[bytes, bytes], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        number = len(self.told)
        self.told.append((dict(scope["headers"]), b""))
        if scope["path"] != "/unread":
            body = b""
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body += message["body"]
                if not message["more_body"]:
                    break
            self.told[number] = (self.told[number][0], body)
        await self.may.wait()
        answer = bytes(LARGE) if scope["path"] == "/large" else b"answer %d;" % number
        headers = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


class Connection:
    """The client's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, sent: bytes, *, end: bool = False) -> None:
        self.writer.write(sent)
        if end:
            self.writer.write_eof()
        await self.writer.drain()

    async def rest(self) -> bytes:
        """All that comes until the other side closes."""
        return await self.reader.read()

    async def has(self, word: bytes) -> bytes:
        """What comes until this word."""
        return await self.reader.readuntil(word)


@asynccontextmanager
async def serving(
    max_connections: int = 100, other: Any = None, idle_seconds: int = 5
) -> AsyncIterator[tuple[App, Callable[[], Awaitable[Connection]]]]:
    """With `other` in place of the app, if it is given."""
    app = App()
    config = Config(other or app, loop="none", log_config=None, access_log=False, timeout_keep_alive=idle_seconds)
    config.load()
    state = ServerState()
    make = functools.partial(
        BoundedProtocol,
        client_seconds=CLIENT_SECONDS,
        max_connections=max_connections,
        config=config,
        server_state=state,
        app_state={},
    )
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    opened: list[Connection] = []

    async def connect() -> Connection:
        opened.append(Connection(*await asyncio.open_connection("127.0.0.1", port)))
        return opened[-1]

    try:
        yield app, connect
    finally:
        for connection in opened:
            connection.writer.close()
        server.close()
        for _ in range(200):
            if not state.connections:
                break
            await asyncio.sleep(0.02)
        assert not state.connections, "a connection was not closed"


Scenario = Callable[[], Awaitable[None]]


def scenario(test: Scenario) -> Callable[[], None]:
    @functools.wraps(test)
    def run() -> None:
        uvloop.run(asyncio.wait_for(test(), 20))

    # pytest would look for fixtures in the signature that `wraps` remembers.
    del run.__wrapped__
    return run
