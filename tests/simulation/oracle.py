"""The last word on a run: where every event is. It trusts the lake's objects and the broker's truth, nothing else."""

import json
from collections.abc import Iterator

from streamlake.consumer.calendar import date_of
from streamlake.storage import layout
from streamlake.storage.claim import Claim
from streamlake.storage.layout import Chain
from tests.simulation.broker import Broker, DeadLetter, Record
from tests.simulation.landing_parts import content_of, text_of
from tests.simulation.watch import Line, Violation, Watch


def judge(broker: Broker, watch: Watch) -> None:
    """Raises Violation with the first invariant that does not hold."""
    _require_whole_ledger(watch)
    landed = _landed(broker, watch)
    letters = _letters(broker, watch, landed)
    for event in broker.events:
        if event.event in landed or event.event in letters:
            continue
        fate = broker.fates[event.event]
        if fate != "live" and _superseded(watch, event):
            continue
        if fate == "live":
            raise Violation(f"I1: {event} is in Kafka, and neither in raw nor in the dead letters")
        if fate == "retention" and not _on_record(broker, watch, event.topic_id.int, event.partition, event.at):
            raise Violation(f"I3: {event} was lost by retention, and no gap or amendment says so")
        if fate == "deleted" and _claimed_silently(watch, event.topic_id.int, event.partition, event.at):
            raise Violation(f"I1: {event} was claimed, and is neither in raw nor in the dead letters")


def _require_whole_ledger(watch: Watch) -> None:
    """I3: every claim has its part, which is what the claim says, or an amendment says what is missing."""
    for (chain, partition), line in watch.lines.items():
        date = ""
        for claim in line.claims:
            where = f"{chain}/{partition} [{claim.start}, {claim.next})"
            if not watch.is_durable(line, claim):
                raise Violation(f"I3: the part of {where} is missing")
            if claim.part in watch.store.objects:
                content = content_of(claim.part, watch.store.objects[claim.part])
                whole = (content.records, content.size, content.sha256) == (claim.records, claim.size, claim.sha256)
                if not whole and line.still_whole(claim):
                    raise Violation(f"I3: {claim.part} is not what its claim says")
            if claim.date < date:
                raise Violation(f"I4: {where} lies in {claim.date}, after {date}")
            _require_day(watch, chain, claim, date)
            date = claim.date


def _require_day(watch: Watch, chain: Chain, claim: Claim, floor: str) -> None:
    """The folder is the day of the first record's broker timestamp, or that of the claim before it, or the first one
    after it that was not sealed.
    """
    days = {floor, date_of(0), date_of(claim.last.timestamp_ms if claim.last else 0)}
    if claim.part is not None and claim.min_timestamp_ms is not None and claim.max_timestamp_ms is not None:
        low, high = date_of(claim.min_timestamp_ms), date_of(claim.max_timestamp_ms)
        days = {floor, low, high} if low <= high else set()
        if claim.date < high:
            raise Violation(f"I4: the claim at {claim.start} of {chain} lies in {claim.date}, a record in {high}")
    sealed = {day for day in days if day}
    while sealed and claim.date not in sealed:
        sealed = {layout.next_day(day) for day in sealed if layout.seal("raw", "orders", day) in watch.store.objects}
    if not sealed:
        raise Violation(f"I4: the claim at {claim.start} of {chain} lies in {claim.date}, which is none of {days}")


def _landed(broker: Broker, watch: Watch) -> dict[int, str]:
    """I2, I4, I9: the events in raw, each once, in order, in the chain and partition that it came from."""
    landed: dict[int, str] = {}
    for name, stored in watch.store.objects.items():
        part = layout.parse_part(name)
        if part is None:
            continue
        below = part.start
        for line in text_of(name, stored).splitlines():
            record = json.loads(line)
            event = record["payload"]["event"]
            if event in landed:
                raise Violation(f"I2: event {event} is in {landed[event]} and in {name}")
            truth = broker.events[event]
            if (
                (truth.topic_id, truth.partition, truth.at)
                != (
                    part.chain.topic_id,
                    part.partition,
                    record["kafka_offset"],
                )
                or part.partition != record["kafka_partition"]
                or truth.timestamp_ms != record["timestamp_ms"]
            ):
                raise Violation(f"I9: {name} holds {record}, which is {truth}")
            if truth.at < below:
                raise Violation(f"I4: {name} holds offset {truth.at} behind {below}")
            below = truth.at + 1
            landed[event] = name
        claim = next(c for c in watch.lines[part.chain, part.partition].claims if c.start == part.start)
        if below > claim.next:
            raise Violation(f"I2: {name} goes beyond its claim's end {claim.next}")
    return landed


def _letters(broker: Broker, watch: Watch, landed: dict[int, str]) -> set[int]:
    """I7: the dead letters, folded by key: byte for byte, listed by a claim, never in raw as well."""
    folded: dict[str, DeadLetter] = {}
    for letter in broker.dead_letters:
        folded[letter.key] = letter
    for letter in folded.values():
        truth = broker.events[letter.event]
        if letter.body != truth.body:
            raise Violation(f"I7: the dead letter {letter} is not {truth}")
        if letter.event in landed:
            raise Violation(f"I2: event {letter.event} is in {landed[letter.event]} and in the dead letters")
    sent = {letter.event for letter in folded.values()}
    for letter in broker.dead_letters:
        if letter.event not in sent and broker.fates[letter.event] != "truncated":
            raise Violation(f"I7: the dead letter {letter} was folded away by {folded[letter.key]}")
    return sent


def _on_record(broker: Broker, watch: Watch, topic: int, partition: int, offset: int) -> bool:
    chains = list(_lines(watch, topic, partition))
    if all(offset >= line.next for _, line in chains) and next(
        t.deleted for t in broker.topics.values() if t.id.int == topic
    ):
        return True  # never read, and then the whole topic was deleted
    for _, line in chains:
        for claim in line.claims:
            if any(g.start <= offset < g.next and g.reason != "earlier_generation" for g in claim.gaps):
                return True
            if any(start <= offset < next_ for start, next_ in line.lost.get(claim.start, ())):
                return True
    return False


def _claimed_silently(watch: Watch, topic: int, partition: int, offset: int) -> bool:
    lines = [line for _, line in _lines(watch, topic, partition) if offset < line.next]
    for line in lines:
        for claim in line.claims:
            if any(g.start <= offset < g.next and g.reason != "earlier_generation" for g in claim.gaps):
                return False
            if any(start <= offset < next_ for start, next_ in line.lost.get(claim.start, ())):
                return False
    return bool(lines)


def _superseded(watch: Watch, event: Record) -> bool:
    """Its offset was claimed with a record of an earlier epoch, which Kafka took back; then this one went, too.

    Nobody could know: what would have told is gone with it.
    """
    return any(
        claim.start <= event.at < claim.next and claim.last is not None and (claim.last.leader_epoch or 0) < event.epoch
        for _, line in _lines(watch, event.topic_id.int, event.partition)
        for claim in line.claims
    )


def _lines(watch: Watch, topic: int, partition: int) -> Iterator[tuple[Chain, Line]]:
    for (chain, p), line in watch.lines.items():
        if chain.topic_id.int == topic and p == partition:
            yield chain, line
