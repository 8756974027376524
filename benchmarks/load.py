"""A load that costs little itself: so many connections, each sends its next request when the answer is there.

Run as a process of its own: `python -m benchmarks.load PORT PATH REQUESTS CONNECTIONS EVENTS_A_REQUEST`; prints JSON.
"""

import asyncio
import json
import sys
import time
from typing import cast

import uvloop

EVENT = (
    b'{"order_id":"o-%08d","customer_id":"c-1042","status":"placed","quantity":3,"amount":129.50,"currency":"EUR",'
    b'"ordered_at":"2026-11-21T06:00:00Z","note":"leave it at the door, please; thank you"}'
)


class Connection(asyncio.Protocol):
    def __init__(self, path: str, numbers: "Numbers") -> None:
        self._path = path
        self._numbers = numbers
        self._found = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._found += data
        head = self._found.find(b"\r\n\r\n")
        if head < 0:
            return
        length = self._found.lower().find(b"content-length: ", 0, head)
        size = int(self._found[length + 16 : self._found.index(b"\r\n", length)])
        if len(self._found) < head + 4 + size:
            return
        if not self._found.startswith(b"HTTP/1.1 202"):
            self.done.set_exception(RuntimeError(self._found[:500].decode()))
            self._transport.close()
            return
        self._numbers.seconds.append(time.perf_counter() - self._began)
        self._found = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or RuntimeError("the server closed the connection"))

    def _next(self) -> None:
        body = self._numbers.take()
        if body is None:
            self.done.set_result(None)
            self._transport.close()
            return
        head = f"POST {self._path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self._began = time.perf_counter()
        self._transport.write(head.encode() + b"\r\n\r\n" + body)


class Numbers:
    def __init__(self, requests: int, events: int) -> None:
        self.seconds: list[float] = []
        self._left = requests
        self._events = events
        self._number = 0

    def take(self) -> bytes | None:
        if not self._left:
            return None
        self._left -= 1
        self._number += self._events
        if self._events == 1:
            return EVENT % self._number
        return b"[" + b",".join([EVENT % (self._number - n) for n in range(self._events)]) + b"]"


async def run(port: int, path: str, requests: int, connections: int, events: int) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    numbers = Numbers(requests, events)
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Connection(path, numbers), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in made))
    wall = time.perf_counter() - began
    ordered = sorted(numbers.seconds)
    return {
        "requests": len(ordered),
        "wall_seconds": wall,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[len(ordered) * 99 // 100],
    }


if __name__ == "__main__":
    port, path, *counts = sys.argv[1:]
    print(json.dumps(uvloop.run(run(int(port), path, *map(int, counts)))))
