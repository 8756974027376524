"""PURE. What must hold of one partition's chain of claims (I3). Fed claim by claim, in the order of their names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.audit.folders import part_name
from streamlake.audit.ledger import StoredClaim
from streamlake.storage.claim import FORMAT, Amendment, Claim, Gap, Rejections
from streamlake.storage.layout import Chain

_HEAL = "Nothing is repaired by itself: keep the lake as it is, and see the runbook SL-0601."
Range = tuple[int, int]
MOST_RECORDS: Final = 1 << 30
"""No consumer holds so many before it closes a batch; and a lie of this size must not cost us the memory."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose chain it is: what every claim in it must say of itself."""

    dataset: str
    topic: str
    zone: str
    chain: Chain
    partition: int

    def where(self, start: int | None = None, next_offset: int | None = None) -> Where:
        """A range of this partition."""
        return Where(self.topic, str(self.chain), self.partition, start, next_offset)


class ChainWalk:
    """Where the walk along one partition stands. `next` is None behind a claim that could not be read."""

    def __init__(self, expected: Expected, next_offset: int | None = 0, date: str = "") -> None:
        self.expected = expected
        self.next = next_offset
        self.date = date

    def take(self, stored: StoredClaim) -> Iterator[Finding]:
        """What is wrong with the chain at this claim, and with the claim."""
        yield from self._joined(stored)
        claim = stored.claim
        if claim is None:
            where = self.expected.where(stored.start, None)
            yield _error(Kind.CLAIM_UNREADABLE, where, stored.name, f"{stored.trouble}.")
            self.next = None
            return
        yield from _agrees(self.expected, stored.name, stored.start, claim)
        yield from adds_up(self.expected, stored.name, claim)
        yield from _names_its_part(self.expected, stored.name, claim)
        yield from self._dated(stored.name, claim)
        yield from _losses(self.expected, stored.name, claim, stored.amendments)
        self.next = max(claim.next, self.next or 0)
        self.date = max(self.date, claim.date)

    def _joined(self, stored: StoredClaim) -> Iterator[Finding]:
        if self.next is None or stored.start == self.next:
            return
        if stored.start > self.next:
            where = self.expected.where(self.next, stored.start)
            sentence = f"No claim covers [{self.next}, {stored.start}), {stored.start - self.next} offsets."
            yield _error(Kind.HOLE, where, stored.name, sentence)
        else:
            where = self.expected.where(stored.start, self.next)
            sentence = f"The claim begins at {stored.start}, inside a range that is claimed up to {self.next}."
            yield _error(Kind.OVERLAP, where, stored.name, sentence)

    def _dated(self, name: str, claim: Claim) -> Iterator[Finding]:
        where = self.expected.where(claim.start, claim.next)
        if claim.date < self.date:
            sentence = f"Its folder is {claim.date}, but an earlier claim is in {self.date}: dates may not go back."
            yield _error(Kind.DATE_ORDER, where, name, sentence)
        if claim.min_timestamp_ms is not None and claim.part is not None:
            first = _date_of(claim.min_timestamp_ms)
            if first is None:
                sentence = f"Its first record would be of {claim.min_timestamp_ms} ms, which is no time."
                yield _error(Kind.CLAIM_MISMATCH, where, name, sentence)
            elif claim.date < first:
                sentence = f"Its folder is {claim.date}, before the date of its first record, {first}."
                yield _error(Kind.DATE_ORDER, where, name, sentence)


def _date_of(timestamp_ms: int) -> str | None:
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def holds_records(claim: Claim) -> bool:
    """A claim has a part unless it is a pure hole."""
    return claim.records > 0 or bool(claim.rejected)


def amended_up_to(claim: Claim, amendments: Sequence[Amendment]) -> int:
    """The first offset of the claim that no amendment calls lost."""
    return max([claim.start, *(lost for a in amendments for _, lost in a.lost)])


def _agrees(expected: Expected, name: str, start: int, claim: Claim) -> Iterator[Finding]:
    says = (claim.dataset, claim.topic, claim.chain, claim.partition, claim.start, claim.format)
    must = (expected.dataset, expected.topic, str(expected.chain), expected.partition, start, FORMAT)
    if says != must:
        wrong = ", ".join(f"{s!r} instead of {m!r}" for s, m in zip(says, must, strict=True) if s != m)
        yield _error(Kind.CLAIM_MISMATCH, expected.where(start, None), name, f"The claim says {wrong}.")


def adds_up(expected: Expected, name: str, claim: Claim) -> Iterator[Finding]:
    """What does not add up within one claim."""
    where = expected.where(claim.start, claim.next)
    gaps = sum(g.next - g.start for g in claim.gaps)
    counted = claim.records + claim.rejected_records + gaps + claim.control
    if claim.next <= claim.start or min(claim.records, claim.control, claim.size) < 0:
        yield _error(Kind.CLAIM_ARITHMETIC, where, name, f"[{claim.start}, {claim.next}) is no range with counts.")
    elif counted != claim.next - claim.start:
        sentence = (
            f"The claim spans {claim.next - claim.start} offsets but accounts for {counted}: {claim.records} records, "
            f"{claim.rejected_records} dead letters, {gaps} in gaps, {claim.control} without a record."
        )
        yield _error(Kind.CLAIM_ARITHMETIC, where, name, sentence)
    elif claim.records + claim.rejected_records > MOST_RECORDS:
        sentence = f"The claim counts {claim.records + claim.rejected_records} records: more than any batch can hold."
        yield _error(Kind.CLAIM_ARITHMETIC, where, name, sentence)
    versions = [claim.contract_version, *(other.version for other in claim.further_contracts or ())]
    if any((r.version or claim.contract_version) not in versions for r in claim.rejected):
        yield _error(Kind.CLAIM_ARITHMETIC, where, name, f"It names versions {versions}, and another one rejected.")
    if not _ascending(claim.start, claim.next, claim.rejected) or not _ascending(claim.start, claim.next, claim.gaps):
        yield _error(Kind.CLAIM_ARITHMETIC, where, name, "Its rejected ranges or gaps overlap or leave its range.")
    elif any(r.start < g.next and g.start < r.next for r in claim.rejected for g in claim.gaps):
        yield _error(Kind.CLAIM_ARITHMETIC, where, name, "An offset is listed both as a gap and as a dead letter.")


def _ascending(start: int, next_offset: int, ranges: Sequence[Rejections] | Sequence[Gap]) -> bool:
    at = start
    for r in ranges:
        if not at <= r.start < r.next <= next_offset:
            return False
        at = r.next
    return True


def _names_its_part(expected: Expected, name: str, claim: Claim) -> Iterator[Finding]:
    where = expected.where(claim.start, claim.next)
    if claim.part is None:
        if holds_records(claim):
            yield _error(Kind.PART_NAME, where, name, "The claim has records or dead letters but names no part.")
        return
    parsed = part_name(claim.part)
    says = parsed and (parsed.zone, parsed.dataset, parsed.date, parsed.chain, parsed.partition, parsed.start)
    must = (expected.zone, expected.dataset, claim.date, expected.chain, expected.partition, claim.start)
    if says != must:
        yield _error(Kind.PART_NAME, where, name, f"Its part {claim.part} does not bear the claim's own coordinates.")


def gap_losses(expected: Expected, name: str, gaps: Sequence[Gap]) -> Iterator[Finding]:
    """What Kafka's retention took before it was read, by these gaps."""
    for gap in gaps:
        if gap.reason == "retention":
            lost = gap.next - gap.start
            sentence = f"Kafka had deleted [{gap.start}, {gap.next}), {lost} offsets, before they were read. On record."
            yield _loss(expected.where(gap.start, gap.next), name, sentence, lost)


def _losses(expected: Expected, name: str, claim: Claim, amendments: Sequence[Amendment]) -> Iterator[Finding]:
    yield from gap_losses(expected, name, claim.gaps)
    lost_up_to = amended_up_to(claim, amendments)
    if lost_up_to > claim.start:
        gone = lost_up_to - claim.start
        for known in claim.gaps:
            gone -= max(0, min(known.next, lost_up_to) - known.start)
        sentence = f"Kafka deleted [{claim.start}, {lost_up_to}) between its claim and its part. On record."
        yield _loss(expected.where(claim.start, lost_up_to), name, sentence, max(gone, 0))
    if lost_up_to > claim.next:
        sentence = "An amendment beside the claim reaches beyond its range."
        yield _error(Kind.CLAIM_MISMATCH, expected.where(claim.start, claim.next), name, sentence)


def _loss(where: Where, name: str, sentence: str, records: int) -> Finding:
    step = "Find out what held the consumer up. `--known-loss` names the number that is known, so that only more rings."
    return Finding(Severity.LOSS, Kind.GAP_LOSS, where, name, sentence, step, records)


def _error(kind: Kind, where: Where, name: str, sentence: str) -> Finding:
    return Finding(Severity.ERROR, kind, where, name, sentence, _HEAL)
