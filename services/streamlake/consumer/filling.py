"""The open batch of one partition: takes delivered records until a reason to close stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streamlake.consumer import rotation
from streamlake.consumer.batch import Batch, Hole, held_by
from streamlake.consumer.breaker import Breaker
from streamlake.consumer.calendar import date_of, midnight_after
from streamlake.consumer.effects import Letter, Message, PartFormat, PartWriter
from streamlake.consumer.handler import Handler, Judgement
from streamlake.consumer.place import Place
from streamlake.consumer.rotation import Filled, RotationPolicy
from streamlake.contract.rejection import Rejection
from streamlake.storage.claim import NO_CONTRACT, CloseReason, JudgedBy


@dataclass(slots=True)
class Filling:
    """Offsets [start, next) so far.

    `add` answers how many messages it took; fewer than were offered means that `closing` (or `tripped_at`) says why.
    `floor` is the date of the claim before: the folder is never older.
    One contract more than `most_contracts` closes the batch.
    """

    place: Place
    handler: Handler
    parts: PartFormat
    policy: RotationPolicy
    breaker: Breaker
    start: int
    floor: str
    opened_at: float
    most_contracts: int = 1
    next: int = field(init=False)
    closing: CloseReason | None = None
    tripped_at: int | None = None
    tripped_by: Rejection | None = None
    _records: int = 0
    _size: int = 0
    _rejected: list[Letter] = field(default_factory=list)
    _rejected_size: int = 0
    _holes: list[Hole] = field(default_factory=list)
    _last: Message | None = None
    _date: str = ""
    _midnight_ms: int = 0
    _timestamps: tuple[int, int] | None = None
    _contracts: tuple[JudgedBy, ...] = ()
    _suffix: str = ""
    _part: PartWriter | None = None

    def __post_init__(self) -> None:
        self.next = self.start

    @property
    def empty(self) -> bool:
        """Nothing to claim."""
        return self.next == self.start

    @property
    def min_timestamp_ms(self) -> int | None:
        """The oldest broker timestamp in it."""
        return self._timestamps[0] if self._timestamps else None

    @property
    def held_bytes(self) -> int:
        """Memory that waits to be landed."""
        return self._rejected_size + (self._part.held_bytes if self._part else 0)

    def skip_to(self, log_start: int) -> None:
        """Kafka has nothing below `log_start`: the hole counts even if no record ever comes behind it."""
        if log_start > self.next:
            self._holes.append(Hole(self.next, log_start))
            self.next = log_start

    def add(self, messages: Sequence[Message], now: float, breaker_off_before_ms: int = 0) -> int:
        """Take messages in offset order, all of them at or above `next`."""
        if self._last is None:
            self.opened_at = now
            first_ms = messages[0].timestamp()[1]
            self._date = max(self.floor, date_of(first_ms))
            self._midnight_ms = midnight_after(self._date)
        room = self.policy.max_records - self._records - len(self._rejected)
        times = [m.timestamp()[1] for m in messages[:room]]
        fitting, ends = self._same_day_and_epoch(messages[:room], times)
        if not fitting:
            self.closing = ends
            return 0
        judged = self.handler.judge(fitting, self.most_contracts)
        contracts = tuple(dict.fromkeys((*self._contracts, *judged.contracts)))
        if self._part is None:
            self._suffix, self._part = judged.suffix, self.parts(judged.suffix)
        elif judged.suffix != self._suffix or len(contracts) > self.most_contracts:
            self.closing = "contract"
            return 0
        self._contracts = contracts
        taken = fitting[: judged.count]
        bad = [(i, taken[i].offset()) for i in sorted(judged.rejected)]
        if taken[-1].timestamp()[1] >= breaker_off_before_ms:
            self.tripped_at = self.breaker.observe(len(taken), bad)
            if self.tripped_at is not None:
                self.tripped_by = judged.rejected[bad[0][0]].rejection
                return 0
        self._write(taken, judged)
        self._note(taken, times[: judged.count])
        self.closing = (ends if judged.count == len(fitting) else None) or self.due(now)
        return judged.count

    def due(self, now: float) -> CloseReason | None:
        """Why it should close by now, though nothing more came; a hole alone waits as long as a record would."""
        if self.empty:
            return None
        size = self._size + self._rejected_size
        reason = rotation.due(self.policy, Filled(self._records, len(self._rejected), size, now - self.opened_at))
        return "hole" if reason and self._last is None else reason

    def close(self, reason: CloseReason) -> Batch:
        """The batch as it stands. Nothing may be added afterwards."""
        low, high = self._timestamps or (None, None)
        return Batch(
            start=self.start,
            next=self.next,
            # `is not None`: a client's message has the length of its value, so a tombstone is false.
            date=(self._date if self._last is not None else self.floor) or date_of(0),
            records=self._records,
            rejected=self._rejected,
            holes=self._holes,
            min_timestamp_ms=low,
            max_timestamp_ms=high,
            last=self._last,
            contracts=self._contracts or (NO_CONTRACT,),
            part=self._part,
            suffix=self._suffix,
            closed=reason,
            rejected_bytes=self._rejected_size,
        )

    def _same_day_and_epoch(
        self, messages: Sequence[Message], times: Sequence[int]
    ) -> tuple[Sequence[Message], CloseReason | None]:
        """Those of the first day and leader epoch, and whether that ends the batch.

        What was read under another epoch may replace what we hold.
        """
        ends: CloseReason | None = None
        epoch = (messages[0] if self._last is None else self._last).leader_epoch()
        if messages[-1].leader_epoch() != epoch:
            messages = _up_to(messages, lambda m: m.leader_epoch() != epoch)
            ends = "epoch"
        if messages and max(times[: len(messages)]) >= self._midnight_ms:
            messages = _up_to(messages, lambda m: m.timestamp()[1] >= self._midnight_ms)
            ends = "date"
        return messages, ends

    def _write(self, messages: Sequence[Message], judged: Judgement) -> None:
        accepted, metas = messages, judged.metas
        if judged.rejected:
            bad = sorted(judged.rejected)
            accepted, metas = _without(messages, bad), metas and metas.without(bad)
            letters = [judged.rejected[i] for i in bad]
            self._rejected += letters
            self._rejected_size += sum(held_by(letter.message) for letter in letters)
        if self._part is not None and accepted:
            lines = self.handler.lines.encode(self.place, accepted, metas)
            self._part.write(lines)
            self._size += len(lines)
        self._records += len(accepted)

    def _note(self, messages: Sequence[Message], times: Sequence[int]) -> None:
        self._note_holes(messages)
        first, last = min(times), max(times)
        low, high = self._timestamps or (first, last)
        self._timestamps = min(low, first), max(high, last)
        self._last = messages[-1]
        self.next = messages[-1].offset() + 1

    def _note_holes(self, messages: Sequence[Message]) -> None:
        if messages[-1].offset() + 1 - self.next == len(messages):
            return
        expected = self.next
        for message in messages:
            if message.offset() > expected:
                self._holes.append(Hole(expected, message.offset()))
            expected = message.offset() + 1


def _without(messages: Sequence[Message], indexes: Sequence[int]) -> Sequence[Message]:
    rest = list(messages)
    for index in reversed(indexes):
        del rest[index]
    return rest


def _up_to(messages: Sequence[Message], stop: Callable[[Message], bool]) -> Sequence[Message]:
    return messages[: next((i for i, m in enumerate(messages) if stop(m)), len(messages))]
