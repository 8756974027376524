"""A sealed day is read from its seal: its ranges against the ledger's names, its parts against the folder (I3).

A seal may lie, so nothing is taken on its word alone: every claim that it counts must have a name in the ledger, the
ranges must join, the sums must agree, and a sample of the claims, all where there are few, is read and compared.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from streamlake.audit.findings import Kind, Where
from streamlake.audit.folders import exists, part_name, unclaimed
from streamlake.audit.ledger import StoredClaim, read_ahead
from streamlake.audit.looking import Log, Looking, log_key
from streamlake.audit.partition_walk import PartitionWalk, missing, note_rejections
from streamlake.audit.rules import ChainWalk, amended_up_to, gap_losses
from streamlake.storage.claim import FORMAT
from streamlake.storage.seal import Seal, SealedPart, SealedRange

_STEP = "Readers take the seal for the whole day. See the runbook SL-0601."


class SealedDay:
    """One day of one zone. `check` it if it is asked for, else `skip` it."""

    def __init__(self, looking: Looking, name: str, seal: Seal) -> None:
        self._at = looking
        self._name = name
        self._seal = seal
        self._parts = {part.name: part for part in seal.parts}
        self._logs = {(log.chain, log.position.report.partition): log for log in looking.logs.values()}

    def skip(self) -> None:
        """It is outside of the dates asked for: its chains go on behind it."""
        for log, sealed, _ in self._ranges():
            if log is not None and sealed.next > log.position.at:
                log.position.next, log.position.date = sealed.next, self._seal.date
                log.position.at = sealed.next

    def check(self) -> None:
        """Everything about it."""
        for log, sealed, key in self._ranges():
            if log is not None and (log.position.at < sealed.next or not sealed.claims):
                self._range(log, sealed)
                if sealed.claims:
                    self._at.step()
            elif log is None and sealed.claims:
                self._broken(f"The seal counts claims of {key}, and the ledger has none.")
        self._sums()
        self._folder()
        self._at.checked.seals += 1

    def _ranges(self) -> Iterator[tuple[Log | None, SealedRange, str]]:
        for chain, partitions in self._seal.ranges.items():
            for partition, sealed in partitions.items():
                log = self._at.logs.get(log_key(chain, int(partition))) if partition.isdecimal() else None
                ours = log if log is not None and log.position.zone == self._seal.zone else None
                yield ours, sealed, f"{chain}/{partition}"

    def _sums(self) -> None:
        looking, seal = self._at, self._seal
        every = [r for partitions in seal.ranges.values() for r in partitions.values()]
        says = (seal.records, seal.size, seal.dead_letters)
        ranges = (sum(r.records for r in every), sum(r.size for r in every), sum(r.dead_letters for r in every))
        parts = (sum(p.records for p in seal.parts), sum(p.size for p in seal.parts), seal.dead_letters)
        if says != ranges or says != parts:
            self._broken(f"The seal says {says[0]} records; its ranges sum up to {ranges[0]}, its parts to {parts[0]}.")
        if len(self._parts) != len(seal.parts):
            self._broken("The seal lists a part twice.")
        zone, dataset, date = self._name.split("/")[:3]
        must = (zone, dataset.removeprefix("dataset="), date.removeprefix("ingestion_date="))
        if (seal.zone, seal.dataset, seal.date) != must or seal.format != FORMAT:
            self._broken(f"The seal says that it is of {seal.zone}, {seal.dataset}, {seal.date}, format {seal.format}.")
        if seal.date >= (looking.options.now or datetime.now(UTC)).date().isoformat():
            self._broken(f"The seal is of {seal.date}, which is not over: readers take for whole what still grows.")
        topics = {log.position.report.topic for log, _, _ in self._ranges() if log is not None}
        if topics - {seal.topic}:
            self._broken(f"The seal says that it is of {seal.topic}, its chains are of {', '.join(sorted(topics))}.")

    def _range(self, log: Log, sealed: SealedRange) -> None:
        """One partition's claims of the day. Where the seal disagrees with their names, all of them are read."""
        looking, position = self._at, log.position
        if position.at < sealed.start:
            PartitionWalk(looking, log).run(sealed.start)
        starts = log.names.within(sealed.start, sealed.next)
        first = starts[0] if starts else sealed.start
        joined = position.next in (None, sealed.start) and first == sealed.start
        gone = sum(g.next - g.start for g in sealed.gaps)
        counted = sealed.records + sealed.dead_letters + gone + sealed.control
        joined = joined and counted == sealed.next - sealed.start
        told = f"{self._name} {log.key}"
        if told in looking.state.folders or not joined or len(starts) != sealed.claims:
            if told not in looking.state.folders:
                place = f"{position.report.topic}/{position.report.partition}"
                self._broken(
                    f"The seal counts {sealed.claims} claims and {counted} offsets of {place} in "
                    f"[{sealed.start}, {sealed.next}); the ledger has {len(starts)}, and goes on at {position.next}."
                )
                looking.state.folders.add(told)
            PartitionWalk(looking, log).run(sealed.next, parts=False, sealed=True)
            return
        read = [
            start
            for start in starts
            if looking.options.deep or start in log.names.beside or looking.sampled("claim", log, start)
        ]
        self._read(log, sealed, read)
        looking.checked.claims += len(starts)
        looking.checked.claims_in_window += len(starts)
        looking.checked.claims_by_seal += len(starts) - len(read)
        self._count(log, sealed)

    def _read(self, log: Log, sealed: SealedRange, read: list[int]) -> None:
        looking = self._at
        walked = (0, 0, 0, 0)
        gaps = {(gap.start, gap.next) for gap in sealed.gaps}
        for stored in read_ahead(looking.pool, read, lambda start: looking.claim(log, start)):
            looking.checked.claims_read += 1
            following = log.names.within(stored.start + 1, sealed.next)
            must = following[0] if following else sealed.next
            walk = ChainWalk(log.expected(looking.dataset), stored.start)
            for finding in walk.take(stored):
                # What Kafka's retention took stands in the seal, too, and is counted from there.
                if finding.kind is not Kind.GAP_LOSS or (finding.where.start, finding.where.next) not in gaps:
                    looking.find(finding)
            claim = stored.claim
            if claim is None:
                continue
            if walk.next != must:
                where = log.expected(looking.dataset).where(claim.start, claim.next)
                sentence = f"The claim ends at {claim.next}, the next one begins at {must}."
                looking.error(Kind.HOLE, where, stored.name, sentence)
            self._compare(stored)
            note_rejections(looking, log, claim, self._promised(stored))
            walked = (
                walked[0] + claim.records,
                walked[1] + claim.size,
                walked[2] + claim.rejected_records,
                walked[3] + claim.control,
            )
        says = (sealed.records, sealed.size, sealed.dead_letters, sealed.control)
        if len(read) == sealed.claims and walked != says:
            self._broken(f"The seal says {says} records, bytes, dead letters, empty offsets; its claims {walked}.")

    def _promised(self, stored: StoredClaim) -> int | None:
        """From where on the claim's dead letters were sent, for its part is there."""
        claim = stored.claim
        if claim is None or not exists(self._at.store, claim.part):
            return None
        return amended_up_to(claim, stored.amendments)

    def _compare(self, stored: StoredClaim) -> None:
        """The claim against what the seal lists as its part."""
        claim = stored.claim
        if claim is None:
            return
        if claim.date > self._seal.date or not claim.contract_versions <= {*self._seal.contract_versions}:
            self._broken(
                f"The seal of {self._seal.date}, contract versions {list(self._seal.contract_versions)}, counts the "
                f"claim {stored.name}, which is of {claim.date}, versions {sorted(claim.contract_versions)}."
            )
        if claim.part is None:
            return
        part = self._parts.get(claim.part)
        says = (part.records, part.size, part.sha256) if part else None
        if says != (claim.records, claim.size, claim.sha256):
            what = "does not list its part" if part is None else "says otherwise of its part"
            self._broken(f"The seal {what}: {claim.part}, by the claim {stored.name}.")

    def _count(self, log: Log, sealed: SealedRange) -> None:
        position, report = log.position, log.position.report
        for finding in gap_losses(log.expected(self._at.dataset), self._name, sealed.gaps):
            self._at.find(finding)
        report.claims += sealed.claims
        report.next = max(report.next, sealed.next)
        report.records += sealed.records
        report.dead_letters += sealed.dead_letters
        report.lost += sum(g.next - g.start for g in sealed.gaps if g.reason == "retention")
        report.before_streamlake += sum(g.next - g.start for g in sealed.gaps if g.reason == "before_streamlake")
        report.control += sealed.control
        if sealed.claims:
            report.first_date = report.first_date or self._seal.date
            report.last_date = max(report.last_date, self._seal.date)
            last = log.names.within(sealed.start, sealed.next)[-1]
            position.window = (position.window[0] if position.window else sealed.start, last)
        position.next, position.date, position.at = sealed.next, self._seal.date, sealed.next

    def _folder(self) -> None:
        """The parts that the seal lists, and those that are there: both ways."""
        looking = self._at
        waiting = sorted(self._parts, reverse=True)
        for name in looking.store.list_from(self._name.removesuffix("_metadata.json")):
            while waiting and waiting[-1] < name:
                self._absent(self._parts[waiting.pop()])
            if waiting and waiting[-1] == name:
                self._there(self._parts[waiting.pop()])
            elif name != self._name:
                finding = unclaimed(looking.store, looking.dataset, name)
                if finding is None:
                    self._broken(f"The seal does not list {name}, which a claim names.")
                else:
                    looking.find(finding)
        while waiting:
            self._absent(self._parts[waiting.pop()])

    def _there(self, part: SealedPart) -> None:
        log, start = self._log_of(part)
        self._at.checked.parts += 1
        if log is None:
            self._at.checked.parts_found += 1
            self._broken(f"The seal lists {part.name}, and no claim starts there.")
            return
        if self._at.sampled("measure", log, start) and not self._at.options.reads:
            claim = self._at.claim(log, start)
            if claim.claim is not None and claim.claim.part == part.name:
                PartitionWalk.found(self._at, log, claim.claim, amended=bool(claim.amendments))
                return
        self._at.checked.parts_found += 1
        self._at.to_read(log, start, part.size)

    def _absent(self, part: SealedPart) -> None:
        """Listed in the seal and not in the folder: amended, expired, or gone."""
        looking = self._at
        if exists(looking.store, part.name):
            self._there(part)
            return
        log, start = self._log_of(part)
        stored = looking.claim(log, start) if log is not None else None
        if log is None or stored is None or stored.claim is None or stored.claim.part != part.name:
            self._broken(f"The seal lists {part.name}, which is not there, and which no claim names.")
        elif amended_up_to(stored.claim, stored.amendments) < stored.claim.next:
            looking.checked.parts += 1
            if not looking.expired(log, stored.claim):
                missing(looking, log, stored.claim)

    def _log_of(self, part: SealedPart) -> tuple[Log | None, int]:
        named = part_name(part.name)
        log = self._logs.get((named.chain, named.partition)) if named else None
        if named is None or log is None or not log.names.has(named.start):
            return None, 0
        return log, named.start

    def _broken(self, sentence: str) -> None:
        self._at.error(Kind.SEAL, Where(), self._name, sentence, _STEP)
