"""Begin a chain where an operator says so: adopt a log that was read into another lake, or fork one that was truncated.

Both only create the chain's opening. What was landed stays as it is; the consumer does the rest when it opens the
partition the next time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from confluent_kafka import Message as KafkaMessage

from streamlake.consumer.chains import chains_of
from streamlake.consumer.effects import Effect, Work
from streamlake.consumer.faults import LogOverwritten
from streamlake.consumer.handler import DeadLetterHandler, RawHandler
from streamlake.consumer.identity import fingerprint, require_known_log
from streamlake.consumer.place import Place
from streamlake.errors import Misconfigured, Refused
from streamlake.kafka.admin import Admin
from streamlake.kafka.reader import Reader
from streamlake.storage import layout
from streamlake.storage.claim import ChainOpening, Claim, Fingerprint, decode_claim
from streamlake.storage.layout import Chain
from streamlake.storage.part_content import unpacked
from streamlake.storage.store import ObjectStore

T = TypeVar("T")
Perform = Callable[[Effect[Any]], Any]
_NEAR: Final = 1000


class NothingToFork(Refused):
    """The log still is the one that was claimed."""

    code = "SL-0420"


class ChainExists(Refused):
    """The lake has a chain of this log already."""

    code = "SL-0421"


class NoChain(Misconfigured):
    """The lake has no chain of this topic."""

    code = "SL-0422"


@dataclass(frozen=True, slots=True)
class Fork:
    """A chain's next generation: `starts` are the first offsets that hold other records now, by partition.

    `lasts` are the records right below them.
    """

    place: Place
    chain: Chain
    before: Chain
    cluster_id: str
    starts: Mapping[int, int]
    heads: Mapping[int, int]
    lasts: Mapping[int, Fingerprint]

    @property
    def replaced(self) -> int:
        """How many claimed offsets hold other records now."""
        return sum(self.heads[p] - start for p, start in self.starts.items())


@dataclass(frozen=True, slots=True)
class Generations:
    """The world that the procedures here look at."""

    store: ObjectStore
    admin: Admin
    reader: Reader
    perform: Perform

    def plan_fork(self, place: Place) -> Fork:
        """Where the log and its chain part ways. Raises NothingToFork where they do not."""
        topic_id = self.admin.topic_id(place.topic)
        known = [(c, o) for c, o in drive(chains_of(place), self.perform) if c.topic_id == topic_id]
        if not known:
            raise NoChain(f"The lake has no chain of {place.topic}.", next_step="`streamlake chain show` lists them.")
        chain, opening = max(known)
        starts, heads = {}, {}
        for partition in range(self.admin.partitions(place.topic)):
            there = Place(place.dataset, place.topic, partition, place.zone)
            line = self._line(there, sorted(known))
            heads[partition] = line[-1].next if line else opening.starts.get(str(partition), 0)
            starts[partition] = self._first_difference(there, chain, line, heads[partition])
        if starts == heads:
            raise NothingToFork(f"Every record that was claimed of {place.topic} still is what Kafka has.")
        lasts = {}
        for partition, start in starts.items():
            log_start = self.admin.bounds(place.topic, partition).start
            below = self._below(place.topic, partition, log_start, start)
            # Markers right below prove nothing if they are cut off, too, so the new generation reads them again.
            starts[partition] = below.offset + 1 if below else min(start, log_start)
            if below is not None:
                lasts[partition] = below
        after = Chain(chain.topic_id, chain.generation + 1)
        return Fork(place, after, chain, opening.cluster_id, starts, heads, lasts)

    def fork(self, plan: Fork, at: str) -> ChainOpening:
        """Open the next generation."""
        opening = ChainOpening(
            dataset=plan.place.dataset,
            cluster_id=plan.cluster_id,
            topic=plan.place.topic,
            topic_id=str(plan.chain.topic_id),
            generation=plan.chain.generation,
            starts={str(p): start for p, start in plan.starts.items()},
            lasts={str(p): last for p, last in plan.lasts.items()},
            before=str(plan.before),
            reason="truncated",
            at=at,
        )
        return self._open(plan.place, plan.chain, opening)

    def adopt(self, place: Place, at: str) -> ChainOpening:
        """Begin the chain of the log that Kafka has now, though the group says that it was read before."""
        topic_id = self.admin.topic_id(place.topic)
        if topic_id is None:
            raise NoChain(f"Topic {place.topic} does not exist.", next_step="`streamlake topics apply` creates it.")
        opening = ChainOpening(
            dataset=place.dataset,
            cluster_id=self.admin.cluster_id(),
            topic=place.topic,
            topic_id=str(topic_id),
            generation=0,
            before=None,
            reason="adopted",
            at=at,
        )
        return self._open(place, Chain(topic_id), opening)

    def _open(self, place: Place, chain: Chain, opening: ChainOpening) -> ChainOpening:
        if not self.store.create(layout.chain_opening(place.dataset, chain), [opening.encode()]):
            raise ChainExists(f"The lake has chain {chain} of {place.topic} already; nothing was changed.")
        return opening

    def _line(self, place: Place, generations: Sequence[tuple[Chain, ChainOpening]]) -> "list[_Claimed]":
        """What was claimed of the partition and still counts: each generation up to where the next one begins."""
        line: list[_Claimed] = []
        for chain, opening in generations:
            start, last = opening.starts.get(str(place.partition), 0), opening.lasts.get(str(place.partition))
            line = [c if c.next <= start else _Claimed(c.claim, start, last) for c in line if c.claim.start < start]
            # The claim that ends where the generation begins says no more than that.
            line += [_Claimed(c, c.next, c.last) for c in self._claims(place, chain) if c.next > start]
        return line

    def _claims(self, place: Place, chain: Chain) -> Iterator[Claim]:
        for name in self.store.list_from(layout.partition_prefix(place.dataset, chain, place.partition)):
            if layout.parse_claim(name) is not None:
                yield decode_claim(name, self.store.read(name) or b"")

    def _first_difference(self, place: Place, chain: Chain, line: "list[_Claimed]", head: int) -> int:
        """The end of the line, or the first offset below it whose record is not the one that was claimed."""
        intact, broken = 0, len(line)  # a log that was cut is the same up to one place and another one behind it
        while intact < broken:
            middle = (intact + broken) // 2
            if self._holds(place, chain, line[middle]):
                intact = middle + 1
            else:
                broken = middle
        return head if broken == len(line) else self._first_difference_in(place, line[broken])

    def _holds(self, place: Place, chain: Chain, claimed: "_Claimed") -> bool:
        try:
            drive(require_known_log(place, chain, claimed.next, claimed.last), self.perform)
        except LogOverwritten:
            return False
        return True

    def _first_difference_in(self, place: Place, claimed: "_Claimed") -> int:
        """Line by line: the same record gives the same line."""
        claim = claimed.claim
        if claim.part is not None and self.store.size(claim.part) is None:
            return claim.start  # claimed and never written: nothing of it has landed
        bounds = self.admin.bounds(place.topic, place.partition)
        stored = self._lines(claim.part) if claim.part else {}
        lines = (RawHandler if place.zone == layout.RAW else DeadLetterHandler).lines
        end = min(claimed.next, bounds.stable)
        start = min(max(claim.start, bounds.start), end)
        expected = {offset for offset in stored if start <= offset < claimed.next}
        for messages in self.reader.read_range(place.topic, place.partition, start, end):
            for message in messages:
                offset = message.offset() or 0
                if any(r.start <= offset < r.next for r in claim.rejected):
                    same = not _written_after(message, claim)
                else:
                    same = stored.get(offset) == lines.encode(place, [message])  # type: ignore[list-item]
                if not same:
                    return min([offset, *expected])
                expected.discard(offset)
        return min([end, *expected])

    def _below(self, topic: str, partition: int, log_start: int, start: int) -> Fingerprint | None:
        """The newest record below `start`. It is near, but for the markers of many empty transactions."""
        for first in (max(log_start, start - _NEAR), log_start):
            last = None
            for messages in self.reader.read_range(topic, partition, first, start):
                last = messages[-1]
            if last is not None:
                return fingerprint(last)  # type: ignore[arg-type]
        return None

    def _lines(self, part: str) -> dict[int, bytes]:
        text = b"".join(unpacked(self.store, part))
        return {_decode(line).kafka_offset: line for line in text.splitlines(keepends=True)}


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claim as far as it counts: `next` and `last` are where a later generation has cut it, or its own."""

    claim: Claim
    next: int
    last: Fingerprint | None


def _written_after(message: KafkaMessage, claim: Claim) -> bool:
    """The record was appended after the claim's records: what was rejected is not in the lake to be compared."""
    epoch, known = message.leader_epoch(), claim.last.leader_epoch if claim.last else None
    if epoch is not None and known is not None and epoch > known:
        return True
    return claim.max_timestamp_ms is not None and message.timestamp()[1] > claim.max_timestamp_ms


class _Line(msgspec.Struct):
    kafka_offset: int


_decode: Final = msgspec.json.Decoder(_Line).decode


def drive(work: Work[T], perform: Perform) -> T:
    """Run a procedure to its end, here and now; errors are the caller's."""
    try:
        effect = next(work)
        while True:
            effect = work.send(perform(effect))
    except StopIteration as end:
        result: T = end.value
        return result
