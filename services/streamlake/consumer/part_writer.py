"""Compress and hash lines in a thread of their own, while the loop judges the next records.

Both release the interpreter for the length of a call, so the two overlap on two cores and cost no more on one.
"""

import hashlib
import threading
from queue import SimpleQueue

from streamlake.consumer.effects import Encoded
from streamlake.storage.part_encoding import encoder


class ThreadedPart:
    """One part on its way. `write` and `finish` are called by one thread at a time; see effects.PartWriter."""

    def __init__(self, suffix: str, queue: "SimpleQueue[tuple[ThreadedPart, bytes | None]]") -> None:
        self._queue = queue
        self._encoder = encoder(suffix)
        self._sha256 = hashlib.sha256()
        self._chunks: list[bytes] = []
        self._size = 0
        self._written = 0
        self._done = threading.Event()
        self._error: Exception | None = None

    @property
    def held_bytes(self) -> int:
        """What waits for the thread, uncompressed, and what the encoder holds."""
        return self._written - self._size + self._encoder.held_bytes

    def write(self, lines: bytes) -> None:
        """Queue whole lines."""
        self._written += len(lines)
        self._queue.put((self, lines))

    def finish(self) -> Encoded:
        """Wait until the last line is through."""
        if not self._done.is_set():
            self._queue.put((self, None))
        self._done.wait()
        if self._error is not None:
            raise self._error
        return Encoded(self._chunks, self._size, self._sha256.hexdigest())

    def take(self, lines: bytes | None) -> None:
        """Called by the thread, in the order of `write`."""
        if self._done.is_set():
            return
        try:
            if lines is None:
                self._chunks = self._encoder.finish()
            else:
                self._encoder.write(lines)
        except Exception as error:  # noqa: BLE001 -- raised again by finish; the thread serves other parts, too
            self._error = error
            self._done.set()
            return
        if lines is None:
            self._done.set()
            return
        self._sha256.update(lines)
        self._size += len(lines)


class PartThread:
    """Makes parts and owns the thread that they share; see effects.PartFormat."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[ThreadedPart, bytes | None]] = SimpleQueue()
        threading.Thread(target=self._run, name="parts", daemon=True).start()

    def __call__(self, suffix: str) -> ThreadedPart:
        """A new part, encoded as its suffix says; UnknownPartFormat where this release cannot."""
        return ThreadedPart(suffix, self._queue)

    def _run(self) -> None:
        while True:
            part, lines = self._queue.get()
            part.take(lines)
