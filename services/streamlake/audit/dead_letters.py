"""Read a dataset's dead letters from Kafka, in no group, changing nothing.

A dead letter may stand in the topic several times, for a consumer that was killed sends it again: copies with one id
are folded into the newest. Only what a list shows is kept in memory; the bytes are read again for the one to show.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import msgspec
from confluent_kafka import Message

from streamlake.audit.dead_letter_rules import Seen
from streamlake.audit.errors import NoSuchDeadLetter
from streamlake.kafka.admin import Admin
from streamlake.kafka.dead_letter import WHY_HEADER, DeadLetter, decode, headers_of, judged
from streamlake.kafka.errors import BelowLogStart, NotADeadLetter
from streamlake.kafka.names import HEADER, dlq_topic
from streamlake.kafka.reader import Reader

NOT_OURS: Final = "not_a_dead_letter"
"""The reason that is shown for a record of the topic that StreamLake did not write."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dead letter, without its bytes. `dlq_partition` and `dlq_offset` say where its newest copy stands."""

    id: str
    reason: str
    detail: str
    field: str | None
    at: str
    topic: str
    partition: int | None
    offset: int | None
    ingestion_id: str | None
    contract_version: int | None
    attempts: int
    copies: int
    value_bytes: int
    timestamp_ms: int
    dlq_partition: int
    dlq_offset: int


class DeadLetters:
    """The dead letters of one dataset, as Kafka holds them when it is asked."""

    def __init__(self, admin: Admin, reader: Reader, dataset: str) -> None:
        self.topic: Final = dlq_topic(dataset)
        self._admin = admin
        self._reader = reader

    def entries(self, since_ms: int | None = None) -> list[Entry]:
        """Every dead letter that was written at or after `since_ms`, newest first. Copies are folded."""
        found: dict[str, Entry] = {}
        for message in self._messages(since_ms):
            entry = _entry(self.topic, message)
            older = found.pop(entry.id, None)
            found[entry.id] = entry if older is None else replace(entry, copies=older.copies + 1)
        return sorted(found.values(), key=lambda e: (e.timestamp_ms, e.dlq_partition, e.dlq_offset), reverse=True)

    def seen(self) -> Iterator[Seen]:
        """The key of every record in the topic, and why it says that it is there."""
        for message in self._messages(None):
            name, content = (headers_of(message.headers()) or (("", None),))[-1]
            yield Seen(_text(message.key()), judged(content) if name == WHY_HEADER else None)

    def find(self, wanted: str) -> tuple[Entry, DeadLetter | None, Message]:
        """The dead letter with this id, ingestion id, source `topic/partition/offset`, or offset in the dead letter
        topic (`[partition/]offset`). The letter is None for a record that StreamLake did not write.
        """
        matches = [entry for entry in self.entries() if wanted in _names(entry)]
        if not matches:
            raise NoSuchDeadLetter(
                f"{self.topic} holds no dead letter {wanted!r}.",
                next_step="`streamlake dlq list` shows the ids; older ones stand in the lake under dead_letters/.",
            )
        entry = matches[0]
        message = self._reader.fetch_one(self.topic, entry.dlq_partition, entry.dlq_offset)
        if message is None or message.offset() != entry.dlq_offset:
            raise NoSuchDeadLetter(f"{self.topic} no longer holds {wanted!r}.", next_step="Look into the lake for it.")
        try:
            return entry, decode(message.value(), message.headers()), message
        except NotADeadLetter:
            return entry, None, message

    def _messages(self, since_ms: int | None) -> Iterator[Message]:
        bounds = self._admin.all_bounds(self.topic, range(self._admin.partitions(self.topic)))
        for partition, bound in sorted(bounds.items()):
            start: int | None = bound.start
            if since_ms is not None:
                start = self._admin.offset_for_time(self.topic, partition, since_ms)
            while start is not None and start < bound.stable:
                try:
                    for batch in self._reader.read_range(self.topic, partition, start, bound.stable):
                        yield from batch
                        start = (batch[-1].offset() or 0) + 1
                    break
                except BelowLogStart as overtaken:
                    start = overtaken.start


def by_reason(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """PURE. How many dead letters there are of each reason, the most frequent first, with the newest's time."""
    counts: dict[str, dict[str, Any]] = {}
    for entry in entries:
        row = counts.setdefault(
            entry.reason,
            {"reason": entry.reason, "count": 0, "oldest_ms": entry.timestamp_ms, "newest_ms": 0, "example": entry.id},
        )
        row["count"] += 1
        row["oldest_ms"] = min(row["oldest_ms"], entry.timestamp_ms)
        row["newest_ms"] = max(row["newest_ms"], entry.timestamp_ms)
    return sorted(counts.values(), key=lambda row: (-row["count"], row["reason"]))


def plain(entry: Entry) -> dict[str, Any]:
    """PURE. An entry as plain data."""
    return asdict(entry)


def _entry(topic: str, message: Message) -> Entry:
    partition, offset = message.partition() or 0, message.offset() or 0
    where: dict[str, Any] = {
        "copies": 1,
        "value_bytes": len(message.value() or b""),
        "timestamp_ms": message.timestamp()[1],
        "dlq_partition": partition,
        "dlq_offset": offset,
    }
    try:
        letter = decode(message.value(), message.headers())
    except NotADeadLetter as error:
        id_ = f"{topic}/{partition}/{offset}"
        return Entry(id_, NOT_OURS, error.message, None, "", "", None, None, None, None, 0, **where)
    return Entry(
        letter.id,
        letter.reason,
        letter.detail,
        letter.field,
        letter.at,
        letter.topic,
        letter.partition,
        letter.offset,
        letter.ingestion_id or ingestion_id(letter),
        letter.contract_version,
        letter.attempts,
        **where,
    )


def ingestion_id(letter: DeadLetter) -> str | None:
    """The id that the API gave the event, where its header can be read."""
    for name, value in headers_of(letter.headers):
        if name == HEADER:
            try:
                meta = msgspec.json.decode(value or b"", type=dict[str, Any])
            except (msgspec.DecodeError, ValueError):
                continue
            found = meta.get("ingestion_id")
            if isinstance(found, str):
                return found
    return None


def _names(entry: Entry) -> set[str]:
    """Everything by which people ask for it."""
    names = {entry.id, f"{entry.dlq_partition}/{entry.dlq_offset}"}
    if entry.dlq_partition == 0:
        names.add(str(entry.dlq_offset))
    if entry.ingestion_id is not None:
        names.add(entry.ingestion_id)
    if entry.offset is not None:
        names.add(f"{entry.topic}/{entry.partition}/{entry.offset}")
    return names


def _text(key: str | bytes | None) -> str | None:
    return key.decode(errors="replace") if isinstance(key, bytes) else key
