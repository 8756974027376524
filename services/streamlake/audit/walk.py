"""Walk every chain of a dataset through the lake: claims first, then as many parts as were asked for.

The parts are listed before the claims are read: a part that is listed had its claim by then, so what no claim names
is an orphan, also while a consumer is landing beside us.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from streamlake.audit.dead_letter_rules import Balance
from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.audit.ledger import StoredChain, StoredClaim, Stray, chains, claims, partitions
from streamlake.audit.part_rules import Line, judge_part, read_part
from streamlake.audit.report import PartitionReport, Report
from streamlake.audit.rules import ChainWalk, Expected, amended_up_to
from streamlake.audit.zones import Listed, broken_seals, list_zone, orphans, rescued
from streamlake.kafka.names import dlq_topic
from streamlake.storage import layout
from streamlake.storage.claim import Amendment, Claim, decode_amendment, decode_claim
from streamlake.storage.store import ObjectStore

_FRESH = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How much is looked at. Dates are those of the folders, both ends included."""

    first: str | None = None
    last: str | None = None
    read_share: float = 0.0
    deep: bool = False
    max_seconds: float | None = None
    settle_seconds: float = 5.0
    seed: int = 0

    def covers(self, date: str) -> bool:
        """Whether a folder's date is asked for."""
        return (self.first is None or date >= self.first) and (self.last is None or date <= self.last)


@dataclass(slots=True)
class Pending:
    """A chain's last claim whose part is not there (yet)."""

    expected: Expected
    claim: Claim


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A part to read, by the name of its claim: judged, or only looked through for the dead letters in it."""

    expected: Expected
    claim: str
    judged: bool
    amended: bool


@dataclass(slots=True)
class Walk:
    """One walk, step by step: `ledger`, `settle`, `read`. What it finds goes into `report`."""

    store: ObjectStore
    dataset: str
    options: Options
    report: Report
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    balance: Balance = field(default_factory=Balance)
    pending: list[Pending] = field(default_factory=list)
    _to_read: list["_Chosen"] = field(default_factory=list)
    _deadline: float = float("inf")
    _random: random.Random = field(default_factory=random.Random)

    def run(self) -> None:
        """All of it."""
        if self.options.max_seconds is not None:
            self._deadline = self.monotonic() + self.options.max_seconds
        self._random = random.Random(self.options.seed)  # noqa: S311 - a sample, not a secret
        self.ledger()
        self.settle()
        self.read()

    def ledger(self) -> None:
        """Every claim of every chain, and which parts no claim names."""
        zones = {zone: list_zone(self.store, zone, self.dataset) for zone in (layout.RAW, layout.DEAD_LETTERS)}
        for stored in chains(self.store, self.dataset):
            if isinstance(stored, Stray):
                self._stray(stored)
                continue
            self.report.checked.chains += 1
            self._chain(stored, zones)
        if self.report.checked.complete:
            for zone in zones.values():
                self.report.findings += orphans(zone, self.options.covers)
                self.report.findings += broken_seals(zone, self.options.covers)
                self.report.checked.seals += len(zone.seals)
        self.report.findings += rescued(self.store, self.dataset)

    def _chain(self, stored: StoredChain, zones: dict[str, Listed]) -> None:
        topic = stored.opening.topic if stored.opening else ""
        if stored.opening is None:
            step = "Without its opening nobody can say which log the chain is of. See the runbook SL-0601."
            where = Where(chain=str(stored.chain))
            name = layout.chain_opening(self.dataset, stored.chain)
            self._find(Finding(Severity.ERROR, Kind.OPENING, where, name, f"{stored.trouble}.", step))
        for partition in partitions(self.store, self.dataset, stored.chain):
            if isinstance(partition, Stray):
                self._stray(partition)
            else:
                self._partition(stored, topic, partition, zones)

    def _partition(self, chain: StoredChain, topic: str, partition: int, zones: dict[str, Listed]) -> None:
        walk: ChainWalk | None = None
        report = PartitionReport(topic, str(chain.chain), partition)
        before: StoredClaim | None = None
        for stored in claims(self.store, self.dataset, chain.chain, partition):
            if self.monotonic() > self._deadline:
                self.report.checked.complete = False
                break
            if isinstance(stored, Stray):
                self._stray(stored)
                continue
            if walk is None:
                topic = topic or (stored.claim.topic if stored.claim else "")
                zone = layout.DEAD_LETTERS if topic == dlq_topic(self.dataset) else layout.RAW
                walk = ChainWalk(Expected(self.dataset, topic, zone, chain.chain, partition))
                report.topic = topic
            found = list(walk.take(stored))
            if self._asked_for(stored) or (before is not None and self._asked_for(before)):
                self.report.findings += found
            if before is not None:
                self._part(walk.expected, before, zones[walk.expected.zone], is_last=False)
            _count(report, stored)
            self.report.checked.claims += 1
            before = stored
        if walk is not None and before is not None:
            # Where time ran out there are claims behind this one, but whether its part is open is not known.
            self._part(walk.expected, before, zones[walk.expected.zone], is_last=True)
            report.next = walk.next if walk.next is not None else report.next
        self.report.partitions.append(report)

    def _asked_for(self, stored: StoredClaim) -> bool:
        return stored.claim is None or self.options.covers(stored.claim.date)

    def _part(self, expected: Expected, stored: StoredClaim, zone: Listed, *, is_last: bool) -> None:
        """Is the claim's part there? Remember whether it shall be read, and what it promises to the dead letters."""
        claim = stored.claim
        if claim is None:
            return
        asked = self._asked_for(stored)
        zone.name(claim)
        if expected.zone == layout.RAW:
            self.balance.claim(expected.chain.topic_id, claim)
        self.report.checked.claims_in_window += asked
        lost_up_to = amended_up_to(claim, stored.amendments)
        if claim.part is None or lost_up_to >= claim.next:
            return
        self.report.checked.parts += asked
        size = self.store.size(claim.part) if layout.parse_part(claim.part) else None
        if size is None:
            if is_last:
                self.pending.append(Pending(expected, claim))
            elif asked:
                self._missing(expected, claim)
            return
        self._there(expected, claim, size, lost_up_to, stored.name, asked=asked, amended=bool(stored.amendments))

    def _there(
        self, expected: Expected, claim: Claim, size: int, lost_up_to: int, name: str, *, asked: bool, amended: bool
    ) -> None:
        if asked:
            self.report.checked.parts_found += 1
            plain = str(claim.part).endswith(".json") and not amended
            if (plain and size != claim.size) or (size == 0 and claim.size > 0):
                where = expected.where(claim.start, claim.next)
                sentence = f"The part has {size} bytes; its claim says {claim.size}."
                self._find(Finding(Severity.ERROR, Kind.PART_DAMAGED, where, str(claim.part), sentence, _STEP))
            if expected.zone == layout.RAW:
                self.balance.sent(expected.chain.topic_id, claim, lost_up_to)
        chosen = asked and (self.options.deep or self._random.random() < self.options.read_share)
        if chosen or (asked and self.options.read_share > 0 and not self._to_read):
            self._to_read.append(_Chosen(expected, name, judged=True, amended=amended))
        elif self.options.deep and expected.zone == layout.DEAD_LETTERS:
            self._to_read.append(_Chosen(expected, name, judged=False, amended=amended))

    def settle(self) -> None:
        """Give a part that is under way a few seconds; what is missing then, is found."""
        give_up = self.monotonic() + self.options.settle_seconds
        while self.monotonic() < min(give_up, self._deadline):
            waiting = [p for p in self.pending if _is_fresh(p.claim) and self.store.size(str(p.claim.part)) is None]
            if not waiting:
                break
            self.sleep(0.1)
        still = []
        for pending in self.pending:
            claim = pending.claim
            size = self.store.size(str(claim.part)) if layout.parse_part(str(claim.part)) else None
            name = layout.claim(self.dataset, pending.expected.chain, claim.partition, claim.start)
            asked = self.options.covers(claim.date)
            if size is None:
                still += [pending] if asked else []
            else:
                self._there(pending.expected, claim, size, claim.start, name, asked=asked, amended=True)
        self.pending = still
        self.balance.settle()

    def read(self) -> None:
        """Decompress the chosen parts and look at every line."""
        checked = self.report.checked
        checked.parts_to_read = sum(chosen.judged for chosen in self._to_read)
        for chosen in self._to_read:
            if self.monotonic() > self._deadline:
                checked.complete = False
                return
            claim = decode_claim(chosen.claim, self.store.read(chosen.claim) or b"")
            on_line = self._dead_letter if chosen.expected.zone == layout.DEAD_LETTERS and self.options.deep else None
            content = read_part(self.store, claim, on_line)
            if chosen.judged:
                # Listing costs what the folder holds, so it is asked only where there is something to find.
                beside = self._beside(chosen.claim) if chosen.amended else []
                self.report.findings += judge_part(claim, beside, content)
                checked.parts_read += 1
                checked.lines_read += content.records
                checked.bytes_read += content.size

    def _beside(self, name: str) -> list[Amendment]:
        names = self.store.list_from(name.removesuffix(".json") + ".lost.")
        return [decode_amendment(n, data) for n in names if (data := self.store.read(n)) is not None]

    def _dead_letter(self, line: Line) -> None:
        self.balance.letter(line.key)

    def _missing(self, expected: Expected, claim: Claim) -> None:
        where = expected.where(claim.start, claim.next)
        sentence = f"The part is not there, but later claims are: somebody deleted its {claim.records} records."
        self._find(Finding(Severity.ERROR, Kind.PART_MISSING, where, str(claim.part), sentence, _STEP))

    def _stray(self, stray: Stray) -> None:
        sentence = f"In the ledger, but {stray.trouble}."
        self._find(
            Finding(Severity.ERROR, Kind.FOREIGN_OBJECT, Where(), stray.name, sentence, "Move it out of the lake.")
        )

    def _find(self, finding: Finding) -> None:
        self.report.findings.append(finding)


_STEP = "Restore it from a backup, or re-land the range while Kafka has it. See the runbook SL-0601."


def _is_fresh(claim: Claim) -> bool:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(claim.at) < _FRESH
    except (ValueError, TypeError):
        return False


def _count(report: PartitionReport, stored: StoredClaim) -> None:
    report.claims += 1
    claim = stored.claim
    if claim is None:
        return
    report.next = claim.next
    report.records += claim.records
    report.dead_letters += claim.rejected_records
    report.lost += claim.lost_records
    report.before_streamlake += sum(g.next - g.start for g in claim.gaps if g.reason == "before_streamlake")
    report.control += claim.control
    report.first_date = report.first_date or claim.date
    report.last_date = claim.date
