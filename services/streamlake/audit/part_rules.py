"""What must hold of one part: the lines that its claim promises, each offset once, in order (I2, I4, I9)."""

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import msgspec

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.kafka.dead_letter import WHY_HEADER, Judged, judged
from streamlake.storage.claim import Amendment, Claim
from streamlake.storage.errors import StoreDenied
from streamlake.storage.part_reader import DamagedPart, blocks, lines
from streamlake.storage.store import ObjectStore

_SLACK: Final = 64 << 20
_STEP: Final = "Nothing is overwritten by itself. Compare it with Kafka or a backup, and see the runbook SL-0601."


class Line(msgspec.Struct, frozen=True):
    """What an audit reads of a line; the rest is only checked to be JSON."""

    topic: str
    kafka_partition: int
    kafka_offset: int
    timestamp_ms: int | None = None
    key: str | None = None


class LetterLine(Line, frozen=True):
    """The same of a line of the dead letters' zone, and why it is there."""

    headers: tuple["LineHeader", ...] = ()

    @property
    def why(self) -> Judged | None:
        """What its last header says; None where that is none of ours, or cannot be read."""
        last = self.headers[-1] if self.headers else None
        return judged(last.value) if last is not None and last.name == WHY_HEADER else None


class LineHeader(msgspec.Struct, frozen=True):
    """A header as a line has it; `value` is None where it is no text."""

    name: str
    value: str | None = None


_decode: Final = msgspec.json.Decoder(Line).decode
_decode_letter: Final = msgspec.json.Decoder(LetterLine).decode


@dataclass(slots=True)
class Content:
    """What a part was found to hold."""

    records: int = 0
    size: int = 0
    sha256: str = ""
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    trouble: str = ""
    denied: str = ""
    misplaced: list[str] = field(default_factory=list)
    times: tuple[int, int] | None = None
    """The first and the last broker timestamp of its lines."""

    def note_time(self, at: int | None) -> None:
        """Of one more line."""
        if at is not None:
            low, high = self.times or (at, at)
            self.times = (min(low, at), max(high, at))


def read_part(store: ObjectStore, claim: Claim, on_letter: Callable[[LetterLine], None] | None = None) -> Content:
    """Read the claim's part to its end, or as far as it can be read. `on_letter` sees each line of a dead letter."""
    content = Content()
    decode = _decode if on_letter is None else _decode_letter
    digest = hashlib.sha256()

    def hashed(found: Iterable[bytes]) -> Iterator[bytes]:
        for block in found:
            digest.update(block)
            content.size += len(block)
            _not_endless(claim, content)
            yield block

    try:
        for text in lines(hashed(blocks(store, str(claim.part)))):
            content.records += 1
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                content.trouble = content.trouble or f"line {content.records} is not a raw line: {error}"
                continue
            if not text.endswith(b"\n"):
                content.trouble = content.trouble or "its last line has no end"
            content.offsets.append(line.kafka_offset)
            content.note_time(line.timestamp_ms)
            if (line.topic, line.kafka_partition) != (claim.topic, claim.partition):
                content.misplaced.append(f"{line.topic}/{line.kafka_partition}/{line.kafka_offset}")
            elif on_letter is not None and isinstance(line, LetterLine):
                on_letter(line)
    except DamagedPart as error:
        content.trouble = f"{error}, after {content.records} lines"
    except StoreDenied as error:
        content.denied = error.message
    content.sha256 = digest.hexdigest()
    return content


def _not_endless(claim: Claim, content: Content) -> None:
    """DamagedPart for what is far too long: a few compressed bytes may stand for more than memory and patience hold."""
    if content.size > 2 * claim.size + _SLACK:
        raise DamagedPart(f"it goes on behind {content.size} bytes, and its claim says {claim.size}")


def judge_part(claim: Claim, amendments: Sequence[Amendment], content: Content) -> Iterator[Finding]:
    """PURE. What is wrong with this content, by what the claim and its amendments promise."""
    where = Where(claim.topic, claim.chain, claim.partition, claim.start, claim.next)

    def error(kind: Kind, sentence: str) -> Finding:
        return Finding(Severity.ERROR, kind, where, str(claim.part), sentence, _STEP)

    promised = {(claim.records, claim.size, claim.sha256), *((a.records, a.size, a.sha256) for a in amendments)}
    if content.denied:
        yield error(Kind.PART_UNREADABLE, f"The part may not be read, so nothing is known of it: {content.denied}")
        return
    if content.trouble:
        yield error(Kind.PART_DAMAGED, f"The part is damaged: {content.trouble}.")
    elif (content.records, content.size, content.sha256) not in promised:
        sentence = (
            f"The part holds {content.records} lines in {content.size} bytes with checksum {content.sha256[:12]}; "
            f"its claim says {claim.records} in {claim.size} with {claim.sha256[:12]}."
        )
        yield error(Kind.PART_DAMAGED, sentence)
    if content.misplaced:
        yield error(
            Kind.MISPLACED, f"{len(content.misplaced)} lines are of other coordinates, first {content.misplaced[0]}."
        )
    if not _within_times(claim, content):
        sentence = f"Its lines are of {content.times}, the claim says {claim.min_timestamp_ms, claim.max_timestamp_ms}."
        yield error(Kind.CLAIM_MISMATCH, sentence)
    yield from _judge_offsets(claim, content.offsets, error)


def _judge_offsets(claim: Claim, offsets: "array[int]", error: Callable[[Kind, str], Finding]) -> Iterator[Finding]:
    ascending = all(a < b for a, b in pairwise(offsets))
    if not ascending:
        unique = set(offsets)
        if len(unique) < len(offsets):
            twice = _first_repeated(offsets)
            yield error(Kind.DUPLICATE, f"{len(offsets) - len(unique)} offsets stand twice in the part, first {twice}.")
        at = next(i for i, (a, b) in enumerate(pairwise(offsets)) if a >= b)
        if any(a > b for a, b in pairwise(offsets)):
            yield error(Kind.ORDER, f"Offset {offsets[at + 1]} follows {offsets[at]}: the order is not kept.")
    outside = [o for o in offsets if not claim.start <= o < claim.next]
    if outside:
        yield error(Kind.MISPLACED, f"{len(outside)} lines lie outside the claim's range, first offset {outside[0]}.")
    for ranges, what in (
        ([(r.start, r.next) for r in claim.rejected], "listed as dead letters"),
        ([(g.start, g.next) for g in claim.gaps], "listed as gaps"),
    ):
        inside = [o for o in offsets if within(ranges, o)]
        if inside:
            yield error(Kind.DUPLICATE, f"{len(inside)} offsets are in the part and {what}, first {inside[0]}.")


def _within_times(claim: Claim, content: Content) -> bool:
    """A claim's times are those of all its records; where some were rejected, its lines may span less."""
    low, high = claim.min_timestamp_ms, claim.max_timestamp_ms
    if content.times is None:
        return True
    if low is None or high is None:
        return False
    if not claim.rejected and content.records == claim.records:
        return content.times == (low, high)
    return low <= content.times[0] and content.times[1] <= high


def within(ranges: Sequence[tuple[int, int]], offset: int) -> bool:
    """Whether one of these ascending half-open ranges holds the offset."""
    at = bisect_right(ranges, (offset, 1 << 63)) - 1
    return at >= 0 and ranges[at][0] <= offset < ranges[at][1]


def _first_repeated(offsets: Iterable[int]) -> int | None:
    seen: set[int] = set()
    for offset in offsets:
        if offset in seen:
            return offset
        seen.add(offset)
    return None
