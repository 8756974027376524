"""A TCP wire between a client and Kafka that can be cut, go silent, or become slow. Each counts what it did."""

import asyncio
import threading
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Literal

Mode = Literal["open", "cut", "silent", "slow"]
_SLOW_BYTES = 4096


class Wires:
    """The event loop that all links live in, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do it in the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        """End every link."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


class Link:
    """Listens on `port`, and passes on to `target`. `mode` may be set at any time, from any thread."""

    def __init__(self, wires: Wires, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.counts: Counter[str] = Counter()
        self._wires = wires
        self._mode: Mode = "open"
        self._writers: set[asyncio.StreamWriter] = set()
        wires.run(self._listen())

    def set(self, mode: Mode) -> None:
        """Change what the wire does. A cut ends every connection at once."""
        self._wires.run(self._set(mode))

    async def _set(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "cut":
            for writer in list(self._writers):
                self.counts["cut"] += 1
                writer.transport.abort()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "cut":
            self.counts["cut"] += 1
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            while self._mode == "silent":
                self.counts["silent"] += 1
                await asyncio.sleep(0.1)
            if self._mode == "slow":
                self.counts["slow"] += 1
                for at in range(0, len(piece), _SLOW_BYTES):
                    await asyncio.sleep(0.05)
                    writer.write(piece[at : at + _SLOW_BYTES])
            else:
                writer.write(piece)
            await writer.drain()
        raise ConnectionResetError  # the other direction ends, too
