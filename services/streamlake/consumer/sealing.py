"""Seal the days that are complete: every partition's chain has passed the log end that was seen after the day's end.

Whoever reads partition 0 of a topic seals for all of them. Days are sealed in order, each from where the seal before
it ended, so a seal costs the claims of its own day. A claim that comes later takes a later date (`landing._open_day`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from streamlake.consumer.chains import chains_of, partitions_of
from streamlake.consumer.effects import Create, ListFrom, Read, ReadBounds, ReadPartitions, ReadTopicId, Size, Work, ask
from streamlake.consumer.head import last_claim
from streamlake.consumer.place import Place, Writer
from streamlake.storage import layout
from streamlake.storage.claim import Claim, Gap, decode_claim
from streamlake.storage.layout import Chain
from streamlake.storage.seal import Seal, SealedPart, SealedRange, decode_seal

Cursor = dict[str, dict[str, int]]
"""By chain and partition: the first offset that no seal covers."""


@dataclass(slots=True)
class Sealed:
    """How far a zone is sealed. Kept between calls, so that a day is looked at once."""

    date: str = ""
    cursor: Cursor = field(default_factory=dict)
    new: list[str] = field(default_factory=list)


def seal_days(place: Place, before: str, sealed: Sealed, writer: Writer) -> Work[Sealed]:
    """Seal every day before the date `before` that is complete. `place` is partition 0 of the zone's topic."""
    sealed.new = []
    while True:
        date = yield from _next_day(place, sealed.date)
        if date is None or date >= before:
            return sealed
        name = layout.seal(place.zone, place.dataset, date)
        stored = yield from ask(Read(name))
        if stored is None:
            if not (yield from _passed(place, date)):
                return sealed
            seal = yield from _build(place, date, sealed.cursor, writer)
            if (yield from ask(Create(name, [seal.encode()]))):
                sealed.new.append(date)
            stored = (yield from ask(Read(name))) or seal.encode()
        _advance(sealed.cursor, decode_seal(name, stored))
        sealed.date = date


def _next_day(place: Place, after: str) -> Work[str | None]:
    """The next day that has a folder. What else may lie among the days is passed over: an audit names it."""
    prefix = layout.day_prefix(place.zone, place.dataset, "")[:-1]
    start = layout.day_prefix(place.zone, place.dataset, layout.next_day(after)) if after else prefix
    while True:
        names = yield from ask(ListFrom(prefix, start, 1))
        if not names:
            return None
        folder, slash, _ = names[0].removeprefix(prefix).partition("/")
        if slash and layout.is_day(folder):
            return folder
        start = f"{prefix}{folder}0" if slash else f"{names[0]}-"  # 0 comes right after the slash, - before all else


def _passed(place: Place, date: str) -> Work[bool]:
    """Whether every partition's chain has passed the log's end of this moment, or gone on to a later day."""
    topic_id = yield from ask(ReadTopicId(place.topic))
    known = yield from chains_of(place)
    current = [chain for chain, _ in known if chain.topic_id == topic_id]
    if not current:
        return False
    for partition in range((yield from ask(ReadPartitions(place.topic)))):
        there = Place(place.dataset, place.topic, partition, place.zone)
        bounds = yield from ask(ReadBounds(place.topic, partition))
        claim = yield from last_claim(there, max(current), None)
        reached = claim.next if claim else 0
        if reached < bounds.end and (claim is None or claim.date <= date):
            return False
        if claim is not None and claim.part is not None and (yield from ask(Size(claim.part))) is None:
            return False
    return True


def _build(place: Place, date: str, cursor: Cursor, writer: Writer) -> Work[Seal]:
    ranges: dict[str, dict[str, SealedRange]] = {}
    parts: list[SealedPart] = []
    versions: set[int] = set()
    for chain, _ in (yield from chains_of(place)):
        ranges[str(chain)] = {}
        for partition in (yield from partitions_of(place, chain)):
            there = Place(place.dataset, place.topic, partition, place.zone)
            start = cursor.get(str(chain), {}).get(str(partition), 0)
            claims = yield from _claims_of_day(there, chain, start, date)
            ranges[str(chain)][str(partition)] = _range(start, claims)
            versions.update(*(c.contract_versions for c in claims))
            parts += [
                SealedPart(name=c.part, records=c.records, size=c.size, sha256=c.sha256) for c in claims if c.part
            ]
    every = [r for by_partition in ranges.values() for r in by_partition.values()]
    return Seal(
        dataset=place.dataset,
        topic=place.topic,
        zone=place.zone,
        date=date,
        records=sum(r.records for r in every),
        size=sum(r.size for r in every),
        dead_letters=sum(r.dead_letters for r in every),
        contract_versions=tuple(sorted(versions)),
        ranges=ranges,
        parts=tuple(sorted(parts, key=lambda p: p.name)),
        sealed_by=writer.name,
        sealed_at=writer.now_iso,
    )


def _claims_of_day(place: Place, chain: Chain, start: int, date: str) -> Work[Sequence[Claim]]:
    """The claims from `start` on that are of this day or older ones: dates never go back along a chain."""
    claims: list[Claim] = []
    while True:
        name = layout.claim(place.dataset, chain, place.partition, start)
        data = yield from ask(Read(name))
        claim = None if data is None else decode_claim(name, data)
        if claim is None or claim.date > date:
            return claims
        claims.append(claim)
        start = claim.next


def _range(start: int, claims: Sequence[Claim]) -> SealedRange:
    gaps: tuple[Gap, ...] = tuple(gap for claim in claims for gap in claim.gaps)
    return SealedRange(
        start=start,
        next=claims[-1].next if claims else start,
        claims=len(claims),
        records=sum(c.records for c in claims),
        size=sum(c.size for c in claims),
        dead_letters=sum(c.rejected_records for c in claims),
        control=sum(c.control for c in claims),
        gaps=gaps,
    )


def _advance(cursor: Cursor, seal: Seal) -> None:
    for chain, partitions in seal.ranges.items():
        cursor.setdefault(chain, {}).update({partition: r.next for partition, r in partitions.items()})
