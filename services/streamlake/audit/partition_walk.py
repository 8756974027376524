"""Walk the claims of one partition, one by one, with the parts beside them (I2, I3)."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Final

from streamlake.audit.findings import Kind
from streamlake.audit.folders import Beside, exists, group_prefix, part_name, unclaimed
from streamlake.audit.ledger import StoredClaim, read_ahead
from streamlake.audit.looking import Log, Looking
from streamlake.audit.measuring import measure
from streamlake.audit.rules import ChainWalk, adds_up, amended_up_to
from streamlake.storage import layout
from streamlake.storage.claim import Claim

_FRESH: Final = timedelta(seconds=60)
_TELL_EVERY: Final = 256


class PartitionWalk:
    """From where the position stands up to `up_to`, or to the end of the dates asked for."""

    def __init__(self, looking: Looking, log: Log) -> None:
        self._at = looking
        self._log = log
        self._date = ""
        self._beside: Beside | None = None
        self._before_asked = False

    def run(self, up_to: int | None = None, *, parts: bool = True, sealed: bool = False) -> None:
        """Walk. Without `parts` only the chain is judged; `sealed` says that a seal counts these claims."""
        looking, log, position = self._at, self._log, self._log.position
        walk = ChainWalk(log.expected(looking.dataset), position.next, position.date)
        starts = log.names.within(position.at, up_to)
        with closing(read_ahead(looking.pool, starts, lambda start: looking.claim(log, start))) as stored_claims:
            for number, stored in enumerate(stored_claims):
                if number % _TELL_EVERY == 0:
                    looking.tell("claims", looking.checked.claims, looking.checked.claims_total)
                claim = stored.claim
                asked = claim is None or looking.options.covers(claim.date)
                found = list(walk.take(stored))
                if asked or self._before_asked:
                    for finding in found:
                        looking.find(finding)
                self._before_asked = asked
                self._landed_before()
                if claim is not None and looking.options.last is not None and claim.date > looking.options.last:
                    position.walked = True
                    break
                self._count(stored, asked=asked)
                if claim is not None and not sealed and asked:
                    self._late(claim, stored.name)
                if claim is not None and asked and parts:
                    self._part(stored, claim)
                position.next, position.date, position.at = walk.next, walk.date, stored.start + 1
                looking.step()
        if self._beside is not None:
            self._unclaimed(self._beside.rest())
        looking.tell("claims", looking.checked.claims, looking.checked.claims_total)

    def _late(self, claim: Claim, name: str) -> None:
        if claim.date in self._at.state.sealed.get(self._log.position.zone, ()):
            where = self._log.expected(self._at.dataset).where(claim.start, claim.next)
            sentence = f"The claim is of {claim.date}, which is sealed, but the seal does not count it."
            self._at.error(Kind.SEAL, where, name, sentence, "The seal is wrong, or the claim is: see SL-0601.")

    def _count(self, stored: StoredClaim, *, asked: bool) -> None:
        checked, position, report = self._at.checked, self._log.position, self._log.position.report
        checked.claims += 1
        checked.claims_read += 1
        if asked:
            checked.claims_in_window += 1
            position.window = (position.window[0] if position.window else stored.start, stored.start)
        claim = stored.claim
        report.claims += 1
        if claim is None:
            return
        report.next = max(report.next, claim.next)
        report.records += claim.records
        report.dead_letters += claim.rejected_records
        report.lost += claim.lost_records
        report.before_streamlake += sum(g.next - g.start for g in claim.gaps if g.reason == "before_streamlake")
        report.control += claim.control
        report.first_date = report.first_date or claim.date
        report.last_date = max(report.last_date, claim.date)

    def _landed_before(self) -> None:
        """There is a claim behind the one whose part was not there: it was there once."""
        position = self._log.position
        if position.unlanded is None:
            return
        claim = self._at.claim(self._log, position.unlanded).claim
        position.unlanded = None
        if claim is not None and not exists(self._at.store, claim.part):
            missing(self._at, self._log, claim)

    def _part(self, stored: StoredClaim, claim: Claim) -> None:
        looking, position = self._at, self._log.position
        there = self._is_there(claim)
        lost_up_to = amended_up_to(claim, stored.amendments)
        promised: int | None = None
        if claim.part is not None and lost_up_to < claim.next:
            looking.checked.parts += 1
            if there:
                self.found(looking, self._log, claim, amended=bool(stored.amendments))
                promised = lost_up_to
            elif not looking.expired(self._log, claim):
                position.unlanded = claim.start
        note_rejections(looking, self._log, claim, promised)

    @staticmethod
    def found(looking: Looking, log: Log, claim: Claim, *, amended: bool) -> None:
        """The claim's part is there: count it, and perhaps measure it."""
        looking.checked.parts_found += 1
        read = looking.to_read(log, claim.start, claim.size)
        if not read and not amended and looking.sampled("measure", log, claim.start):
            looking.checked.parts_measured += 1
            for finding in measure(looking.store, claim):
                looking.find(finding)

    def _is_there(self, claim: Claim) -> bool:
        """By the listing beside the claims; what it does not show is asked for by name, for it may have just come."""
        if claim.part is None or (named := part_name(claim.part)) is None:
            return False
        position, log = self._log.position, self._log
        ours = (named.zone, named.dataset, named.date, named.chain, named.partition, named.start)
        must = (position.zone, self._at.dataset, claim.date, log.chain, position.report.partition, claim.start)
        if ours == must:
            if claim.date > self._date and claim.date >= position.date:
                self._open(claim.date, claim.part)
            if claim.date == self._date and self._beside is not None:
                self._unclaimed(self._beside.passed(claim.part))
                if self._beside.take(claim.part):
                    return True
        return exists(self._at.store, claim.part)

    def _open(self, date: str, part: str) -> None:
        """List the day's folder beside the claims; where an audit goes on within a day, from this part on."""
        if self._beside is not None:
            self._unclaimed(self._beside.rest())
        position, groups = self._log.position, self._at.state.groups
        prefix = group_prefix(position.zone, self._at.dataset, date, self._log.chain, position.report.partition)
        self._date = date
        self._beside = Beside(self._at.store.list_from(prefix, part if prefix in groups else ""))
        groups.add(prefix)

    def _unclaimed(self, names: Iterator[str]) -> None:
        for name in names:
            finding = unclaimed(self._at.store, self._at.dataset, name)
            if finding is not None:
                self._at.find(finding)


def note_rejections(looking: Looking, log: Log, claim: Claim, promised: int | None) -> None:
    """For the balance of dead letters, which only a deep audit draws up. A claim that does not add up is left out."""
    if not looking.options.deep or log.position.zone != layout.RAW:
        return
    if not any(True for _ in adds_up(log.expected(looking.dataset), "", claim)):
        looking.state.balance.claim(log.chain.topic_id, claim, promised)
        looking.checked.dead_letters_expected = looking.state.balance.expected


def missing(looking: Looking, log: Log, claim: Claim) -> None:
    """A part that is not there, and was."""
    where = log.expected(looking.dataset).where(claim.start, claim.next)
    sentence = f"The part is not there, but later claims are: somebody deleted its {claim.records} records."
    looking.error(Kind.PART_MISSING, where, str(claim.part), sentence)


def settle(looking: Looking) -> list[tuple[Log, Claim]]:
    """Last claims whose part is not there. One that is under way is given a few seconds."""
    give_up = looking.monotonic() + looking.options.settle_seconds
    pending = []
    for log in looking.logs.values():
        if log.position.unlanded is None:
            continue
        claim = looking.claim(log, log.position.unlanded).claim
        if claim is None or not looking.options.covers(claim.date):
            continue
        while not (there := exists(looking.store, claim.part)):
            if not _is_fresh(claim) or looking.monotonic() >= min(give_up, looking.deadline):
                break
            looking.sleep(0.1)
        if there:
            log.position.unlanded = None
            PartitionWalk.found(looking, log, claim, amended=True)
        else:
            pending.append((log, claim))
    return pending


def _is_fresh(claim: Claim) -> bool:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(claim.at) < _FRESH
    except (ValueError, TypeError):
        return False
