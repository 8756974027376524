"""Did every invariant hold? The journals of the senders and the oracle judge; nothing here asks StreamLake.

`streamlake audit --deep` is asked at last, and must agree.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.lake import Lake, read
from tests.oracle.records import Line
from tests.oracle.verify import Proof, verify
from tests.torture import journal
from tests.torture.contracts import DATASET

Place = tuple[str, int, int]
RAW, DLQ = f"streamlake.{DATASET}.raw", f"streamlake.{DATASET}.dlq"
SHOWN = 20
POSTED = "p"
"""What went through the API; see load.py."""


@dataclass
class Found:
    """What the journals and the lake hold, and what does not fit."""

    events: int = 0
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    landed_unknown: int = 0
    raw_lines: int = 0
    dead_lines: int = 0
    dead_copies: int = 0
    twice_in_kafka: int = 0
    """Records that a producer's client sent again while the broker was killed: two offsets, each landed once."""
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def wrong(self, invariant: str, what: str) -> None:
        """Note a violation; of each invariant the first ones with their words, all of them in number."""
        self.counts[invariant] += 1
        if self.counts[invariant] <= SHOWN:
            self.violations.append(f"{invariant}: {what}")


def against_journals(root: Path, journals: Path, *, broker_failed: bool) -> Found:
    """I1, I2, I8 and I9 by the senders' word and the lake alone: also where Kafka has deleted what had landed."""
    return compare(read(root, DATASET), journal.read(journals), broker_failed=broker_failed)


def compare(lake: Lake, sent: dict[str, journal.Sent], *, broker_failed: bool = False) -> Found:
    """See above.

    `broker_failed`: the broker was killed in this run. The idempotent producer of somebody who writes past the API may
    then begin a new epoch and send again what the broker has already, so that Kafka has it at two offsets. Both land,
    each once, and are counted. What was posted has no such excuse.
    """
    found = Found(events=len(sent))
    at, times = _lines(lake, found)
    for digest, event in sent.items():
        found.acknowledged += len(event.places)
        found.refused += event.refused
        may = event.most - len(event.places)
        found.unknown += may
        lines = times.pop(digest, 0)
        found.landed_unknown += max(0, lines - len(event.places))
        if lines > event.most > 0 and broker_failed and not event.id.startswith(POSTED):
            found.twice_in_kafka += lines - event.most
        elif lines > event.most:
            what = "refused" if not event.most else f"kept at most {event.most} times"
            found.wrong("I9", f"{event.id} was {what}, and is in the lake {lines} times")
        for place in event.places:
            here = at.get(place)
            if here is None:
                found.wrong("I1", f"{event.id} was acknowledged at {place}, and is not in the lake")
            elif here != digest:
                found.wrong("I8", f"{event.id} was acknowledged at {place}, and something else is there")
    for digest, lines in times.items():
        found.wrong("I9", f"nobody sent what is in the lake {lines} times with the digest {digest}")
    return found


def _lines(lake: Lake, found: Found) -> tuple[dict[Place, str], Counter[str]]:
    """Each event of the lake by the place of its receipt, and how often it is there. Dead letters that were sent again
    under the same key count once."""
    at: dict[Place, str] = {}
    times: Counter[str] = Counter()
    letters: defaultdict[bytes | None, list[tuple[Place, Line]]] = defaultdict(list)
    for log in lake.logs:
        for offset, line in log.lines.items():
            place = (log.topic, log.partition, offset)
            if log.topic == DLQ:
                found.dead_lines += 1
                letters[line.key].append((place, line))
            else:
                found.raw_lines += 1
                at[place] = line.event
                times[line.event] += 1
    for key, copies in letters.items():
        found.dead_copies += len(copies) - 1
        source = _coordinates(key)
        for place, line in copies:
            at[place] = line.event
            if source is not None:
                if at.get(source, line.event) != line.event:
                    found.wrong("I2", f"{source} is in the raw zone, and among the dead letters")
                at[source] = line.event
        events = {line.event for _, line in copies}
        if len(events) > 1:
            found.wrong("I7", f"dead letters under the key {key!r} differ")
        # One that came from the log is one record. One of the API's is as many as its attempts were: each is a record.
        times[copies[0][1].event] += 1 if source is not None else len(copies)
    return at, times


def _coordinates(key: bytes | None) -> Place | None:
    """Where the record was that this dead letter is of; None where it never was in the raw topic."""
    parts = (key or b"").decode(errors="replace").split("/")
    return (RAW, int(parts[1]), int(parts[2])) if len(parts) == 3 else None


def against_kafka(root: Path, bootstrap: str) -> Proof:
    """What Kafka still has, record by record: I1, I2, I3, I4, I7, I9."""
    return verify(root, bootstrap, DATASET)


def disagreements(proof: Proof, audit: dict[str, Any]) -> list[str]:
    """Where `audit --deep` and the oracle do not say the same."""
    said = audit.get("checked", {})
    wrong = []
    if (audit.get("verdict") == "OK") is not proof.ok:
        findings = str(audit.get("findings", audit))[:600]
        wrong.append(f"audit: {audit.get('verdict')}, the oracle: {'OK' if proof.ok else 'violations'}; {findings}")
    if said.get("lines_read") != proof.raw_lines + proof.dead_lines:
        wrong.append(f"audit read {said.get('lines_read')} lines, the oracle {proof.raw_lines + proof.dead_lines}")
    if said.get("claims") != proof.claims:
        wrong.append(f"audit counts {said.get('claims')} claims, the oracle {proof.claims}")
    return wrong
