"""Where one record is in Kafka: asked by offset or by time, in no group, bounded in time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec
from confluent_kafka import Message

from streamlake.errors import Permanent, Retryable, StreamlakeError, Unknown
from streamlake.kafka.admin import Admin
from streamlake.kafka.dead_letter import WHY_HEADER, headers_of
from streamlake.kafka.errors import BelowLogStart
from streamlake.kafka.names import HEADER, dlq_topic, raw_topic
from streamlake.kafka.reader import Reader

_SECONDS: Final = 5.0
"""So long is searched for an id; what was not seen by then is said."""


@dataclass(frozen=True, slots=True)
class InLog:
    """A record as Kafka has it. `meta` and `why` are what its headers say."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: str | None
    meta: dict[str, Any]
    why: dict[str, Any]
    topic_id: UUID | None


@dataclass(slots=True)
class LogTrace:
    """Kafka while one event is looked for. `trouble` is why it could not be asked; `looked` says where."""

    admin: Admin | None
    reader: Reader | None
    trouble: str = ""
    looked: list[str] = field(default_factory=list)
    _ids: dict[str, UUID | None] = field(default_factory=dict)

    def topic_id(self, topic: str) -> UUID | None:
        """The id of the topic that Kafka has now; None where there is none, or it cannot be asked."""
        if self.admin is None:
            return None
        if topic not in self._ids:
            try:
                self._ids[topic] = self.admin.topic_id(topic)
            except (Retryable, Unknown, Permanent) as error:
                self._give_up(error)
                return None
        return self._ids[topic]

    def record(self, topic: str, partition: int, offset: int) -> tuple[InLog | None, str]:
        """The record at that place, and in a word what Kafka says of it: there, deleted, not_written, no_record,
        no_topic, unknown.
        """
        id_ = self.topic_id(topic)
        if self.admin is None or self.reader is None:
            return None, "unknown"
        self.looked.append(f"{topic}/{partition}/{offset} in Kafka")
        try:
            if id_ is None or partition >= self.admin.partitions(topic):
                return None, "no_topic"
            bounds = self.admin.bounds(topic, partition)
            if offset < bounds.start:
                return None, "deleted"
            if offset >= bounds.end:
                return None, "not_written"
            message = self.reader.fetch_one(topic, partition, offset)
        except BelowLogStart:
            return None, "deleted"
        except (Retryable, Unknown, Permanent) as error:
            self._give_up(error)
            return None, "unknown"
        if message is None or message.offset() != offset:
            return None, "no_record"
        return _in_log(message, id_), "there"

    def by_id(self, dataset: str, id_: str, first_ms: int, last_ms: int) -> list[InLog]:
        """The records with this ingestion id that were appended between both times, in both topics."""
        return [
            record
            for topic in (raw_topic(dataset), dlq_topic(dataset))
            for record in self._search(
                topic,
                first_ms,
                last_ms,
                lambda r: id_ in (r.key, r.meta.get("ingestion_id"), r.why.get("ingestion_id")),
            )
            if topic == dlq_topic(dataset) or record.meta.get("ingestion_id") == id_
        ]

    def letter(self, dataset: str, key: str, first_ms: int) -> InLog | None:
        """The dead letter with this key, which was sent after that time."""
        return next(self._search(dlq_topic(dataset), first_ms, 1 << 62, lambda record: record.key == key), None)

    def _search(self, topic: str, first_ms: int, last_ms: int, is_it: Callable[[InLog], bool]) -> Iterator[InLog]:
        id_ = self.topic_id(topic)
        if self.admin is None or self.reader is None or id_ is None:
            return
        give_up = time.monotonic() + _SECONDS
        try:
            bounds = self.admin.all_bounds(topic, range(self.admin.partitions(topic)))
            for partition, bound in sorted(bounds.items()):
                start = self.admin.offset_for_time(topic, partition, first_ms)
                if start is None:
                    continue
                self.looked.append(f"{topic}/{partition} in Kafka from offset {start}")
                for message in self._read(topic, partition, start, bound.stable, last_ms):
                    record = _in_log(message, id_)
                    if is_it(record):
                        yield record
                    if time.monotonic() > give_up:
                        self.looked.append(f"no further than {topic}/{partition}/{record.offset}, for time ran out")
                        return
        except (Retryable, Unknown, Permanent) as error:
            self._give_up(error)

    def _read(self, topic: str, partition: int, start: int, end: int, last_ms: int) -> Iterator[Message]:
        assert self.reader is not None  # noqa: S101 - its only caller has looked
        for batch in self.reader.read_range(topic, partition, start, end):
            for message in batch:
                if message.timestamp()[1] > last_ms:
                    return
                yield message

    def _give_up(self, error: StreamlakeError) -> None:
        self.trouble, self.admin, self.reader = str(error), None, None


def _in_log(message: Message, topic_id: UUID | None) -> InLog:
    key = message.key()
    headers = dict(headers_of(message.headers()))
    return InLog(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        key.decode(errors="replace") if isinstance(key, bytes) else key,
        _said(headers.get(HEADER)),
        _said(headers.get(WHY_HEADER)),
        topic_id,
    )


def _said(header: bytes | None) -> dict[str, Any]:
    try:
        return msgspec.json.decode(header or b"", type=dict[str, Any])
    except (msgspec.DecodeError, ValueError):
        return {}
