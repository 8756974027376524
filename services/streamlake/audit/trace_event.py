"""PURE. What was found of one event, told as its way: ingested, in the log, claimed, landed, or dead-lettered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from streamlake.audit.trace_lake import Landed, meta_of, why_of
from streamlake.audit.trace_log import InLog
from streamlake.storage import layout
from streamlake.storage.claim import Claim


@dataclass(slots=True)
class Event:
    """One copy of the event, at one place in a log. `kafka` is what `LogTrace.record` says of it."""

    topic: str
    partition: int
    offset: int
    kafka: str
    record: InLog | None = None
    landed: Landed | None = None
    behind: Claim | None = None
    letter: Landed | None = None
    letter_record: InLog | None = None

    @property
    def state(self) -> str:
        """Where it is, in a word."""
        landed = self.landed
        if landed is None:
            return "waiting"
        if landed.rejected or self.topic.endswith(".dlq"):
            return "dead_lettered"
        if landed.gone:
            return landed.gone
        if landed.trouble:
            return "damaged"
        return "landed" if landed.part_exists else "part_missing"

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong with where it is."""
        return self.state in ("landed", "waiting", "dead_lettered", "no_record", "before_streamlake")

    @property
    def meta(self) -> dict[str, Any]:
        """What the API said of it."""
        for landed in (self.landed, self.letter):
            if landed is not None and landed.line is not None and meta_of(landed.line):
                return meta_of(landed.line)
        for record in (self.record, self.letter_record):
            if record is not None and record.meta:
                return record.meta
        return {}

    @property
    def why(self) -> dict[str, Any]:
        """Why it was dead-lettered."""
        for landed in (self.letter, self.landed):
            if landed is not None and landed.line is not None and why_of(landed.line):
                return why_of(landed.line)
        for record in (self.letter_record, self.record):
            if record is not None and record.why:
                return record.why
        return {}

    @property
    def ingestion_id(self) -> str | None:
        """Its id, where anything says it."""
        found = self.meta.get("ingestion_id") or self.why.get("ingestion_id")
        return found if isinstance(found, str) else None

    @property
    def appended_ms(self) -> int | None:
        """When the log took it."""
        line = self.landed.line if self.landed is not None else None
        said = line.said.get("timestamp_ms") if line is not None else None
        if isinstance(said, int):
            return said
        if self.record is not None:
            return self.record.timestamp_ms
        said = self.why.get("timestamp_ms") if self.landed is not None and self.landed.rejected else None
        return said if isinstance(said, int) else None


def document(event: Event) -> dict[str, Any]:
    """Plain data."""
    landed = event.landed
    claim = landed.claim if landed is not None else None
    return {
        "state": event.state,
        "topic": event.topic,
        "partition": event.partition,
        "offset": event.offset,
        "chain": str(landed.ledger.chain) if landed is not None else None,
        "ingestion_id": event.ingestion_id,
        "producer": event.meta.get("producer"),
        "schema_version": event.meta.get("schema_version"),
        "log": {"kafka": event.kafka, "timestamp": _iso(event.appended_ms)},
        "claim": _claim(landed, claim) if landed is not None and claim is not None else None,
        "part": _part(landed),
        "dead_letter": _letter(event),
        "trouble": landed.trouble if landed is not None else "",
        "hops": hops(event),
    }


def _claim(landed: Landed, claim: Claim) -> dict[str, Any]:
    return {
        "object": layout.claim(claim.dataset, landed.ledger.chain, landed.ledger.partition, claim.start),
        "start": claim.start,
        "next": claim.next,
        "at": claim.at,
        "writer": claim.writer,
        "closed": claim.closed,
        "contract_versions": sorted(claim.contract_versions),
        "ingestion_date": claim.date,
    }


def _part(landed: Landed | None) -> dict[str, Any] | None:
    if landed is None or landed.claim.part is None or landed.rejected or landed.gone:
        return None
    return {
        "object": landed.claim.part,
        "exists": landed.part_exists,
        "line": landed.line.number if landed.line is not None else None,
        "lines": landed.claim.records,
    }


def _letter(event: Event) -> dict[str, Any] | None:
    landed = event.landed
    if event.state != "dead_lettered" and not event.why:
        return None
    why, letter = event.why, event.letter
    if letter is None and event.topic.endswith(".dlq"):
        letter = landed
    record = event.letter_record or (event.record if event.topic.endswith(".dlq") else None)
    place = (letter.topic, letter.ledger.partition, letter.offset) if letter is not None else None
    if place is None and record is not None:
        place = (record.topic, record.partition, record.offset)
    return {
        "reason": why.get("reason") or (landed.rejected if landed is not None else ""),
        "detail": why.get("detail"),
        "field": why.get("field"),
        "place": "/".join(str(part) for part in place) if place is not None else None,
        "landed_in": letter.claim.part if letter is not None else None,
        "line": letter.line.number if letter is not None and letter.line is not None else None,
    }


def hops(event: Event) -> list[dict[str, Any]]:
    """Each hop with its time, and the seconds since the one before. A time that nothing says is left out."""
    found: list[tuple[str, float | None]] = [
        ("ingested", _seconds(event.meta.get("ingested_at"))),
        ("in the log", None if event.appended_ms is None else event.appended_ms / 1000),
    ]
    landed = event.landed
    if landed is not None and not landed.gone:
        found.append(("claimed", _seconds(landed.claim.at)))
        if landed.part_exists and not landed.rejected:
            # No store tells when an object was made; but nobody claims behind a claim whose part is not there.
            found.append(("landed at the latest", _seconds(event.behind.at) if event.behind is not None else None))
    if event.letter is not None or event.letter_record is not None:
        line = event.letter.line if event.letter is not None else None
        sent = line.said.get("timestamp_ms") if line is not None else None
        if sent is None and event.letter_record is not None:
            sent = event.letter_record.timestamp_ms
        found.append(("dead-lettered", sent / 1000 if isinstance(sent, int) else None))
        if event.letter is not None:
            found.append(("dead letter claimed", _seconds(event.letter.claim.at)))
    told: list[dict[str, Any]] = []
    before: float | None = None
    for name, at in found:
        if at is not None:
            since = None if before is None else round(at - before, 3)
            told.append({"hop": name, "at": _iso(at * 1000), "seconds": since})
            before = at
    return told


def _seconds(text: object) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _iso(timestamp_ms: float | None) -> str | None:
    if timestamp_ms is None:
        return None
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return None
