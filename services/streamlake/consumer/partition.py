"""One partition as this process sees it: being opened, being read, or stopped and why.

A procedure runs for it at any time at most once: the opening, or the landing of one batch, while the next batch
fills. Each carries the serial of the state that started it; a result under an older serial belongs to nobody.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from streamlake.consumer.batch import Batch, held_by
from streamlake.consumer.breaker import Breaker, BreakerPolicy
from streamlake.consumer.effects import Message, PartFormat, Work
from streamlake.consumer.faults import BreakerTripped
from streamlake.consumer.filling import Filling
from streamlake.consumer.handler import Handler
from streamlake.consumer.landing import Landed, land
from streamlake.consumer.opening import Opened, open_partition
from streamlake.consumer.place import Head, Place, Writer
from streamlake.consumer.rotation import RotationPolicy
from streamlake.errors import Retryable, StreamlakeError
from streamlake.storage.claim import CloseReason

State = Literal["opening", "reading", "tripped", "stopped"]


_MIXED: Final = 16
"""Contracts in one claim; each is a name and a checksum in it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the process decided for all its partitions.

    A batch has one contract, until so many in a row were cut short by the next one's: see decision 22.
    """

    rotation: RotationPolicy
    breaker: BreakerPolicy
    cluster_id: str
    mixes_after: int = 8
    retry_seconds: float = 1.0
    probe_seconds: float = 60.0


@dataclass(slots=True)
class Partition:
    """See the module. `writer` names the writer of the next claim: a new attempt at every call.

    `serials` are the process's: a partition that leaves and comes back must not take a result of its former life.
    """

    place: Place
    handler: Handler
    parts: PartFormat
    policy: Policy
    writer: Callable[[], Writer]
    serials: Iterator[int]
    serial: int = 0
    state: State = "opening"
    waiting_for: str = ""
    error: Exception | None = None
    retry_at: float | None = None
    head: Head | None = None
    filling: Filling | None = None
    landing: Batch | None = None
    pending: list[Message] = field(default_factory=list)
    stop_at: int | None = None
    stop_reached: bool = False
    stopped_ms: int | None = None
    seek_to: int | None = None
    breaker: Breaker = field(init=False)
    cut_short: int = 0

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.policy.breaker)

    @property
    def wants_records(self) -> bool:
        """Whether the next poll may bring more: not while what came last still waits for a landing."""
        return self.state == "reading" and not self.pending

    @property
    def held_bytes(self) -> int:
        """Memory that waits to be durable."""
        landing = self.landing.held_bytes if self.landing else 0
        pending = sum(map(held_by, self.pending))
        return landing + pending + (self.filling.held_bytes if self.filling else 0)

    @property
    def oldest_waiting_ms(self) -> int | None:
        """The broker timestamp of the oldest record that is known and not durable yet."""
        if self.landing is not None:
            return self.landing.min_timestamp_ms
        held = self.filling.min_timestamp_ms if self.filling else None
        return self.stopped_ms if held is None and self.stop_at is not None else held

    @property
    def idle(self) -> bool:
        """Nothing is under way and nothing waits to be landed."""
        return self.landing is None and (self.filling is None or self.filling.empty)

    def open(self) -> Work[Any]:
        """Begin anew from what the lake says; whatever was read is dropped."""
        self.serial = next(self.serials)
        self.state, self.retry_at = "opening", None
        self.filling, self.landing, self.seek_to = None, None, None
        self.pending.clear()
        self.breaker.reset()
        return open_partition(self.place, self.policy.cluster_id, self.handler.lines, self.parts, self.writer())

    def opened(self, opened: Opened, now: float) -> None:
        """The opening ended: read on at its position."""
        self.state, self.waiting_for, self.error = "reading", "", None
        self._read_from(opened.head, opened.position, now)

    def landed(self, landed: Landed, now: float) -> None:
        """A landing ended. Behind a claim of somebody else's, what we hold below its end is dropped."""
        self.landing = None
        if landed.ours:
            self.head = landed.head
        else:
            self._read_from(landed.head, landed.head.next, now)

    def failed(self, error: Exception, now: float) -> None:
        """A procedure gave up. What is retryable is opened again in a moment, the rest is probed once a minute."""
        self.serial = next(self.serials)
        retryable = isinstance(error, Retryable)
        self.state, self.waiting_for, self.error = "stopped", str(error), error
        self.filling, self.landing = None, None
        self.pending.clear()
        self.retry_at = now + (self.policy.retry_seconds if retryable else self.policy.probe_seconds)

    def offer(self, messages: Sequence[Message]) -> None:
        """Take what a poll brought; whatever lies below the next offset is an echo and dropped.

        So is everything until the client was told where to read on: a record from where it stood before would leave
        a hole that looks like a transaction's marker.
        """
        if self.state != "reading" or self.filling is None or self.seek_to is not None:
            return
        expected = self.pending[-1].offset() + 1 if self.pending else self.filling.next
        fresh = messages if messages[0].offset() >= expected else [m for m in messages if m.offset() >= expected]
        if self.stop_at is not None:
            below = [m for m in fresh if m.offset() < (self.stop_at or 0)]
            # Nothing but a hole may lie right below the stop, so its own record tells that it was reached.
            self.stop_reached = self.stop_reached or len(below) < len(fresh)
            fresh = below
        self.pending.extend(fresh)

    def pump(self, now: float, breaker_off_before_ms: int) -> Work[Landed] | None:
        """Fill the open batch from what was offered; answer the landing of one that closed, if none is under way."""
        if self.state != "reading" or self.filling is None:
            return None
        while self.pending and self.filling.closing is None:
            try:
                taken = self.filling.add(self.pending, now, breaker_off_before_ms)
            except StreamlakeError as error:  # a schema version that is not known here: wait, never dead-letter
                self.waiting_for = str(error)
                break
            self.waiting_for = "" if self.stop_at is None else str(self.error)
            if self.filling.tripped_at is not None:
                self._trip(max(self.filling.tripped_at, self.filling.start), now)
                return None
            del self.pending[:taken]
        at_stop = self.stop_at is not None and (self.stop_reached or self.filling.next >= self.stop_at)
        if at_stop and not self.pending and self.landing is None:
            if self.filling.empty:
                self.state = "tripped"
                return None
            return self.close("breaker", now)
        reason = self.filling.closing or self.filling.due(now)
        return self.close(reason, now) if reason else None

    def close(self, reason: CloseReason, now: float) -> Work[Landed] | None:
        """Land the open batch, unless one is under way still."""
        if self.landing is not None or self.filling is None or self.filling.empty or self.head is None:
            return None
        batch = self.filling.close(reason)
        self.cut_short = self.cut_short + 1 if reason == "contract" or len(batch.contracts) > 1 else 0
        self.landing = batch
        self.filling = self._filling(batch.next, max(batch.date, self.head.date), now)
        return land(self.place, self.head, batch, self.handler.lines, self.parts, self.writer())

    def resume(self, now: float) -> None:
        """An operator looked at what tripped the breaker: go on, from where it stopped."""
        if self.stop_at is None:
            return
        self.stop_at, self.stop_reached = None, False
        self.breaker.reset()
        if self.state == "tripped":
            self.state, self.waiting_for = "reading", ""
        if self.state == "reading" and self.filling is not None:
            # What was delivered from the stop on was dropped.
            self.pending.clear()
            self.seek_to = self.filling.next

    def _trip(self, run_start: int, now: float) -> None:
        """Drop the open batch and read it again up to where the trouble begins: nothing of the run is claimed."""
        if self.filling is None:
            return
        self.stop_at, self.stop_reached = run_start, False
        first = next((m for m in self.pending if m.offset() >= run_start), self.pending[0])
        self.stopped_ms = first.timestamp()[1]
        by = self.filling.tripped_by
        where = f"{self.place.topic}/{self.place.partition}"
        why = f" One of them: {by.reason}: {by.detail}" if by else ""
        self.error = BreakerTripped(
            f"Too many rejections in {where} from offset {run_start} on; nothing from there on was claimed.{why}",
            next_step=f"Mend what is wrong, then `streamlake consumer resume {self.place.dataset}` goes on.",
        )
        self.waiting_for = str(self.error)
        self.pending.clear()
        self.breaker.reset()
        self.seek_to = self.filling.start
        self.filling = self._filling(self.filling.start, self.filling.floor, now)

    def _read_from(self, head: Head, position: int, now: float) -> None:
        if self.head is not None and self.head.chain != head.chain:
            self.stop_at = None  # it was an offset of another log
        self.head, self.stop_reached = head, False
        self.pending.clear()
        self.filling = self._filling(head.next, head.date, now)
        self.filling.skip_to(position)
        self.seek_to = position

    def _filling(self, start: int, floor: str, now: float) -> Filling:
        return Filling(
            self.place,
            self.handler,
            self.parts,
            self.policy.rotation,
            self.breaker,
            start,
            floor,
            opened_at=now,
            most_contracts=1 if self.cut_short < self.policy.mixes_after else _MIXED,
        )
