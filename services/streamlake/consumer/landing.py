"""Land one closed batch: claim it, dead-letter what it rejects, create its part, commit.

The order is the whole point. The claim decides, once and for everybody, where the range ends and what becomes of
each record in it. Dead letters follow the claim, so that none is sent that no claim lists; the part follows them, so
that a part proves they were sent; the commit follows the part, so that it never passes durable data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from streamlake.consumer.batch import Batch
from streamlake.consumer.completing import complete
from streamlake.consumer.effects import (
    Alarm,
    Commit,
    Create,
    Encoded,
    FinishPart,
    Letter,
    PartFormat,
    SendDeadLetters,
    Size,
    Work,
    ask,
)
from streamlake.consumer.head import read_claim
from streamlake.consumer.holes import Explained, explain
from streamlake.consumer.identity import fingerprint, require_known_log, require_still_there
from streamlake.consumer.line import LineFormat
from streamlake.consumer.parts import create_part
from streamlake.consumer.place import Head, Place, Writer
from streamlake.storage import layout
from streamlake.storage.claim import Claim, Rejections

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True, slots=True)
class Landed:
    """How far the chain has come. Where `ours` is False somebody else's claim held: read on at `head.next`."""

    start: int
    head: Head
    ours: bool
    records: int = 0
    dead_letters: int = 0
    lost: int = 0
    size: int = 0
    part: str | None = None


def land(
    place: Place,
    head: Head,
    batch: Batch,
    lines: LineFormat,
    parts: PartFormat,
    writer: Writer,
    explained: Explained | None = None,
) -> Work[Landed]:
    """Claim [batch.start, batch.next) and see it through. `explained` spares asking Kafka what the holes are."""
    part = yield from ask(FinishPart(batch.part)) if batch.part else _nothing()
    date = yield from _open_day(place, max(batch.date, head.date))
    if batch.last is not None:
        yield from require_still_there(place, batch.last)
    if explained is None:
        explained = yield from explain(place, batch.holes)
    # Last, for it ends with the topic's id: what was fetched and explained by name is of this log.
    yield from require_known_log(place, head.chain, head.next, head.last)
    claim = _claim(place, head, batch, explained, part, date, writer)
    name = layout.claim(place.dataset, head.chain, place.partition, batch.start)
    if not (yield from ask(Create(name, [claim.encode()]))):
        stored = yield from read_claim(place, head.chain, batch.start)
        if stored.attempt != claim.attempt:
            yield from complete(place, head.chain, stored, lines, parts, writer)
            yield from ask(Commit(place.topic, place.partition, stored.next))
            return Landed(batch.start, _after(head, stored), ours=False)
    for gap in claim.gaps:
        if gap.reason == "retention":
            where = f"{place.topic}/{place.partition} [{gap.start}, {gap.next})"
            sentence = f"Kafka lost {where} before it was landed: retention overtook the consumer."
            yield from ask(Alarm("SL-0410", sentence, gap.start, gap.next))
    for letters in _by_hundreds(batch.rejected):
        yield from ask(SendDeadLetters(place.topic, head.chain.topic_id, place.partition, letters))
    yield from create_part(place, head.chain, claim, batch.records, part, claim.attempt)
    yield from ask(Commit(place.topic, place.partition, claim.next))
    return Landed(
        batch.start,
        _after(head, claim),
        ours=True,
        records=claim.records,
        dead_letters=claim.rejected_records,
        lost=claim.lost_records,
        size=claim.size,
        part=claim.part,
    )


def _after(head: Head, claim: Claim) -> Head:
    return Head(head.chain, claim.next, claim.last, max(head.date, claim.date))


def _nothing() -> Work[Encoded]:
    return Encoded((), 0, EMPTY_SHA256)
    yield  # a procedure without an effect is a procedure all the same


def _open_day(place: Place, date: str) -> Work[str]:
    """The folder for this date: a day that was sealed takes nothing more, so the record goes into the next one."""
    while (yield from ask(Size(layout.seal(place.zone, place.dataset, date)))) is not None:
        date = layout.next_day(date)
    return date


def _claim(
    place: Place, head: Head, batch: Batch, explained: Explained, part: Encoded, date: str, writer: Writer
) -> Claim:
    only_a_hole = batch.last is None
    first, *further = batch.contracts
    name = layout.part(place.zone, place.dataset, date, head.chain, place.partition, batch.start, batch.suffix)
    return Claim(
        dataset=place.dataset,
        topic=place.topic,
        chain=str(head.chain),
        partition=place.partition,
        start=batch.start,
        next=batch.next,
        part=None if only_a_hole else name,
        records=batch.records,
        size=part.size,
        sha256=part.sha256,
        rejected=tuple(ranges(batch.rejected, first.version)),
        gaps=explained.gaps,
        control=explained.control,
        contract_version=first.version,
        contract_sha256=first.sha256,
        further_contracts=tuple(further) or UNSET,
        date=date,
        min_timestamp_ms=batch.min_timestamp_ms,
        max_timestamp_ms=batch.max_timestamp_ms,
        last=head.last if batch.last is None else fingerprint(batch.last),
        closed=batch.closed,
        attempt=writer.attempt,
        writer=writer.name,
        at=writer.now_iso,
    )


def ranges(rejected: Sequence[Letter], usual_version: int) -> Iterable[Rejections]:
    """Neighbours that one contract rejected for the same reason become one range."""
    start = following = 0
    because: tuple[str, int] | None = None
    for letter in rejected:
        offset, why = letter.message.offset(), (letter.rejection.reason, letter.contract_version)
        if because is not None and (offset, why) != (following, because):
            yield _range(start, following, because, usual_version)
            because = None
        if because is None:
            start, because = offset, why
        following = offset + 1
    if because is not None:
        yield _range(start, following, because, usual_version)


def _range(start: int, following: int, because: tuple[str, int], usual_version: int) -> Rejections:
    reason, version = because
    return Rejections(start, following, reason, UNSET if version == usual_version else version)


def _by_hundreds(letters: Sequence[Letter]) -> Iterable[Sequence[Letter]]:
    for start in range(0, len(letters), 100):
        yield letters[start : start + 100]
