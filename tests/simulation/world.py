"""The ports: performs effects on the models, with every fault that a port may have, each counted by effect."""

import contextlib
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, Literal

from streamlake.consumer import effects as fx
from streamlake.consumer.effects import Effect
from streamlake.errors import Permanent, Retryable, Unknown
from tests.simulation.broker import Broker, DeadLetter
from tests.simulation.landing_parts import content_of
from tests.simulation.watch import Watch

Fault = Literal[
    "refused", "denied", "lost before", "lost after", "late", "killed before", "killed after", "stalled", "zombie"
]
WRITES = (fx.Create, fx.SendDeadLetters, fx.Commit)
LOCAL = (fx.FinishPart, fx.Alarm)
_PORT_FAULTS: tuple[Fault, ...] = ("refused", "denied", "lost before", "lost after", "late")


class World:
    """Broker and store as the processes see them. `rate` is the share of calls with a fault."""

    def __init__(self, rng: Random, broker: Broker, watch: Watch, hits: Counter[tuple[str, str]]) -> None:
        self._rng = rng
        self.broker = broker
        self.watch = watch
        self.hits = hits
        self.rate = 0.0
        self.late: list[Effect[Any]] = []
        self.alarms: Counter[str] = Counter()
        self._apply: dict[type[Effect[Any]], Callable[[Any], Any]] = {
            fx.ReadTopicId: lambda e: broker.topic_id(),
            fx.ReadPartitions: lambda e: len(broker.current.logs) if broker.current else 0,
            fx.ReadBounds: lambda e: broker.bounds(e.partition),
            fx.ReadCommitted: lambda e: broker.committed.get(e.partition),
            fx.Fetch: lambda e: broker.fetch(e.partition, e.start, e.next, rng.randint(1, 4)),
            fx.Create: lambda e: watch.store.create(e.name, b"".join(e.chunks)),
            fx.Read: lambda e: watch.store.objects.get(e.name),
            fx.Size: self._size,
            fx.ListFrom: lambda e: watch.store.names(e.prefix, e.start, e.limit),
            fx.Measure: self._measure,
            fx.FinishPart: lambda e: e.writer.finish(),
            fx.SendDeadLetters: self._dead_letter,
            fx.Commit: self._commit,
            fx.Alarm: self._alarm,
        }

    def perform(self, effect: Effect[Any]) -> Any:
        """The effect's answer, or what the port raises instead of it."""
        kind = type(effect)
        if isinstance(effect, fx.Create) and self.late and self._rng.random() < 0.5:
            self._race(effect.name)
        if kind in LOCAL or self._rng.random() >= self.rate:
            return self.apply(effect)
        fault = self._rng.choice(_PORT_FAULTS)
        if fault == "late" and kind not in WRITES:
            fault = "refused"
        self.count(fault, effect)
        if fault == "denied":
            raise Permanent("401, 403 or 404")
        if fault == "refused":
            raise Retryable("503")
        if fault == "lost after":
            self.apply(effect)
        elif fault == "late":
            self.late.append(effect)
        raise Unknown("the answer was lost")

    def apply(self, effect: Effect[Any]) -> Any:
        return self._apply[type(effect)](effect)

    def count(self, fault: Fault, effect: Effect[Any]) -> None:
        self.hits[fault, type(effect).__name__] += 1

    def apply_late(self, index: int) -> None:
        """A write that nobody waits for any more takes effect."""
        with contextlib.suppress(Retryable):  # its topic may be gone
            self.apply(self.late.pop(index))

    def _race(self, name: str) -> None:
        """A create of the same name that was under way since long ago is the faster one."""
        for index, late in enumerate(self.late):
            if isinstance(late, fx.Create) and late.name == name:
                self.apply_late(index)
                return

    def _size(self, effect: fx.Size) -> int | None:
        stored = self.watch.store.objects.get(effect.name)
        return None if stored is None else len(stored)

    def _measure(self, effect: fx.Measure) -> Any:
        stored = self.watch.store.objects.get(effect.name)
        return None if stored is None else content_of(effect.name, stored)

    def _dead_letter(self, effect: fx.SendDeadLetters) -> None:
        for letter in effect.letters:
            record: Any = letter.message
            self.watch.dead_lettered(effect.topic_id, record, letter.contract_version)
            key = f"{effect.topic_id}/{effect.partition}/{record.at}"
            self.broker.dead_letters.append(DeadLetter(key, record.event, record.body))

    def _commit(self, effect: fx.Commit) -> None:
        self.watch.committed(effect.partition, effect.next)
        self.broker.committed[effect.partition] = effect.next

    def _alarm(self, effect: fx.Alarm) -> None:
        self.alarms[effect.code] += 1
