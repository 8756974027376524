"""PURE. The balance of dead letters: every offset that a claim rejected has one, and none has one that was accepted.

Kept as numbers and one byte a rejected offset, for there may be millions.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.kafka.dead_letter import Judged
from streamlake.storage.claim import Claim

_SHOWN: Final = 20
_REJECTED, _ASKED, _FOUND = 0, 1, 2


class Seen(NamedTuple):
    """A dead letter that exists: its key, and what it says of why; None where that cannot be read."""

    key: str | None
    why: Judged | None = None


@dataclass(slots=True)
class _Promises:
    """Of one partition of one topic. `ranges` are the rejected ones, for the reasons in `why`; `first[i]` is where
    range i begins in `marks`.
    """

    topic: str
    start: int
    next: int
    ranges: list[tuple[int, int]] = field(default_factory=list)
    why: list[Judged] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    marks: bytearray = field(default_factory=bytearray)
    unlisted: list[int] = field(default_factory=list)
    otherwise: dict[int, Judged] = field(default_factory=dict)
    """What letters say that were rejected for another reason."""


@dataclass(slots=True)
class Balance:
    """First `claim` each claim in its order; then `letter` each dead letter found; then ask what is `missing`.

    By topic id and partition. Generations of one topic interleave, so those are kept apart by their chain.
    """

    sources: dict[str, list[_Promises]] = field(default_factory=dict)
    chains: dict[str, int] = field(default_factory=dict)
    expected: int = 0
    """How many dead letters were promised."""

    def claim(self, topic_id: UUID, claim: Claim, asked_from: int | None) -> None:
        """Note what it rejected. From `asked_from` on its dead letters must exist, for its part does; None: none."""
        promises = self._of(topic_id, claim)
        promises.next = max(promises.next, claim.next)
        for r in claim.rejected:
            promises.ranges.append((r.start, r.next))
            why = Judged(r.reason, r.version or claim.contract_version)
            promises.why.append(promises.why[-1] if promises.why[-1:] == [why] else why)
            promises.first.append(len(promises.marks))
            asked = r.next - max(r.start, asked_from) if asked_from is not None else 0
            asked = max(asked, 0)
            promises.marks += bytes([_REJECTED]) * (r.next - r.start - asked) + bytes([_ASKED]) * asked
            self.expected += asked

    def _of(self, topic_id: UUID, claim: Claim) -> _Promises:
        generations = self.sources.setdefault(f"{topic_id}/{claim.partition}", [])
        chain = f"{claim.chain}/{claim.partition}"
        if chain not in self.chains:
            self.chains[chain] = len(generations)
            generations.append(_Promises(claim.topic, claim.start, claim.start))
        return generations[self.chains[chain]]

    def letter(self, seen: Seen) -> None:
        """This dead letter exists. Keys of another form are not of a consumer and not counted here."""
        parsed = parse_key(seen.key)
        if parsed is None:
            return
        topic_id, partition, offset = parsed
        generations = self.sources.get(f"{topic_id}/{partition}", [])
        known: list[tuple[_Promises, Judged]] = []
        for promises in generations:
            at = bisect_right(promises.ranges, (offset, 1 << 63)) - 1
            if at >= 0 and promises.ranges[at][0] <= offset < promises.ranges[at][1]:
                promises.marks[promises.first[at] + offset - promises.ranges[at][0]] = _FOUND
                known.append((promises, promises.why[at]))
        # An offset that was used again may have been rejected twice, for a reason each time, and both have this key.
        if known and seen.why is not None and all(seen.why != why for _, why in known):
            promises = known[0][0]
            if len(promises.otherwise) < _SHOWN:
                promises.otherwise[offset] = seen.why
        covering = [p for p in generations if p.start <= offset < p.next]
        if not known and covering and len(covering[0].unlisted) < _SHOWN and offset not in covering[0].unlisted:
            covering[0].unlisted.append(offset)

    def missing(self) -> int:
        """For how many rejected offsets no dead letter has been found yet."""
        return sum(promises.marks.count(_ASKED) for promises in self._all())

    def findings(self) -> Iterator[Finding]:
        """What does not balance, once everything has been looked at."""
        for key, generations in self.sources.items():
            partition = int(key.rsplit("/", 1)[1])
            for promises in generations:
                for offset in _missing(promises):
                    where = Where(promises.topic, "", partition, offset, offset + 1)
                    sentence = f"Offset {offset} was rejected, but its dead letter is neither in the lake nor in Kafka."
                    yield Finding(Severity.ERROR, Kind.DEAD_LETTER_MISSING, where, "", sentence, _STEP)
                for offset, said in sorted(promises.otherwise.items()):
                    where = Where(promises.topic, "", partition, offset, offset + 1)
                    at = bisect_right(promises.ranges, (offset, 1 << 63)) - 1
                    sentence = f"Offset {offset}: its claim says {promises.why[at]}, its dead letter {said}."
                    yield Finding(Severity.ERROR, Kind.DEAD_LETTER_DIFFERS, where, "", sentence, _STEP)
                for offset in sorted(promises.unlisted):
                    where = Where(promises.topic, "", partition, offset, offset + 1)
                    sentence = f"Offset {offset} has a dead letter, but no claim lists it as rejected."
                    yield Finding(Severity.ERROR, Kind.DEAD_LETTER_UNLISTED, where, "", sentence, _STEP)

    def _all(self) -> Iterator[_Promises]:
        for generations in self.sources.values():
            yield from generations


def _missing(promises: _Promises) -> Iterator[int]:
    at = promises.marks.find(_ASKED)
    while at >= 0:
        index = bisect_right(promises.first, at) - 1
        yield promises.ranges[index][0] + at - promises.first[index]
        at = promises.marks.find(_ASKED, at + 1)


_STEP = "See the runbook SL-0601; the source topic may still have the record."


def parse_key(key: str | None) -> tuple[UUID, int, int] | None:
    """`<topic id>/<partition>/<offset>` of the record that was dead-lettered; None for any other key."""
    parts = (key or "").split("/")
    if len(parts) != 3 or not parts[1].isdecimal() or not parts[2].isdecimal():
        return None
    try:
        return UUID(parts[0]), int(parts[1]), int(parts[2])
    except ValueError:
        return None
