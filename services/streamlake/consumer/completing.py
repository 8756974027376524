"""Finish a claim whose part is missing: read its range again and follow its decisions, judging nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import UNSET

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
    Read,
    ReadBounds,
    SendDeadLetters,
    Size,
    Work,
    ask,
)
from streamlake.consumer.faults import LogOverwritten, TopicChanged
from streamlake.consumer.identity import fingerprint, require_known_log, require_topic
from streamlake.consumer.line import LineFormat
from streamlake.consumer.parts import create_part
from streamlake.consumer.place import Place, Writer
from streamlake.contract.rejection import Rejection
from streamlake.storage import layout
from streamlake.storage.claim import Amendment, Claim, Fingerprint, Rejections, decode_amendment
from streamlake.storage.layout import Chain

NOTHING = Encoded((), 0, "")


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """What could be read of a claim's range: everything in [start, next)."""

    start: int
    next: int
    part: Encoded = NOTHING
    records: int = 0
    letters: Sequence[Letter] = ()


def complete(
    place: Place, chain: Chain, claim: Claim, lines: LineFormat, parts: PartFormat, writer: Writer
) -> Work[None]:
    """Afterwards the claim has its part, or what Kafka lost of it is on record."""
    if claim.part is None or (yield from ask(Size(claim.part))) is not None:
        return
    try:
        yield from require_topic(place, chain)  # first of all: its partition may be no more
        yield from require_known_log(place, chain, claim.next, claim.last)
        yield from _complete(place, chain, claim, claim.next, lines, parts, writer)
    except TopicChanged:
        yield from _lose_all(place, chain, claim, writer)


def close(
    place: Place, chain: Chain, claim: Claim, kept: int, lines: LineFormat, parts: PartFormat, writer: Writer
) -> Work[None]:
    """The same for the last claim of a chain that is read no more: Kafka kept what it claimed below `kept` only."""
    if claim.next <= kept:
        yield from complete(place, chain, claim, lines, parts, writer)
    elif claim.part is not None and (yield from ask(Size(claim.part))) is None:
        try:
            yield from require_topic(place, chain)
            yield from _complete(place, chain, claim, max(kept, claim.start), lines, parts, writer)
        except TopicChanged:
            yield from _lose_all(place, chain, claim, writer)


def _complete(
    place: Place, chain: Chain, claim: Claim, kept: int, lines: LineFormat, parts: PartFormat, writer: Writer
) -> Work[None]:
    """Create the part from [claim.start, kept), or from what is left of it."""
    have_from = yield from _lost_up_to(place, chain, claim)
    while True:
        rebuilt = yield from _rebuild(place, chain, claim, _Rebuilt(min(have_from, kept), kept), lines, parts)
        if (rebuilt.start, rebuilt.next) == (claim.start, claim.next):
            _require_same(claim, rebuilt)
            break
        have_from = yield from _amend(place, chain, claim, rebuilt, writer)
        if have_from == rebuilt.start or rebuilt.start == rebuilt.next:
            break
    if rebuilt.start == rebuilt.next:
        return
    # The claim before the part, on disk too: its writer may have been killed before its own fsync, and a create that
    # finds the object sees to that.
    yield from ask(Create(layout.claim(place.dataset, chain, place.partition, claim.start), [claim.encode()]))
    if rebuilt.letters:
        yield from ask(SendDeadLetters(place.topic, chain.topic_id, place.partition, rebuilt.letters))
    yield from create_part(place, chain, claim, rebuilt.records, rebuilt.part, writer.attempt)


def _lose_all(place: Place, chain: Chain, claim: Claim, writer: Writer) -> Work[None]:
    """The log is gone with its topic: nothing of the range can be read any more."""
    yield from _amend(place, chain, claim, _Rebuilt(claim.next, claim.next), writer)


def _rebuild(
    place: Place, chain: Chain, claim: Claim, wanted: _Rebuilt, lines: LineFormat, parts: PartFormat
) -> Work[_Rebuilt]:
    """Read what Kafka still has of the wanted range; encode what the claim accepted, keep what it rejected.

    Nothing leaves this before it is proven to be what was claimed: a log can be cut and written again, and a topic
    created again, while we read.
    """
    start, end = wanted.start, wanted.next
    while True:
        part_writer = parts(str(claim.part).split(".", 1)[1])
        letters: list[Letter] = []
        records, position, last = 0, start, None
        while position < end:
            found = yield from ask(Fetch(place.topic, place.partition, position, end))
            if isinstance(found, Below):
                break
            if not isinstance(found, Sequence) or not found:
                position = end
                continue
            accepted = [m for m in found if _rejection(claim.rejected, m.offset()) is None]
            letters += _letters(claim, found)
            part_writer.write(lines.encode(place, accepted))
            records += len(accepted)
            position, last = found[-1].offset() + 1, found[-1]
        if end == claim.next:
            bounds = yield from require_known_log(place, chain, claim.next, claim.last)
            # It was read last: as it is what was claimed, so is everything before it.
            proven = last is not None and fingerprint(last) == claim.last
        else:
            bounds = yield from ask(ReadBounds(place.topic, place.partition))
            yield from require_topic(place, chain)
            proven = last is None or not _newer(last, claim.last)
        if position >= end and (proven or start >= end):
            return _Rebuilt(start, end, (yield from ask(FinishPart(part_writer))), records, letters)
        # Retention overtook us: what lies before the log start is lost, and what was encoded from there too.
        start = min(max(start, bounds.start), end)
        if last is not None and end < claim.next and _newer(last, claim.last):
            end = max(start, last.offset())  # cut once more: it ends before this one, which is no longer ours


def _rejection(rejected: Sequence[Rejections], offset: int) -> Rejections | None:
    return next((r for r in rejected if r.start <= offset < r.next), None)


def _letters(claim: Claim, found: Sequence[Message]) -> Iterator[Letter]:
    for message in found:
        rejected = _rejection(claim.rejected, message.offset())
        if rejected is not None:
            why = Rejection(rejected.reason, "The record was judged by the writer of its claim.", None)
            version = claim.contract_version if rejected.version is UNSET else rejected.version
            yield Letter(message, why, version)


def _newer(message: Message, known: Fingerprint | None) -> bool:
    """The record was written under a later leader epoch than the claim's last: it is another one."""
    epoch = message.leader_epoch()
    return epoch is not None and known is not None and known.leader_epoch is not None and epoch > known.leader_epoch


def _require_same(claim: Claim, rebuilt: _Rebuilt) -> None:
    if (rebuilt.records, rebuilt.part.size, rebuilt.part.sha256) != (claim.records, claim.size, claim.sha256):
        raise LogOverwritten(
            f"{claim.topic}/{claim.partition} [{claim.start}, {claim.next}) was claimed with {claim.records} records "
            f"and checksum {claim.sha256[:12]}; Kafka now has {rebuilt.records} and {rebuilt.part.sha256[:12]}.",
            next_step=f"`streamlake chain fork {claim.dataset} --topic {claim.topic}` opens the log's next generation.",
        )


def _amend(place: Place, chain: Chain, claim: Claim, rebuilt: _Rebuilt, writer: Writer) -> Work[int]:
    """Record what is lost around the rebuilt range, and return up to where the record says so: at least that far."""
    around = ((claim.start, rebuilt.start), (rebuilt.next, claim.next))
    nothing_left = rebuilt.start >= rebuilt.next
    lost = ((claim.start, claim.next),) if nothing_left else tuple(r for r in around if r[0] < r[1])
    while True:
        on_record = yield from _amendments(place, chain, claim)
        known = [r for amendment in on_record for r in amendment.lost]
        if all(any(a <= start and next_ <= b for a, b in known) for start, next_ in lost):
            return max((b for a, b in known if a == claim.start), default=claim.start)
        amendment = Amendment(
            start=claim.start,
            lost=lost,
            records=rebuilt.records,
            size=rebuilt.part.size,
            sha256=rebuilt.part.sha256,
            log_start=rebuilt.start,
            writer=writer.name,
            at=writer.now_iso,
        )
        name = layout.amendment(place.dataset, chain, place.partition, claim.start, len(on_record))
        if (yield from ask(Create(name, [amendment.encode()]))):
            ranges = " and ".join(f"[{start}, {next_})" for start, next_ in lost)
            sentence = f"Kafka lost {ranges} of {place.topic}/{place.partition} after the claim."
            yield from ask(Alarm("SL-0410", sentence, lost[0][0], lost[-1][1]))


def _amendments(place: Place, chain: Chain, claim: Claim) -> Work[list[Amendment]]:
    found: list[Amendment] = []
    while True:
        name = layout.amendment(place.dataset, chain, place.partition, claim.start, len(found))
        data = yield from ask(Read(name))
        if data is None:
            return found
        found.append(decode_amendment(name, data))


def _lost_up_to(place: Place, chain: Chain, claim: Claim) -> Work[int]:
    """The first offset of the claim that no amendment calls lost."""
    on_record = yield from _amendments(place, chain, claim)
    return max((b for amendment in on_record for a, b in amendment.lost if a == claim.start), default=claim.start)
