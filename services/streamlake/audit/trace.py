"""Trace one event: log, claim, part and line, or dead letter and reason, and how long it stood at each hop."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from streamlake.audit.trace_event import Event, document
from streamlake.audit.trace_lake import LakeTrace, Landed, why_of
from streamlake.audit.trace_log import InLog, LogTrace
from streamlake.audit.trace_question import Question
from streamlake.storage.layout import Chain
from streamlake.storage.store import ObjectStore

WINDOWS_MS: Final = ((-5_000, 30_000), (-300_000, 900_000))
"""How far from its time an id is searched for: first as far as clocks and retries go, then as far as they might."""
_THREADS: Final = 8


@dataclass(slots=True)
class Trace:
    """The answer: every copy of the event that was found, where was looked, and what could not be seen."""

    question: Question
    events: list[Event] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    not_seen: list[str] = field(default_factory=list)

    @property
    def found(self) -> bool:
        """Whether there is anything to tell of the event."""
        return bool(self.events)

    def document(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        question = self.question
        return {
            "found": self.found,
            "ingestion_id": question.ingestion_id
            or next((e.ingestion_id for e in self.events if e.ingestion_id), None),
            "events": [document(event) for event in self.events],
            "looked": self.looked,
            "not_seen": self.not_seen,
        }


def trace(store: ObjectStore, log: LogTrace, question: Question, datasets: Sequence[str]) -> Trace:
    """Look for the event in these datasets, in the lake first: it does not forget, and is there without Kafka."""
    answer = Trace(question)
    with ThreadPoolExecutor(_THREADS, "trace") as pool:
        for dataset in datasets:
            search = _Search(LakeTrace(store, dataset), log, question, pool)
            answer.events += search.by_place() if question.has_place else search.by_id()
            answer.looked += search.lake.looked
    answer.looked += log.looked
    if log.trouble:
        answer.not_seen.append(f"Kafka: {log.trouble}")
    return answer


class _Search:
    def __init__(self, lake: LakeTrace, log: LogTrace, question: Question, pool: ThreadPoolExecutor) -> None:
        self.lake = lake
        self._log, self._question, self._pool = log, question, pool

    def by_place(self) -> list[Event]:
        """By coordinates: of every chain that has the offset, or of Kafka where none has it yet."""
        question = self._question
        partition, offset = question.partition or 0, question.offset or 0
        chains = [(chain, topic) for chain, topic, _ in self.lake.chains if self._is_meant(chain, topic)]
        events = []
        topics = [question.topic] if question.topic else sorted({topic for _, topic in chains})
        records = {topic: self._log.record(topic, partition, offset) for topic in topics}
        for chain, topic in chains:
            landed = self.lake.at(self.lake.ledger(chain, partition), topic, offset)
            record, state = records.get(topic, (None, "unknown"))
            if chain.topic_id != self._log.topic_id(topic):
                record, state = None, "no_topic" if self._log.admin is not None else "unknown"
            if landed is not None:
                events += self._of_landed([landed], (record, state))
        if not events:
            events = self._of_records([record for record, _ in records.values() if record is not None])
        # A later generation of a log says of the offsets before it that they are in the earlier one.
        told = [event for event in events if event.landed is None or event.landed.gone != "earlier_generation"]
        return told or events

    def _is_meant(self, chain: Chain, topic: str) -> bool:
        question = self._question
        if question.topic is not None:
            return topic == question.topic
        return question.chain == chain if question.chain is not None else question.topic_id == chain.topic_id

    def by_id(self) -> list[Event]:
        """By ingestion id: near its time in the lake, then in Kafka, then the same further around."""
        id_, around = self._question.ingestion_id or "", self._question.around_ms or 0
        for before, after in WINDOWS_MS:
            first, last = around + before, around + after
            landed = self.lake.by_id(id_, first, last, self._pool)
            if landed:
                return self._of_landed(landed)
            records = self._log.by_id(self.lake.dataset, id_, first, last)
            if records:
                return self._of_records(records)
        return []

    def _of_landed(self, found: list[Landed], known: tuple[InLog | None, str] | None = None) -> list[Event]:
        """A dead letter leads to the record that it is of. `known` is what Kafka says of the one that was found."""
        events = []
        for landed in found:
            source = self._source(why_of(landed.line)) if landed.line else None
            if source is not None:
                events.append(self._event(source, *self._record(source), letter=landed))
            else:
                events.append(self._event(landed, *(known or self._record(landed))))
        return _unique(events)

    def _of_records(self, records: list[InLog]) -> list[Event]:
        events = []
        for record in records:
            source = self._source(record.why)
            if source is not None:
                events.append(self._event(source, *self._record(source), letter_record=record))
                continue
            landed = None
            chains = [c for c, topic, _ in self.lake.chains if topic == record.topic and c.topic_id == record.topic_id]
            for chain in chains:
                landed = landed or self.lake.at(self.lake.ledger(chain, record.partition), record.topic, record.offset)
            if landed is not None:
                events.append(self._event(landed, record, "there"))
            else:
                events.append(Event(record.topic, record.partition, record.offset, kafka="there", record=record))
        return _unique(events)

    def _source(self, why: dict[str, Any]) -> Landed | None:
        """The rejected record that a dead letter is of, by its own word; None for one that never was in the raw log."""
        topic_id, partition, offset = why.get("topic_id"), why.get("partition"), why.get("offset")
        if not isinstance(partition, int) or not isinstance(offset, int):
            return None
        for chain, topic, _ in self.lake.chains:
            if str(chain.topic_id) == topic_id:
                landed = self.lake.at(self.lake.ledger(chain, partition), topic, offset)
                if landed is not None and landed.rejected:
                    return landed
        return None

    def _record(self, landed: Landed) -> tuple[InLog | None, str]:
        if self._log.topic_id(landed.topic) != landed.ledger.chain.topic_id:
            return None, "no_topic" if self._log.admin is not None else "unknown"
        return self._log.record(landed.topic, landed.ledger.partition, landed.offset)

    def _event(
        self,
        landed: Landed,
        record: InLog | None,
        kafka: str,
        *,
        letter: Landed | None = None,
        letter_record: InLog | None = None,
    ) -> Event:
        event = Event(landed.topic, landed.ledger.partition, landed.offset, kafka=kafka, record=record, landed=landed)
        event.behind = landed.ledger.after(landed.claim)
        if landed.rejected:
            key = f"{landed.ledger.chain.topic_id}/{landed.ledger.partition}/{landed.offset}"
            sent_ms = landed.claim.max_timestamp_ms or landed.claim.min_timestamp_ms or 0
            # Dead letters are sent once the claim is made, so none is older than the claim's records.
            event.letter = letter or self.lake.letter(key, sent_ms)
            if event.letter is None and letter_record is None:
                letter_record = self._log.letter(self.lake.dataset, key, sent_ms)
            event.letter_record = letter_record
        return event


def _unique(events: list[Event]) -> list[Event]:
    seen: dict[tuple[str, str, int, int], Event] = {}
    for event in events:
        chain = str(event.landed.ledger.chain) if event.landed else ""
        seen.setdefault((event.topic, chain, event.partition, event.offset), event)
    return list(seen.values())
