"""What a consumer says about itself: counters, and where each partition stands."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from streamlake.consumer.landing import Landed
from streamlake.consumer.partition import Partition
from streamlake.consumer.watchdog import Standing


def iso(seconds: float) -> str:
    """UTC, to the millisecond."""
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Counters:
    """What happened since the process began. Every number only grows."""

    records_landed: int = 0
    bytes_landed: int = 0
    dead_letters_landed: int = 0
    parts: int = 0
    claims: int = 0
    claims_followed: int = 0
    dead_letters: int = 0
    loss_offsets: int = 0
    failures: int = 0
    retries: int = 0
    alarms: int = 0

    def count(self, zone: str, result: Landed | Exception) -> None:
        """Take the end of a procedure of one zone."""
        if isinstance(result, Exception):
            self.failures += 1
            return
        self.claims += result.ours
        self.claims_followed += not result.ours
        self.parts += result.part is not None
        if zone == "raw":
            self.records_landed += result.records
            self.bytes_landed += result.size
        else:
            self.dead_letters_landed += result.records
        self.dead_letters += result.dead_letters
        self.loss_offsets += result.lost

    def as_dict(self) -> dict[str, int]:
        """By name, for the vitals."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class PartitionView:
    """What the loop adds to what a partition knows by itself."""

    log_end: int | None = None
    at_end: bool = False
    waiting_for: str = ""
    unread_since_ms: int | None = None
    """While nothing is read: since when something is known to wait."""


@dataclass(slots=True)
class Vitals:
    """Makes the document of one process."""

    process: str
    pid: int
    dataset: str
    counters: Counters = field(default_factory=Counters)
    state: str = "starting"
    waiting_for: str = ""
    stands_by: bool = False
    last_commit: str | None = None
    last_part: str | None = None
    last_part_at: str | None = None
    last_part_records: int = 0
    last_sealed: dict[str, str] = field(default_factory=dict)
    since: str = ""

    def landed(self, result: Landed, now: float) -> None:
        """A landing ended well."""
        self.last_commit = iso(now)
        if result.part:
            self.last_part, self.last_part_at, self.last_part_records = result.part, iso(now), result.records

    def document(self, partitions: list[dict[str, Any]]) -> dict[str, Any]:
        """The whole of it, as JSON will say it."""
        return {
            "process": self.process,
            "pid": self.pid,
            "kind": "consumer",
            "dataset": self.dataset,
            "state": self.state,
            "waiting_for": self.waiting_for or None,
            "stands_by": self.stands_by,
            "since": self.since,
            "partitions": partitions,
            "counters": self.counters.as_dict(),
            "last_commit": self.last_commit,
            "last_part": self.last_part,
            "last_part_at": self.last_part_at,
            "last_part_records": self.last_part_records,
            "last_sealed": self.last_sealed,
        }


def lag(partition: Partition, view: PartitionView) -> int | None:
    """Records that wait: none when the position is the partition's end, whatever control records stand there."""
    if partition.head is None or view.log_end is None:
        return None
    if view.at_end and partition.idle and not partition.pending:
        return 0
    return max(0, view.log_end - partition.head.next)


def standing(partition: Partition, view: PartitionView, steps: int) -> Standing:
    """What the watchdog is to think of it. `steps` are the effects that its procedure has seen through.

    While a procedure is under way it alone must move: records that trickle in beside it prove nothing. With none
    under way, what was read up to the partition's end waits for its batch's age, however long that is.
    """
    head = partition.head.next if partition.head else None
    named = bool(view.waiting_for or partition.waiting_for)
    if partition.state == "opening" or partition.landing is not None:
        return Standing((partition.serial, head, steps), owes=True, named=named)
    position = partition.filling.next if partition.filling else None
    waits_for_age = view.at_end and not partition.pending
    return Standing(
        (partition.serial, head, position), owes=bool(lag(partition, view)) and not waits_for_age, named=named
    )


def describe(partition: Partition, view: PartitionView, now: float) -> dict[str, Any]:
    """One partition, as JSON will say it. For the loop's thread: nobody else may look at what it changes."""
    head, waiting = partition.head, lag(partition, view)
    landed_up_to = head.last.timestamp_ms if head and head.last else None
    oldest = partition.oldest_waiting_ms
    if oldest is None and waiting:
        oldest = max(landed_up_to or 0, view.unread_since_ms or 0) or None
    return {
        "topic": partition.place.topic,
        "partition": partition.place.partition,
        "zone": partition.place.zone,
        "chain": str(head.chain) if head else None,
        "head": head.next if head else None,
        "position": partition.filling.next if partition.filling else None,
        "log_end": view.log_end,
        "lag_records": waiting,
        "lag_seconds": None if waiting is None else _seconds_since(oldest if waiting else None, now),
        "oldest_waiting_ms": oldest if waiting else None,
        "landed_up_to_ms": landed_up_to,
        "state": partition.state,
        "waiting_for": view.waiting_for or partition.waiting_for or None,
    }


def _seconds_since(timestamp_ms: int | None, now: float) -> float:
    return 0.0 if timestamp_ms is None else max(0.0, now - timestamp_ms / 1000)
