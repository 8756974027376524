"""A bucket on this machine with faults that a test scripts; each counts how often it happened.

The bucket itself is `streamlake.local.bucket`, which knows of no faults. They are put around it here, where an answer
goes out: before its effect or after it, in place of the answer or within it.
"""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from streamlake.local.bucket import BucketApi
from streamlake.local.bucket_calls import Call, Reply, failure
from streamlake.local.bucket_server import BucketServer, Connection
from streamlake.storage.gcs_patience import Limits
from streamlake.storage.memory import MemoryStore
from streamlake.storage.store import ObjectStore

BUCKET = "lake-bucket"
QUICK = Limits(attempt_seconds=0.5, total_seconds=4, silence_seconds=0.25, bytes_per_second=50 << 20)
"""For faults of time, where a test waits for a time-out. A busy machine may be that slow without a fault."""
BRIEF = replace(QUICK, total_seconds=1)
"""For faults that last, where a test waits until a call gives up."""

What = Literal[
    "error", "error_after", "drop", "drop_after", "stall", "stall_after", "late", "truncate", "trickle", "trickle_head",
    "wrong_hash", "flip", "short_range", "garbage",
]  # fmt: skip


@dataclass
class Fault:
    """What happens to the next `times` calls of a kind (create, stat, read, list; empty is each) to such an object."""

    what: What
    on: str = ""
    times: int = 1
    within: str = ""
    status: int = 503
    reason: str = "backendError"
    message: str = "We encountered an internal error. Please try again."
    seconds: float = 5.0
    happened: int = 0

    @property
    def limits(self) -> Limits:
        """The patience that a store needs to meet it soon."""
        return QUICK if self.what.startswith(("stall", "trickle")) else Limits()

    def fits(self, call: Call) -> bool:
        """Whether this call is to be broken."""
        name = call.object or (call.body[:2000].decode(errors="replace") if call.kind == "create" else "")
        return self.happened < self.times and self.on in ("", call.kind) and self.within in name


@dataclass
class Seen:
    """What was asked of the fake."""

    calls: Counter[str] = field(default_factory=Counter)
    targets: list[str] = field(default_factory=list)


class FakeGcs(BucketServer):
    """See the module. Use it as a context, and its `fault` around what must survive it."""

    def __init__(self, store: ObjectStore | None = None, bucket: str = BUCKET) -> None:
        super().__init__(BucketApi({bucket: store or MemoryStore()}))
        self.bucket = bucket
        self.seen = Seen()
        self.faults: list[Fault] = []
        self.late = 0
        self._change = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.shutdown()
        self.server_close()

    def names(self) -> list[str]:
        """What is in the bucket."""
        return list(self.api.buckets[self.bucket].names)

    def forget(self) -> None:
        """Count from here."""
        with self._change:
            self.seen = Seen()

    @contextmanager
    def fault(self, *faults: Fault) -> Iterator[None]:
        """Break what fits these; AssertionError at the end if one of them did not happen as often as it should."""
        with self._change:
            self.faults += faults
        yield
        with self._change:
            self.faults = [f for f in self.faults if f not in faults]
        missed = [f for f in faults if f.happened != f.times]
        assert not missed, f"did not happen: {missed}"

    def serve(self, call: Call, connection: Connection) -> None:
        with self._change:
            self.seen.calls[call.kind or f"{call.method} ?"] += 1
            self.seen.targets.append(connection.path)
            fault = next((f for f in self.faults if f.fits(call)), None)
            if fault is not None:
                fault.happened += 1
        if fault is None:
            super().serve(call, connection)
        else:
            self._break(fault, call, connection)

    def _break(self, fault: Fault, call: Call, connection: Connection) -> None:
        match fault.what:
            case "error":
                connection.send(failure(fault.status, fault.reason, fault.message))
            case "error_after":
                self.api.perform(call)
                connection.send(failure(fault.status, fault.reason, fault.message))
            case "drop":
                hang_up(connection)
            case "drop_after":
                self.api.perform(call)
                hang_up(connection)
            case "stall":
                self._over.wait(fault.seconds)
                hang_up(connection)
            case "stall_after":
                self.api.perform(call)
                self._over.wait(fault.seconds)
                hang_up(connection)
            case "late":
                hang_up(connection)
                self._over.wait(fault.seconds)
                self.api.perform(call)
                self.late += 1
            case "trickle_head":
                self._trickle(connection, b"HTTP/1.1 200 OK\r\nx-slow: " + b"s" * 10_000)
            case _:
                self._spoil(fault, self.api.perform(call), connection)

    def _spoil(self, fault: Fault, reply: Reply, connection: Connection) -> None:
        match fault.what:
            case "truncate":
                head = f"HTTP/1.1 {reply.status} OK\r\ncontent-length: {len(reply.body)}\r\n\r\n"
                connection.wfile.write(head.encode() + reply.body[: len(reply.body) // 2])
                hang_up(connection)
            case "trickle":
                connection.wfile.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(reply.body)}\r\n\r\n".encode())
                self._trickle(connection, reply.body)
            case "wrong_hash":
                reply.headers["x-goog-hash"] = "crc32c=AAAAAA=="
                if call_document(reply):
                    reply.body = reply.body.replace(b'"crc32c":"', b'"crc32c":"AAAA')
                connection.send(reply)
            case "flip":
                reply.body = bytes([reply.body[0] ^ 1]) + reply.body[1:]
                connection.send(reply)
            case "short_range":
                reply.body = reply.body[:-1]
                connection.send(reply)
            case "garbage":
                reply.body = b"<html>proxy</html>"
                connection.send(reply)
            case other:
                raise AssertionError(other)

    def _trickle(self, connection: Connection, body: bytes) -> None:
        for at in range(len(body)):
            if self._over.wait(0.05):
                return
            try:
                connection.wfile.write(body[at : at + 1])
            except OSError:
                return  # the client has had enough, as it should
        connection.close_connection = True


def call_document(reply: Reply) -> bool:
    """Whether the reply is the API's JSON."""
    return reply.headers.get("content-type", "").startswith("application/json")


def hang_up(connection: Connection) -> None:
    """End the connection without a word, as a broken network does."""
    connection.close_connection = True
    connection.connection.shutdown(socket.SHUT_RDWR)
