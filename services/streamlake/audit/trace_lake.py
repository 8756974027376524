"""Where one record is in the lake: the claim of its offset, its part, and its line."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from streamlake.audit.find_claim import Ledger
from streamlake.audit.folders import exists
from streamlake.audit.ledger import Stray, chains, partitions
from streamlake.audit.rules import amended_up_to
from streamlake.kafka.dead_letter import WHY_HEADER
from streamlake.kafka.names import HEADER, dlq_topic, raw_topic
from streamlake.storage import layout
from streamlake.storage.claim import Claim, Unreadable, decode_amendment
from streamlake.storage.layout import Chain
from streamlake.storage.part_reader import DamagedPart, blocks
from streamlake.storage.store import ObjectStore

_MOST_PARTS: Final = 100
"""So many parts are read in search of an id; a time that fits more is too vague."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record's line: which one of its part, and what it says."""

    number: int
    said: dict[str, Any]

    @property
    def offset(self) -> int:
        """Its record's offset."""
        offset = self.said.get("kafka_offset")
        return offset if isinstance(offset, int) else -1


@dataclass(slots=True)
class Landed:
    """What the lake says of one offset. `gone` is why there is no record, `trouble` what is wrong."""

    ledger: Ledger
    topic: str
    offset: int
    claim: Claim
    part_exists: bool | None = None
    line: Line | None = None
    rejected: str = ""
    gone: str = ""
    trouble: str = ""


class LakeTrace:
    """A dataset's lake while one event is looked for. `looked` says where."""

    def __init__(self, store: ObjectStore, dataset: str) -> None:
        self._store = store
        self.dataset = dataset
        self.looked: list[str] = []
        self.chains: list[tuple[Chain, str, str]] = []
        """Each chain, its topic, and when it was opened; the newest first."""
        for stored in chains(store, dataset):
            if not isinstance(stored, Stray) and stored.opening is not None:
                self.chains.append((stored.chain, stored.opening.topic, stored.opening.at))
        self.chains.sort(key=lambda chain: (chain[2], chain[0].generation), reverse=True)

    def ledger(self, chain: Chain, partition: int) -> Ledger:
        """One partition of one chain."""
        return Ledger(self._store, self.dataset, chain, partition)

    def ledgers(self, topic: str, partition: int | None = None) -> Iterator[Ledger]:
        """The partitions of every chain of this topic, those of the newest chain first."""
        for chain, of_topic, _ in self.chains:
            if of_topic == topic:
                for found in [partition] if partition is not None else partitions(self._store, self.dataset, chain):
                    if isinstance(found, int):
                        yield Ledger(self._store, self.dataset, chain, found)

    def at(self, ledger: Ledger, topic: str, offset: int) -> Landed | None:
        """What became of an offset; None where no claim covers it."""
        self.looked.append(f"claims of {topic}/{ledger.partition} in chain {ledger.chain}")
        claim = ledger.covering(offset)
        if claim is None:
            return None
        landed = Landed(ledger, topic, offset, claim)
        landed.rejected = next((r.reason for r in claim.rejected if r.start <= offset < r.next), "")
        gap = next((g for g in claim.gaps if g.start <= offset < g.next), None)
        if gap is not None:
            landed.gone = gap.reason
        elif offset < self._lost_up_to(ledger, claim):
            landed.gone = "lost_before_landing"
        elif claim.part is None:
            landed.gone = "no_record"
        else:
            self._line(landed, str(claim.part))
        return landed

    def _lost_up_to(self, ledger: Ledger, claim: Claim) -> int:
        prefix = layout.claim(self.dataset, ledger.chain, ledger.partition, claim.start).removesuffix(".json")
        try:
            names = self._store.list_from(f"{prefix}.lost.")
            amendments = [decode_amendment(n, self._store.read(n) or b"") for n in names]
        except Unreadable:
            return claim.start
        return amended_up_to(claim, amendments)

    def _line(self, landed: Landed, part: str) -> None:
        landed.part_exists = exists(self._store, part)
        if not landed.part_exists or landed.rejected:
            return
        self.looked.append(part)
        try:
            landed.line = next(search(self._store, part, b'"kafka_offset":%d,' % landed.offset, landed.offset), None)
        except DamagedPart as error:
            landed.trouble = f"the part cannot be read: {error}"
            return
        if landed.line is None:
            if landed.claim.control:
                landed.gone = "no_record"
            else:
                landed.trouble = "the part has no line of this offset"

    def by_id(self, id_: str, first_ms: int, last_ms: int, pool: ThreadPoolExecutor) -> list[Landed]:
        """Every line with this ingestion id that was appended between both times, in both zones."""
        found: list[Landed] = []
        wanted = [
            (topic, ledger)
            for topic in (raw_topic(self.dataset), dlq_topic(self.dataset))
            for ledger in self.ledgers(topic)
        ]
        times = list(pool.map(lambda one: _some(one[1].between(first_ms, last_ms)), wanted))
        for (topic, ledger), claims in zip(wanted, times, strict=True):
            self.looked.append(
                f"{len(claims)} parts of {topic}/{ledger.partition} in chain {ledger.chain} of that time"
            )
            for claim in claims:
                if claim.part is not None:
                    found += self._search(ledger, topic, claim, id_)
        return found

    def _search(self, ledger: Ledger, topic: str, claim: Claim, id_: str) -> Iterator[Landed]:
        part = str(claim.part)
        if not exists(self._store, part):
            return
        try:
            for line in search(self._store, part, id_.encode(), None):
                if _is_of(line, id_, letter=topic == dlq_topic(self.dataset)):
                    yield Landed(ledger, topic, line.offset, claim, part_exists=True, line=line)
        except DamagedPart as error:
            self.looked.append(f"{part} could not be read: {error}")

    def letter(self, key: str, first_ms: int) -> Landed | None:
        """The dead letter with this key, where it has landed: it was sent after that time."""
        for ledger in self.ledgers(dlq_topic(self.dataset)):
            for claim in _some(ledger.between(first_ms, 1 << 62)):
                if claim.part is None or not exists(self._store, claim.part):
                    continue
                self.looked.append(claim.part)
                try:
                    for line in search(self._store, claim.part, key.encode(), None):
                        if line.said.get("key") == key:
                            topic = dlq_topic(self.dataset)
                            return Landed(ledger, topic, line.offset, claim, part_exists=True, line=line)
                except DamagedPart:
                    continue
        return None


def _some(claims: Iterator[Claim]) -> list[Claim]:
    return [claim for claim, _ in zip(claims, range(_MOST_PARTS), strict=False)]


def _is_of(line: Line, id_: str, *, letter: bool) -> bool:
    """Whether the id is this record's own, and not a word in its payload."""
    meta = line.said.get("meta")
    if not letter:
        return isinstance(meta, dict) and meta.get("ingestion_id") == id_
    return line.said.get("key") == id_ or id_ in (meta_of(line).get("ingestion_id"), why_of(line).get("ingestion_id"))


def meta_of(line: Line) -> dict[str, Any]:
    """What the API said of the event: the line's `meta`, or in a dead letter the header of that name."""
    meta = line.said.get("meta")
    return meta if isinstance(meta, dict) else _header(line, HEADER)


def why_of(line: Line) -> dict[str, Any]:
    """What a dead letter says of itself: reason, detail and where the record was. Empty for other lines."""
    return _header(line, WHY_HEADER)


def _header(line: Line, name: str) -> dict[str, Any]:
    headers = line.said.get("headers")
    for header in reversed(headers) if isinstance(headers, list) else ():
        if isinstance(header, dict) and header.get("name") == name and isinstance(header.get("value"), str):
            try:
                return msgspec.json.decode(header["value"], type=dict[str, Any])
            except (msgspec.DecodeError, UnicodeDecodeError):
                return {}
    return {}


def search(store: ObjectStore, part: str, needle: bytes, offset: int | None) -> Iterator[Line]:
    """The lines that hold these bytes and, where one is given, this offset. DamagedPart where it cannot be read."""
    number = 0
    for block in _whole_lines(blocks(store, part)):
        at = block.find(needle)
        if at < 0:
            number += block.count(b"\n")
            continue
        for text in block.splitlines(keepends=True):
            number += 1
            if needle not in text:
                continue
            try:
                said = msgspec.json.decode(text, type=dict[str, Any])
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            line = Line(number, said)
            if offset is None or line.offset == offset:
                yield line


def _whole_lines(found: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that end with a line, so that nothing that is looked for is cut in two."""
    rest = b""
    for block in found:
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block
    if rest:
        yield rest
