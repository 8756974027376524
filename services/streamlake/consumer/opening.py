"""Take over a partition: find its chain and the head of it, finish what others left open, say where to read on."""

from collections.abc import Mapping
from dataclasses import dataclass

from streamlake.consumer.batch import Batch
from streamlake.consumer.calendar import date_of
from streamlake.consumer.chains import current_chain, partitions_of
from streamlake.consumer.completing import close, complete
from streamlake.consumer.effects import Alarm, Commit, PartFormat, ReadCommitted, Work, ask
from streamlake.consumer.head import last_claim
from streamlake.consumer.holes import Explained
from streamlake.consumer.identity import require_known_log
from streamlake.consumer.landing import land
from streamlake.consumer.line import LineFormat
from streamlake.consumer.place import Head, Place, Writer
from streamlake.storage.claim import NO_CONTRACT, Claim, Gap
from streamlake.storage.layout import Chain


@dataclass(frozen=True, slots=True)
class Opened:
    """Read on at `position`. Below it lies a hole where that is above the head: Kafka no longer has those offsets."""

    head: Head
    position: int


def open_partition(place: Place, cluster_id: str, lines: LineFormat, parts: PartFormat, writer: Writer) -> Work[Opened]:
    """The end of the partition's chain. Every claim below it has its part, in this chain and in those before it."""
    chain, opening, before = yield from current_chain(place, cluster_id, writer)
    for old, ends in before:
        yield from _close_chain(place, old, ends, lines, parts, writer)
    committed = yield from ask(ReadCommitted(place.topic, place.partition))
    claim = yield from last_claim(place, chain, committed)
    head = Head(chain, 0, opening.lasts.get(str(place.partition)))
    if claim is not None:
        yield from complete(place, chain, claim, lines, parts, writer)
        head = Head(chain, claim.next, claim.last, claim.date)
    elif opening.starts.get(str(place.partition), 0) > 0:
        head = yield from _skip_to(place, head, opening.starts[str(place.partition)], lines, parts, writer)
    bounds = yield from require_known_log(place, chain, head.next, head.last)
    yield from _report_hint(place, claim, committed, head.next)
    return Opened(head, max(head.next, bounds.start))


def _report_hint(place: Place, claim: Claim | None, committed: int | None, next_offset: int) -> Work[None]:
    """The lake decides where to read on; where the group's offset was moved by hand, say that it is ignored."""
    where = f"{place.topic}/{place.partition}"
    if committed is not None and committed > next_offset:
        sentence = (
            f"The group's offset of {where} was set ahead to {committed}; ignored, the lake ends at {next_offset}."
        )
        yield from ask(Alarm("SL-0411", sentence, next_offset, committed))
    elif claim is not None and (committed is None or committed < claim.start):
        was = "deleted" if committed is None else f"set back to {committed}"
        sentence = f"The group's offset of {where} was {was}; ignored, the lake ends at {next_offset}."
        yield from ask(Alarm("SL-0411", sentence, committed or 0, next_offset))
    if next_offset and (committed is None or committed < next_offset):
        yield from ask(Commit(place.topic, place.partition, next_offset))


def _skip_to(place: Place, head: Head, start: int, lines: LineFormat, parts: PartFormat, writer: Writer) -> Work[Head]:
    """The first claim of a later generation: what lies below `start` is in the generation before."""
    bounds = yield from require_known_log(place, head.chain, start, head.last)
    batch = Batch(
        start=0,
        next=start,
        date=date_of(head.last.timestamp_ms if head.last else 0),
        records=0,
        rejected=(),
        holes=(),
        min_timestamp_ms=None,
        max_timestamp_ms=None,
        last=None,
        contracts=(NO_CONTRACT,),
        part=None,
        suffix="",
        closed="hole",
    )
    gap = Gap(0, start, "earlier_generation", bounds.start, start)
    landed = yield from land(place, head, batch, lines, parts, writer, Explained((gap,), 0))
    return landed.head


def _close_chain(
    place: Place, chain: Chain, ends: Mapping[str, int], lines: LineFormat, parts: PartFormat, writer: Writer
) -> Work[None]:
    """Complete what an earlier chain left open, in this partition; the first one looks after those that are no more."""
    partitions = {place.partition}
    if place.partition == 0:
        partitions |= set((yield from partitions_of(place, chain)))
    for partition in sorted(partitions):
        there = Place(place.dataset, place.topic, partition, place.zone)
        claim = yield from last_claim(there, chain, None)
        if claim is not None:
            yield from close(there, chain, claim, ends.get(str(partition), 0), lines, parts, writer)
