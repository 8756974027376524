"""A model of Kafka: topics with ids, logs with epochs and holes, retention, truncation, and a group's offsets.

It keeps the truth beside what clients may see: every entry that was ever written, and what became of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal
from uuid import UUID

from streamlake.consumer.effects import Above, Below, LogBounds
from streamlake.errors import Retryable

Fate = Literal["live", "retention", "truncated", "deleted"]
Header = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Record:
    """One event in a log; what the core calls a Message. `names` is the schema version that it names, if any."""

    event: int
    names: int | None
    topic_id: UUID
    partition: int
    at: int
    epoch: int
    timestamp_ms: int
    body: bytes

    def __len__(self) -> int:
        """As the client has it: a tombstone is false."""
        return len(self.body or b"")

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 2, self.timestamp_ms

    def key(self) -> bytes | None:
        return None

    def value(self) -> bytes | None:
        return self.body

    def headers(self) -> list[Header] | None:
        return None

    def leader_epoch(self) -> int | None:
        return self.epoch


@dataclass(slots=True)
class Log:
    """One partition. An entry is None where the offset holds no record: a marker, an aborted transaction."""

    start: int = 0
    epoch: int = 0
    entries: list[Record | None] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    """Truncations: where, and the epoch that ended."""

    @property
    def end(self) -> int:
        return len(self.entries)


@dataclass(slots=True)
class Topic:
    """One topic of that name; `logs` are its partitions."""

    id: UUID
    logs: list[Log]
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What the dead letter topic holds. `key` is its record key."""

    key: str
    event: int
    body: bytes


class Broker:
    """One cluster with one raw topic name, its group and its dead letter topic."""

    def __init__(self, rng: Random, topic: str, partitions: int, clock_ms: int) -> None:
        self._rng = rng
        self.topic = topic
        self.clock_ms = clock_ms
        self.current: Topic | None = None
        self.topics: dict[UUID, Topic] = {}
        self.committed: dict[int, int] = {}
        self.dead_letters: list[DeadLetter] = []
        self.events: list[Record] = []
        self.fates: list[Fate] = []
        self.create_topic(partitions)

    # What an administrator, a producer and time do.

    def create_topic(self, partitions: int) -> None:
        self.current = Topic(UUID(int=self._rng.getrandbits(128)), [Log() for _ in range(partitions)])
        self.topics[self.current.id] = self.current

    def delete_topic(self) -> None:
        if self.current is not None:
            self.current.deleted = True
            for log in self.current.logs:
                self._lose(log.entries[log.start :], "deleted")
            self.current = None

    def produce(self, partition: int, names: int | None) -> None:
        """One event, acknowledged."""
        if self.current is None or partition >= len(self.current.logs):
            return
        log, event = self.current.logs[partition], len(self.events)
        body = b'{"event":%d}' % event
        record = Record(event, names, self.current.id, partition, log.end, log.epoch, self.clock_ms, body)
        log.entries.append(record)
        self.events.append(record)
        self.fates.append("live")

    def mark(self, partition: int, count: int) -> None:
        """Offsets without a record: commit markers, aborted transactions."""
        if self.current is not None and partition < len(self.current.logs):
            self.current.logs[partition].entries += [None] * count

    def retain(self, log: Log, start: int) -> None:
        """Retention deletes everything below `start`."""
        self._lose(log.entries[log.start : start], "retention")
        log.start = max(log.start, start)

    def truncate(self, log: Log, end: int) -> None:
        """An unclean election: everything from `end` on is gone, its offsets will be used again."""
        self._lose(log.entries[end:], "truncated")
        log.cuts.append((end, log.epoch))
        del log.entries[end:]
        log.epoch += 1

    # What clients ask.

    def topic_id(self) -> UUID | None:
        return self.current.id if self.current else None

    def log(self, partition: int) -> Log:
        """A fetch goes by name: whatever topic has it now."""
        if self.current is None or partition >= len(self.current.logs):
            raise Retryable("unknown topic or partition")
        return self.current.logs[partition]

    def bounds(self, partition: int) -> LogBounds:
        log = self.log(partition)
        return LogBounds(log.start, log.end)

    def fetch(self, partition: int, start: int, next_offset: int, limit: int) -> Sequence[Record] | Below | Above:
        log = self.log(partition)
        if start < log.start:
            return Below(log.start)
        if start > log.end:
            return Above(log.end)
        found: list[Record] = []
        for entry in log.entries[start:next_offset]:
            if entry is not None:
                found.append(entry)
                if len(found) == limit:
                    break
        return found

    def _lose(self, entries: Sequence[Record | None], fate: Fate) -> None:
        for entry in entries:
            if entry is not None:
                self.fates[entry.event] = fate
