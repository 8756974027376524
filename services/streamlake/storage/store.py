"""The port to the lake: a store of objects that are created once and never replaced.

Five calls are all that StreamLake asks of a store. There is no rename, no delete and no custom metadata, so a
bucket whose writers hold neither permission is enough, and nothing that was written can be taken back.

Names are relative, use `/`, and hold only `A-Z a-z 0-9 . _ = -` between slashes. Every call may block on I/O; none
keeps state between calls; all are safe from several threads. Each raises

    Retryable   it was not done, or trying again is harmless (time-out before send, 429, 5xx, disk full)
    Unknown     `create` only: the answer was lost. Repeat the same create; absence on read-back proves nothing
    Permanent   denied, missing bucket, read-only

An object is visible whole or not at all (I6), and once `create` has answered it survives a power cut.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol


class ObjectStore(Protocol):
    """See the module. The adapters are `local.py` and `memory.py`; `tests/conformance/test_store.py` holds them all."""

    @property
    def url(self) -> str:
        """Where this store is, for messages: `file:///srv/lake`."""
        ...

    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        """Create `name` with these bytes, only if it does not exist.

        True: this call made it. False: an object of that name existed already, and stays as it is; it may be
        our own, from an attempt whose answer was lost, so the caller compares before it calls it a conflict.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """The whole object, or None where there is none."""
        ...

    def read_range(self, name: str, start: int, length: int) -> bytes | None:
        """At most `length` bytes from `start`; fewer at the end; None where there is no such object."""
        ...

    def size(self, name: str) -> int | None:
        """Bytes as stored, or None where there is no such object. The cheapest way to ask whether it exists."""
        ...

    def list_from(self, prefix: str, start: str = "", limit: int | None = None) -> Iterator[str]:
        """Names that begin with `prefix` and are >= `start` (a full name), in ascending byte order, at most `limit`.

        What was created before the call began is listed; temporary files never are.
        """
        ...
