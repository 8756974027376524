"""The consumer's loop, one `step` at a time: without a clock, a thread or a socket of its own.

`Log` brings records and `Runner` drives procedures; in production these are the Kafka client and a pool of threads,
in the simulator a model broker and a seeded scheduler.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from streamlake.consumer.effects import Message, PartFormat, Work
from streamlake.consumer.handler import Handler
from streamlake.consumer.landing import Landed
from streamlake.consumer.opening import Opened
from streamlake.consumer.partition import Partition, Policy
from streamlake.consumer.place import Place, Writer
from streamlake.storage.claim import CloseReason

TopicPartition = tuple[str, int]
Key = tuple[str, int, int]
"""Topic, partition and serial: whose procedure it is."""


class Log(Protocol):
    """What the loop asks of the Kafka client."""

    def poll(self) -> Iterable[tuple[TopicPartition, Sequence[Message]]]:
        """Delivered records by partition, each list in offset order."""
        ...

    def out_of_range(self) -> Iterable[TopicPartition]:
        """Partitions whose position Kafka does not have, since the last call."""
        ...

    def seek(self, where: TopicPartition, offset: int) -> None:
        """Deliver from `offset` on."""
        ...

    def pause(self, where: Sequence[TopicPartition]) -> None:
        """Deliver nothing more of these."""
        ...

    def resume(self, where: Sequence[TopicPartition]) -> None:
        """Deliver these again."""
        ...


class Runner(Protocol):
    """Drives procedures to their end, each in its own time."""

    def start(self, key: Key, work: Work[Any]) -> None:
        """Take a procedure."""
        ...

    def cancel(self, key: Key) -> None:
        """Its partition is gone: do nothing further for it. A call that is under way may still take effect."""
        ...

    def finished(self) -> Iterable[tuple[Key, Any]]:
        """What ended since the last call: an answer, or the exception that ended it."""
        ...


@dataclass(frozen=True, slots=True)
class Control:
    """What an operator asked for. Records from before `resumed_at_ms` do not count for the breaker."""

    paused: bool = False
    resumed_at_ms: int = 0


class Consumer:
    """All partitions of one process. `budget` bounds the bytes that they hold together."""

    def __init__(
        self,
        log: Log,
        runner: Runner,
        handlers: dict[str, Handler],
        parts: PartFormat,
        policy: Policy,
        writer: Callable[[], Writer],
        *,
        dataset: str,
        budget: int,
    ) -> None:
        self._log = log
        self._runner = runner
        self._handlers = handlers
        self._parts = parts
        self._policy = policy
        self._writer = writer
        self._dataset = dataset
        self._budget = budget
        self._report: Callable[[Partition, Landed | Exception], None] = lambda _partition, _result: None
        self._serials = count(1)
        self._full = False
        self._paused: set[TopicPartition] = set()
        self._control = Control()
        self.partitions: dict[TopicPartition, Partition] = {}

    def on_result(self, report: Callable[[Partition, Landed | Exception], None]) -> None:
        """Call this with every landing that ended, and every procedure that gave up."""
        self._report = report

    def step(self, now: float, control: Control = Control()) -> None:
        """One turn: take results, take records, close what is due, keep within the budget."""
        self._collect(now)
        self._obey(control, now)
        for where in self._log.out_of_range():
            if where in self.partitions:
                self._open(where)
        for where, messages in self._log.poll():
            if where in self.partitions:
                self.partitions[where].offer(messages)
        for where, partition in self.partitions.items():
            if partition.retry_at is not None and now >= partition.retry_at:
                self._open(where)
            self._start(where, partition.pump(now, control.resumed_at_ms))
        self._keep_within_budget(now)
        self._follow_positions()

    def assigned(self, where: Iterable[TopicPartition]) -> None:
        """These are ours now. They deliver nothing until their opening says from where."""
        for topic, partition in where:
            handler = self._handlers[topic]
            place = Place(self._dataset, topic, partition, handler.zone)
            self.partitions[topic, partition] = Partition(
                place, handler, self._parts, self._policy, self._writer, self._serials
            )
            self._paused.add((topic, partition))
            self._open((topic, partition))

    def revoked(self, where: Iterable[TopicPartition], now: float, keep_on: Callable[[], bool]) -> None:
        """These go to somebody else: land what they hold while `keep_on` says that there is time, then let go."""
        self._let_go(where, "revoked", now, keep_on)

    def lost(self, where: Iterable[TopicPartition]) -> None:
        """These are somebody else's already: write nothing, commit nothing, forget them."""
        for w in where:
            partition = self.partitions.pop(w, None)
            self._paused.discard(w)
            if partition is not None:
                self._runner.cancel((*w, partition.serial))

    def stop(self, now: float, keep_on: Callable[[], bool]) -> None:
        """Land everything that is held, as far as `keep_on` allows, and let go of all."""
        self._let_go(list(self.partitions), "stop", now, keep_on)

    def _let_go(
        self, where: Iterable[TopicPartition], reason: CloseReason, now: float, keep_on: Callable[[], bool]
    ) -> None:
        leaving = [w for w in where if w in self.partitions]
        while any(not self.partitions[w].idle for w in leaving) and keep_on():
            self._collect(now)
            for w in leaving:
                self._start(w, self.partitions[w].close(reason, now))
        self.lost(leaving)

    def _collect(self, now: float) -> None:
        for (topic, number, serial), result in self._runner.finished():
            partition = self.partitions.get((topic, number))
            if partition is None or partition.serial != serial:
                continue
            if isinstance(result, Opened):
                partition.opened(result, now)
            elif isinstance(result, Landed):
                partition.landed(result, now)
                self._report(partition, result)
            else:
                partition.failed(result, now)
                self._report(partition, result)

    def _obey(self, control: Control, now: float) -> None:
        if control.resumed_at_ms > self._control.resumed_at_ms:
            for partition in self.partitions.values():
                partition.resume(now)
        self._control = control

    def _open(self, where: TopicPartition) -> None:
        partition = self.partitions[where]
        self._runner.cancel((*where, partition.serial))
        work = partition.open()
        self._runner.start((*where, partition.serial), work)

    def _start(self, where: TopicPartition, work: Work[Landed] | None) -> None:
        if work is not None:
            self._runner.start((*where, self.partitions[where].serial), work)

    def _keep_within_budget(self, now: float) -> None:
        """Above the budget the fullest parts close early and nothing more is read until half of it is free again."""
        held = sum(p.held_bytes for p in self.partitions.values())
        self._full = held > (self._budget // 2 if self._full else self._budget)
        if self._full:
            free = [w for w, p in self.partitions.items() if p.landing is None]
            fullest = max(free, key=lambda w: self.partitions[w].held_bytes, default=None)
            if fullest is not None:
                self._start(fullest, self.partitions[fullest].close("budget", now))

    def _follow_positions(self) -> None:
        """Tell the client where to read on, and which partitions are to wait."""
        for where, partition in self.partitions.items():
            if partition.seek_to is not None:
                self._log.seek(where, partition.seek_to)
                partition.seek_to = None
        halted = self._full or self._control.paused
        waiting = {w for w, p in self.partitions.items() if halted or not p.wants_records}
        if waiting - self._paused:
            self._log.pause(sorted(waiting - self._paused))
        if self._paused - waiting:
            self._log.resume(sorted(self._paused - waiting))
        self._paused = waiting
