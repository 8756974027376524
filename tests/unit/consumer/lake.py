"""A lake in memory and a log that is but numbers, for procedures that only look and seal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from streamlake.consumer import effects
from streamlake.consumer.effects import Effect, LogBounds, Work
from streamlake.consumer.place import Place, Writer
from streamlake.storage import layout
from streamlake.storage.claim import ChainOpening, Claim
from streamlake.storage.layout import Chain
from streamlake.storage.memory import MemoryStore

T = TypeVar("T")
TOPIC = "streamlake.orders.raw"
CHAIN = Chain(UUID(int=7))
PLACE = Place("orders", TOPIC, 0, "raw")
WRITER = Writer("w", "2026-11-21T00:10:00Z", "attempt")


@dataclass
class Lake:
    """Performs the effects that look."""

    store: MemoryStore = field(default_factory=MemoryStore)
    ends: list[int] = field(default_factory=lambda: [0])
    topic_id: UUID | None = CHAIN.topic_id

    def __post_init__(self) -> None:
        opening = ChainOpening(
            dataset="orders",
            cluster_id="c",
            topic=TOPIC,
            topic_id=str(CHAIN.topic_id),
            generation=0,
            before=None,
            reason="first",
            at="2026-11-20T00:00:00Z",
        )
        self.store.create(layout.chain_opening("orders", CHAIN), [opening.encode()])

    def claim(self, partition: int, start: int, next_offset: int, date: str, *, part: bool = True) -> Claim:
        name = layout.part("raw", "orders", date, CHAIN, partition, start, "json.gz")
        claim = Claim(
            dataset="orders",
            topic=TOPIC,
            chain=str(CHAIN),
            partition=partition,
            start=start,
            next=next_offset,
            part=name,
            records=next_offset - start,
            size=10 * (next_offset - start),
            sha256="0" * 64,
            contract_version=1,
            contract_sha256="",
            date=date,
            min_timestamp_ms=0,
            max_timestamp_ms=0,
            last=None,
            closed="age",
            attempt="a",
            writer="w",
            at="",
        )
        self.store.create(layout.claim("orders", CHAIN, partition, start), [claim.encode()])
        if part:
            self.store.create(name, [b"x"])
        return claim

    def run(self, work: Work[T]) -> T:
        try:
            effect = next(work)
            while True:
                effect = work.send(self.perform(effect))
        except StopIteration as end:
            result: T = end.value
            return result

    def perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case effects.ReadTopicId():
                return self.topic_id
            case effects.ReadPartitions():
                return len(self.ends)
            case effects.ReadBounds(partition=partition):
                return LogBounds(0, self.ends[partition])
            case effects.Read(name=name):
                return self.store.read(name)
            case effects.Size(name=name):
                return self.store.size(name)
            case effects.Create(name=name, chunks=chunks):
                return self.store.create(name, chunks)
            case effects.ListFrom(prefix=prefix, start=start, limit=limit):
                found: Sequence[str] = list(self.store.list_from(prefix, start, limit))
                return found
        raise AssertionError(effect)
