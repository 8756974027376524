"""Finish a claim whose part is missing: read its range again and follow its decisions, judging nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from streamlake.consumer.effects import (
    Alarm,
    Below,
    Create,
    Encoded,
    Fetch,
    FinishPart,
    Letter,
    Message,
    PartFormat,
    PartWriter,
    Read,
    SendDeadLetters,
    Size,
    Work,
    ask,
)
from streamlake.consumer.faults import LogOverwritten, TopicChanged
from streamlake.consumer.identity import require_known_log, require_topic
from streamlake.consumer.line import LineFormat
from streamlake.consumer.parts import create_part
from streamlake.consumer.place import Place, Writer
from streamlake.contract.rejection import Rejection
from streamlake.storage import layout
from streamlake.storage.claim import Amendment, Claim, Rejections, decode_amendment
from streamlake.storage.layout import Chain


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """What could be read of a claim's range: everything from `have_from` on."""

    part: Encoded
    records: int
    have_from: int


def complete(
    place: Place, chain: Chain, claim: Claim, lines: LineFormat, parts: PartFormat, writer: Writer
) -> Work[None]:
    """Afterwards the claim has its part, or what Kafka lost of it is on record."""
    if claim.part is None or (yield from ask(Size(claim.part))) is not None:
        return
    try:
        yield from _complete(place, chain, claim, lines, parts, writer)
    except TopicChanged:
        # The log is gone with its topic: nothing of the range can be read any more.
        yield from _amend(place, chain, claim, _nothing_left(claim), writer)


def close(place: Place, chain: Chain, claim: Claim, lines: LineFormat, parts: PartFormat, writer: Writer) -> Work[None]:
    """The same for the last claim of a chain that is read no more: what the log no longer holds is lost."""
    try:
        yield from complete(place, chain, claim, lines, parts, writer)
    except LogOverwritten:
        yield from _amend(place, chain, claim, _nothing_left(claim), writer)


def _complete(
    place: Place, chain: Chain, claim: Claim, lines: LineFormat, parts: PartFormat, writer: Writer
) -> Work[None]:
    yield from require_known_log(place, chain, claim.next, claim.last)
    have_from = yield from _amended_up_to(place, chain, claim)
    while True:
        rebuilt = yield from _rebuild(place, chain, claim, have_from, lines, parts)
        if rebuilt.have_from == claim.start:
            _require_same(claim, rebuilt)
            break
        have_from = yield from _amend(place, chain, claim, rebuilt, writer)
        if have_from == rebuilt.have_from:
            break
    if rebuilt.have_from < claim.next:
        yield from create_part(place, chain, claim, rebuilt.records, rebuilt.part, writer.attempt)


def _nothing_left(claim: Claim) -> _Rebuilt:
    return _Rebuilt(Encoded((), 0, ""), 0, claim.next)


def _rebuild(
    place: Place, chain: Chain, claim: Claim, start: int, lines: LineFormat, parts: PartFormat
) -> Work[_Rebuilt]:
    """Read what Kafka still has from `start` on, dead-letter what the claim rejects, and encode the rest."""
    part_writer = parts(str(claim.part).split(".", 1)[1])
    records, have_from, position = 0, start, start
    while position < claim.next:
        found = yield from ask(Fetch(place.topic, place.partition, position, claim.next))
        if isinstance(found, Below):
            # Retention overtook us: what lies before the log start is lost, and what was encoded from there too.
            part_writer = parts(str(claim.part).split(".", 1)[1])
            records, position = 0, min(found.log_start, claim.next)
            have_from = position
            continue
        if not isinstance(found, Sequence):
            raise LogOverwritten(f"{place.topic}/{place.partition} ends at {found.log_end}, within a claimed range.")
        if not found:
            break
        records += yield from _sort_out(place, chain.topic_id, claim, found, lines, part_writer)
        position = found[-1].offset() + 1
    # The id once more: a fetch goes by name, and the topic may have been created again while we read.
    yield from require_topic(place, chain)
    return _Rebuilt((yield from ask(FinishPart(part_writer))), records, have_from)


def _sort_out(
    place: Place, topic_id: UUID, claim: Claim, found: Sequence[Message], lines: LineFormat, part_writer: PartWriter
) -> Work[int]:
    letters, accepted = [], []
    for message in found:
        rejected = _rejection(claim.rejected, message.offset())
        if rejected is None:
            accepted.append(message)
        else:
            why = Rejection(rejected.reason, "The record was judged by the writer of its claim.", None)
            letters.append(Letter(message, why, claim.contract_version))
    if letters:
        yield from ask(SendDeadLetters(place.topic, topic_id, place.partition, letters))
    part_writer.write(lines.encode(place, accepted))
    return len(accepted)


def _rejection(rejected: Sequence[Rejections], offset: int) -> Rejections | None:
    return next((r for r in rejected if r.start <= offset < r.next), None)


def _require_same(claim: Claim, rebuilt: _Rebuilt) -> None:
    if (rebuilt.records, rebuilt.part.size, rebuilt.part.sha256) != (claim.records, claim.size, claim.sha256):
        raise LogOverwritten(
            f"{claim.topic}/{claim.partition} [{claim.start}, {claim.next}) was claimed with {claim.records} records "
            f"and checksum {claim.sha256[:12]}; Kafka now has {rebuilt.records} and {rebuilt.part.sha256[:12]}.",
            next_step=f"`streamlake chain fork {claim.dataset} --topic {claim.topic}` opens the log's next generation.",
        )


def _amend(place: Place, chain: Chain, claim: Claim, rebuilt: _Rebuilt, writer: Writer) -> Work[int]:
    """Record that [start, have_from) is lost, and return what stands on record: at least that much."""
    amended = yield from _amended_up_to(place, chain, claim)
    while amended < rebuilt.have_from:
        amendment = Amendment(
            start=claim.start,
            lost=((claim.start, rebuilt.have_from),),
            records=rebuilt.records,
            size=rebuilt.part.size,
            sha256=rebuilt.part.sha256,
            log_start=rebuilt.have_from,
            writer=writer.name,
            at=writer.now_iso,
        )
        name = yield from _next_amendment(place, chain, claim)
        if (yield from ask(Create(name, [amendment.encode()]))):
            sentence = (
                f"Kafka lost [{claim.start}, {rebuilt.have_from}) of {place.topic}/{place.partition} after the claim."
            )
            yield from ask(Alarm("SL-0410", sentence, claim.start, rebuilt.have_from))
        amended = yield from _amended_up_to(place, chain, claim)
    return amended


def _amended_up_to(place: Place, chain: Chain, claim: Claim) -> Work[int]:
    """The first offset of the claim that no amendment calls lost."""
    up_to, count = claim.start, 0
    while True:
        name = layout.amendment(place.dataset, chain, place.partition, claim.start, count)
        data = yield from ask(Read(name))
        if data is None:
            return up_to
        up_to = max(up_to, *(lost for _, lost in decode_amendment(name, data).lost))
        count += 1


def _next_amendment(place: Place, chain: Chain, claim: Claim) -> Work[str]:
    count = 0
    while True:
        name = layout.amendment(place.dataset, chain, place.partition, claim.start, count)
        if (yield from ask(Read(name))) is None:
            return name
        count += 1
