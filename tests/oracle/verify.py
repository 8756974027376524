"""Hold the lake against Kafka, record by record."""

import base64
import json
import uuid
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle import log as kafka
from tests.oracle.lake import Lake, Log, chain_of, read
from tests.oracle.log import Record
from tests.oracle.records import Header, dead_digests, raw_digests

Digests = Callable[[int, bytes | None, Sequence[Header], bytes | None], set[bytes]]
Coordinates = tuple[int, int]
OURS = ("streamlake.original_key", "streamlake.dead_letter")


@dataclass
class Proof:
    """What was compared, and what does not hold. `ok` needs something to have been compared."""

    dataset: str
    claims: int = 0
    parts: int = 0
    seals: int = 0
    raw_lines: int = 0
    dead_lines: int = 0
    in_kafka: int = 0
    dead_letters: int = 0
    dead_letter_copies: int = 0
    compared: int = 0
    dead_letters_compared: int = 0
    waiting: int = 0
    lost_on_record: int = 0
    gone_from_kafka: int = 0
    violations: list[dict[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every invariant holds, of something."""
        return not self.violations and self.claims > 0 and self.raw_lines + self.dead_lines > 0

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"ok": self.ok} | asdict(self)


def verify(root: Path, bootstrap: str, dataset: str) -> Proof:
    """Read all of both, and compare."""
    raw, dlq = f"streamlake.{dataset}.raw", f"streamlake.{dataset}.dlq"
    lake = read(root, dataset)
    proof = Proof(dataset, lake.claims, lake.parts, lake.seals)
    for log in lake.logs:
        proof.raw_lines += len(log.lines) if log.topic == raw else 0
        proof.dead_lines += len(log.lines) if log.topic == dlq else 0
        proof.lost_on_record += len(log.lost)
    letters = _dead_letters(lake, bootstrap, dlq, proof)
    _raw(lake, bootstrap, raw, letters, proof)
    proof.violations = [asdict(v) for v in lake.violations]
    return proof


def _dead_letters(lake: Lake, bootstrap: str, dlq: str, proof: Proof) -> dict[bytes, Record | None]:
    """Every dead letter by its key, from Kafka and, without its bytes, from the lake."""
    letters: dict[bytes, Record | None] = {
        line.key: None for log in lake.logs if log.topic == dlq for line in log.lines.values() if line.key is not None
    }
    if kafka.topic_id(bootstrap, dlq) is None:
        return letters

    def note(record: Record) -> None:
        proof.dead_letters += 1
        if record.key is not None:
            proof.dead_letter_copies += letters.get(record.key) is not None
            letters[record.key] = record

    _compare(lake, bootstrap, dlq, dead_digests, note, lambda _: False, proof)
    return letters


def _raw(lake: Lake, bootstrap: str, raw: str, letters: Mapping[bytes, Record | None], proof: Proof) -> None:
    id_ = kafka.topic_id(bootstrap, raw)
    if id_ is None:
        return
    ours = {place: letter for key, letter in letters.items() if (place := _coordinates(key, id_)) is not None}
    seen: set[Coordinates] = set()

    def note(record: Record) -> None:
        proof.in_kafka += 1
        place = record.partition, record.offset
        seen.add(place)
        letter = ours.get(place)
        if letter is not None:
            proof.dead_letters_compared += 1
            _compare_letter(lake, raw, record, letter)
            log = current.get(record.partition)
            _compare_reason(lake, f"{raw}/{record.partition}/{record.offset}", log, record.offset, letter)
        last = current[record.partition].last if record.partition in current else None
        if last is not None and last["offset"] == record.offset and not _is(record, last):
            lake.wrong("I3", f"{raw}/{record.partition}/{record.offset}", "the newest claim ends with another record")

    current = _current(lake, raw, id_)
    logs = _compare(lake, bootstrap, raw, raw_digests, note, ours.__contains__, proof)
    first = kafka.starts(bootstrap, raw)
    possible = {(p, o) for p, o in ours if o < first.get(p, 0)} | seen
    _balance(lake, raw, logs, ours.keys(), possible)


def _balance(
    lake: Lake, raw: str, logs: Mapping[int, Log], letters: Collection[Coordinates], possible: set[Coordinates]
) -> None:
    """Dead letters and claims name the same offsets, and none of them is in the raw zone."""
    for partition, offset in letters:
        where = f"{raw}/{partition}/{offset}"
        log = logs.get(partition, Log(raw, "", partition))
        if offset in log.lines:
            lake.wrong("I2", where, "it is in the raw zone and among the dead letters")
        if offset not in log.rejected:
            lake.wrong("I2", where, "it is among the dead letters, but no claim rejects it")
        if (partition, offset) not in possible:
            lake.wrong("I9", where, "it is among the dead letters, but Kafka has no such record")
    for partition, log in logs.items():
        for offset in log.rejected.keys() - log.lost:
            if (partition, offset) not in letters:
                lake.wrong("I1", f"{raw}/{partition}/{offset}", "it was rejected, but there is no dead letter of it")


def _compare(
    lake: Lake,
    bootstrap: str,
    topic: str,
    digests: Digests,
    note: Callable[[Record], None],
    elsewhere: Callable[[Coordinates], bool],
    proof: Proof,
) -> dict[int, Log]:
    """Both ways: each record of the topic is in its log in the lake or elsewhere, each line is a record."""
    id_ = kafka.topic_id(bootstrap, topic) or b""
    logs = _current(lake, topic, id_)
    first = kafka.starts(bootstrap, topic)
    found: set[Coordinates] = set()
    for record in kafka.records(bootstrap, topic):
        note(record)
        place = record.partition, record.offset
        found.add(place)
        where = f"{topic}/{record.partition}/{record.offset}"
        log = logs.get(record.partition)
        line = log.lines.get(record.offset) if log is not None else None
        if line is not None:
            proof.compared += 1
            if line.digest not in digests(record.timestamp_ms, record.key, record.headers, record.value):
                lake.wrong("I9", where, "the line differs from the record in Kafka")
        elif log is None or record.offset >= log.head:
            proof.waiting += not elsewhere(place)
        elif not elsewhere(place) and record.offset not in log.rejected:
            lake.wrong("I1", where, "the record is neither in the lake nor among the dead letters")
    for partition, log in logs.items():
        for offset in log.lines:
            if (partition, offset) not in found:
                if offset >= first.get(partition, 0):
                    lake.wrong("I9", f"{topic}/{partition}/{offset}", "the lake has it, Kafka never had")
                else:
                    proof.gone_from_kafka += 1
    return logs


def _current(lake: Lake, topic: str, id_: bytes) -> dict[int, Log]:
    """The newest generation's logs of the topic that Kafka has now."""
    name = base64.b32encode(id_).decode().rstrip("=").lower()
    ours = [log for log in lake.logs if log.topic == topic and chain_of(log.chain)[0] == name]
    newest = max((chain_of(log.chain)[1] for log in ours), default=0)
    return {log.partition: log for log in ours if chain_of(log.chain)[1] == newest}


def _compare_letter(lake: Lake, raw: str, record: Record, letter: Record) -> None:
    """I7: byte for byte."""
    where = f"{raw}/{record.partition}/{record.offset}"
    added = letter.headers[-2:]
    if tuple(name for name, _ in added) != OURS:
        lake.wrong("I7", where, "its dead letter lacks the two headers behind the original ones")
        return
    for what, original, kept in (
        ("value", record.value, letter.value),
        ("key", record.key, added[0][1]),
        ("headers", record.headers, letter.headers[:-2]),
    ):
        if original != kept:
            lake.wrong("I7", where, f"its dead letter's {what} differ: {original!r} became {kept!r}"[:400])


def _compare_reason(lake: Lake, where: str, log: Log | None, offset: int, letter: Record) -> None:
    """The claim and the dead letter give the same reason, by the same version."""
    claimed = log.rejected.get(offset) if log is not None else None
    if claimed is None or letter.headers[-1:] == () or letter.headers[-1][0] != OURS[1]:
        return
    said = json.loads(letter.headers[-1][1] or b"{}")
    if (said.get("reason"), said.get("contract_version")) != claimed:
        lake.wrong("I7", where, f"the claim rejects it for {claimed}, its dead letter says {said.get('reason')!r}")


def _is(record: Record, last: Mapping[str, Any]) -> bool:
    crc = zlib.crc32(record.key or b"", zlib.crc32(record.value or b""))
    return (record.timestamp_ms, crc) == (last["timestamp_ms"], last["crc32"])


def _coordinates(key: bytes, topic_id: bytes) -> Coordinates | None:
    """The partition and offset that a dead letter's key names, where it is of this very topic."""
    parts = key.decode(errors="replace").split("/")
    try:
        if len(parts) == 3 and uuid.UUID(parts[0]).bytes == topic_id:
            return int(parts[1]), int(parts[2])
    except ValueError:
        pass
    return None
