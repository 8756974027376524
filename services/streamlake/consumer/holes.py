"""Why were these offsets never delivered? Either Kafka lost them, or they hold no records: evidence decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamlake.consumer.batch import Hole
from streamlake.consumer.effects import Above, Below, Fetch, ReadBounds, Work, ask
from streamlake.consumer.faults import FetchSkipped, RecordsReplaced
from streamlake.consumer.place import Place
from streamlake.storage.claim import Gap, GapReason


@dataclass(frozen=True, slots=True)
class Explained:
    """What the holes of a range are: gaps that go on record, and the number of offsets without a record."""

    gaps: tuple[Gap, ...]
    control: int


def explain(place: Place, holes: Sequence[Hole]) -> Work[Explained]:
    """Ask Kafka for the first offset of each hole. One at offset 0 was there before us; every other one is a loss.

    A hole of one offset that Kafka still has is a transaction's marker and is not asked about: a stream of small
    transactions would cost a fetch a record.
    """
    if not holes:
        return Explained((), 0)
    bounds = yield from ask(ReadBounds(place.topic, place.partition))
    gaps: list[Gap] = []
    control = 0
    for hole in holes:
        start, log_start = hole.start, bounds.start
        if hole.next - start > 1 or start < bounds.start:
            start, log_start = yield from _first_kept(place, hole)
        if start > hole.start:
            reason: GapReason = "retention" if hole.start else "before_streamlake"
            gaps.append(Gap(hole.start, start, reason, log_start, start if start < hole.next else None))
        control += hole.next - start
    return Explained(tuple(gaps), control)


def _first_kept(place: Place, hole: Hole) -> Work[tuple[int, int]]:
    """Where the log starts within the hole, and altogether. From there on Kafka must have nothing to deliver."""
    where = f"{place.topic}/{place.partition}"
    start, log_start = hole.start, hole.start
    while start < hole.next:
        found = yield from ask(Fetch(place.topic, place.partition, start, hole.next))
        if isinstance(found, Above):
            raise RecordsReplaced(f"{where} ends at {found.log_end}, below what was read.")
        if not isinstance(found, Below):
            if found:
                raise FetchSkipped(f"Kafka has offset {found[0].offset()} of {where}, which was not delivered.")
            break
        log_start = found.log_start
        start = min(log_start, hole.next)
    return start, log_start
