"""Which offsets to commit to the group: forward only, of our partitions only, as a hint and nothing more.

Landings end in threads; commits are made by the loop's thread, under the assignment of that moment. A landing that
ends after its partition was revoked finds nobody to commit for.
"""

import threading

TopicPartition = tuple[str, int]


class CommitManager:
    """Collects what may be committed. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owned: set[TopicPartition] = set()
        self._durable: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}

    def assigned(self, where: TopicPartition) -> None:
        """This partition is ours now."""
        with self._lock:
            self._owned.add(where)
            self._forget(where)

    def revoked(self, where: TopicPartition) -> None:
        """It no longer is."""
        with self._lock:
            self._owned.discard(where)
            self._forget(where)

    def note(self, where: TopicPartition, next_offset: int) -> None:
        """Everything below `next_offset` is durable."""
        with self._lock:
            if where in self._owned and next_offset > self._durable.get(where, -1):
                self._durable[where] = next_offset

    def due(self) -> dict[TopicPartition, int]:
        """What is durable and was not committed yet."""
        with self._lock:
            return {w: n for w, n in self._durable.items() if n > self._committed.get(w, -1)}

    def durable(self) -> dict[TopicPartition, int]:
        """All that may be committed, also what was sent before and perhaps never arrived."""
        with self._lock:
            return dict(self._durable)

    def done(self, offsets: dict[TopicPartition, int]) -> None:
        """These were committed."""
        with self._lock:
            for where, next_offset in offsets.items():
                self._committed[where] = max(next_offset, self._committed.get(where, -1))

    def _forget(self, where: TopicPartition) -> None:
        self._durable.pop(where, None)
        self._committed.pop(where, None)
