"""Begin a chain where an operator says so: adopt a log that was read into another lake, or fork one that was truncated.

Both only create the chain's opening. What was landed stays as it is; the consumer does the rest when it opens the
partition the next time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from streamlake.consumer.chains import chains_of
from streamlake.consumer.effects import Effect, Work
from streamlake.consumer.faults import LogOverwritten
from streamlake.consumer.handler import DeadLetterHandler, RawHandler
from streamlake.consumer.identity import require_known_log
from streamlake.consumer.place import Place
from streamlake.errors import Misconfigured, Refused
from streamlake.kafka.admin import Admin
from streamlake.kafka.reader import Reader
from streamlake.storage import layout
from streamlake.storage.claim import ChainOpening, Claim, decode_claim
from streamlake.storage.layout import Chain
from streamlake.storage.part_content import unpacked
from streamlake.storage.store import ObjectStore

T = TypeVar("T")
Perform = Callable[[Effect[Any]], Any]


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
    """A chain's next generation: `starts` are the first offsets that hold other records now, by partition."""

    place: Place
    chain: Chain
    before: Chain
    cluster_id: str
    starts: Mapping[int, int]
    heads: Mapping[int, int]

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
            claims = list(self._claims(there, chain))
            heads[partition] = claims[-1].next if claims else 0
            starts[partition] = self._first_difference(there, chain, claims)
        if starts == heads:
            raise NothingToFork(f"Every record that was claimed of {place.topic} still is what Kafka has.")
        after = Chain(chain.topic_id, chain.generation + 1)
        return Fork(place, after, chain, opening.cluster_id, starts, heads)

    def fork(self, plan: Fork, at: str) -> ChainOpening:
        """Open the next generation."""
        opening = ChainOpening(
            dataset=plan.place.dataset,
            cluster_id=plan.cluster_id,
            topic=plan.place.topic,
            topic_id=str(plan.chain.topic_id),
            generation=plan.chain.generation,
            starts={str(p): start for p, start in plan.starts.items()},
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

    def _claims(self, place: Place, chain: Chain) -> Iterator[Claim]:
        for name in self.store.list_from(layout.partition_prefix(place.dataset, chain, place.partition)):
            if layout.parse_claim(name) is not None:
                yield decode_claim(name, self.store.read(name) or b"")

    def _first_difference(self, place: Place, chain: Chain, claims: list[Claim]) -> int:
        """The end of the chain, or the first offset below it whose record is not the one that was claimed."""
        intact, broken = 0, len(claims)  # a log that was cut is the same up to one place and another one behind it
        while intact < broken:
            middle = (intact + broken) // 2
            if self._holds(place, chain, claims[middle]):
                intact = middle + 1
            else:
                broken = middle
        if broken == len(claims):
            return claims[-1].next if claims else 0
        return self._first_difference_in(place, claims[broken])

    def _holds(self, place: Place, chain: Chain, claim: Claim) -> bool:
        try:
            drive(require_known_log(place, chain, claim.next, claim.last), self.perform)
        except LogOverwritten:
            return False
        return True

    def _first_difference_in(self, place: Place, claim: Claim) -> int:
        """Line by line: the same record gives the same line."""
        bounds = self.admin.bounds(place.topic, place.partition)
        stored = self._lines(claim.part) if claim.part else {}
        lines = (RawHandler if place.zone == layout.RAW else DeadLetterHandler).lines
        end = min(claim.next, bounds.stable)
        start = min(max(claim.start, bounds.start), end)
        expected = {offset for offset in stored if offset >= start}
        for messages in self.reader.read_range(place.topic, place.partition, start, end):
            for message in messages:
                offset = message.offset() or 0
                rejected = any(r.start <= offset < r.next for r in claim.rejected)
                if not rejected and stored.get(offset) != lines.encode(place, [message]):  # type: ignore[list-item]
                    return min([offset, *expected])
                expected.discard(offset)
        return min([end, *expected])

    def _lines(self, part: str) -> dict[int, bytes]:
        text = b"".join(unpacked(self.store, part))
        return {msgspec.json.decode(line, type=_Line).kafka_offset: line for line in text.splitlines(keepends=True)}


class _Line(msgspec.Struct):
    kafka_offset: int


def drive(work: Work[T], perform: Perform) -> T:
    """Run a procedure to its end, here and now; errors are the caller's."""
    try:
        effect = next(work)
        while True:
            effect = work.send(perform(effect))
    except StopIteration as end:
        result: T = end.value
        return result
