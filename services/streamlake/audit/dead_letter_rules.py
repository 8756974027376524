"""PURE. The balance of dead letters: every offset that a claim rejected has one, and none has one that was accepted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.audit.part_rules import within
from streamlake.storage.claim import Claim

Source = tuple[UUID, int]
_SHOWN: Final = 20


@dataclass(slots=True)
class _Promises:
    topic: str = ""
    rejected: list[tuple[int, int]] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    next: int = 0
    found: set[int] = field(default_factory=set)
    unlisted: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Balance:
    """First `claim` every claim and `sent` those with a part; then `settle`; then `letter` each dead letter found."""

    _sources: dict[Source, _Promises] = field(default_factory=dict)

    def claim(self, topic_id: UUID, claim: Claim) -> None:
        """Note what it rejected."""
        promises = self._sources.setdefault((topic_id, claim.partition), _Promises(claim.topic))
        promises.rejected += [(r.start, r.next) for r in claim.rejected]
        promises.next = max(promises.next, claim.next)

    def sent(self, topic_id: UUID, claim: Claim, lost_up_to: int) -> None:
        """Its part is there, so its dead letters were sent; what Kafka lost before may never have been."""
        promises = self._sources.setdefault((topic_id, claim.partition), _Promises(claim.topic))
        promises.asked += [(max(r.start, lost_up_to), r.next) for r in claim.rejected if r.next > lost_up_to]

    def settle(self) -> None:
        """Every claim was seen. Generations of one topic interleave, so the ranges are sorted only now."""
        for promises in self._sources.values():
            promises.rejected.sort()
            promises.asked.sort()

    def letter(self, key: str | None) -> None:
        """A dead letter with this key exists. Keys of another form are not of a consumer and not counted here."""
        parsed = parse_key(key)
        if parsed is None:
            return
        topic_id, partition, offset = parsed
        promises = self._sources.get((topic_id, partition))
        if promises is None:
            return
        if within(promises.rejected, offset):
            promises.found.add(offset)
        elif offset < promises.next:
            promises.unlisted.add(offset)

    @property
    def expected(self) -> int:
        """How many dead letters were promised."""
        return sum(n - s for p in self._sources.values() for s, n in p.asked)

    def missing(self) -> list[tuple[Source, str, int]]:
        """The rejected offsets for which no dead letter has been found yet."""
        return [
            (source, promises.topic, offset)
            for source, promises in self._sources.items()
            for start, next_offset in promises.asked
            for offset in range(start, next_offset)
            if offset not in promises.found
        ]

    def findings(self) -> Iterator[Finding]:
        """What does not balance, once everything has been looked at."""
        for (_, partition), topic, offset in self.missing()[:_SHOWN]:
            where = Where(topic, "", partition, offset, offset + 1)
            sentence = f"Offset {offset} was rejected, but its dead letter is neither in the lake nor in Kafka."
            yield Finding(Severity.ERROR, Kind.DEAD_LETTER_MISSING, where, "", sentence, _STEP)
        for (_, partition), promises in self._sources.items():
            for offset in sorted(promises.unlisted)[:_SHOWN]:
                where = Where(promises.topic, "", partition, offset, offset + 1)
                sentence = f"Offset {offset} has a dead letter, but no claim lists it as rejected."
                yield Finding(Severity.ERROR, Kind.DEAD_LETTER_UNLISTED, where, "", sentence, _STEP)


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
