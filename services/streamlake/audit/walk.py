"""Walk every chain of a dataset through the lake: names, sealed days, the claims behind them, then parts.

Everything is streamed, and `State` is whole wherever `step` is called, so that an audit can be stopped at any time
and gone on with. A consumer may be landing beside us: what looks wrong is asked for again by its name before it is
found.
"""

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.audit.folders import days, rescued, unclaimed, unwalked
from streamlake.audit.ledger import StoredChain, Stray, chains, claim_names, partitions, read_claim
from streamlake.audit.looking import Log, Looking, OutOfTime, log_key
from streamlake.audit.partition_walk import PartitionWalk, settle
from streamlake.audit.reading import read_parts
from streamlake.audit.report import PartitionReport
from streamlake.audit.sealed_days import SealedDay
from streamlake.audit.state import Position
from streamlake.kafka.names import dlq_topic
from streamlake.storage import layout
from streamlake.storage.claim import ChainOpening, Claim, Unreadable
from streamlake.storage.lake import read_lake
from streamlake.storage.layout import Chain
from streamlake.storage.seal import Seal, decode_seal

_ZONES = (layout.RAW, layout.DEAD_LETTERS)


class Walk:
    """One audit of one dataset. `pending` are last claims whose part is not there."""

    def __init__(self, looking: Looking) -> None:
        self._at = looking
        self.pending: list[tuple[Log, Claim]] = []
        self._cluster: str | None = None
        self._openings: dict[str, ChainOpening | None] = {}

    def run(self) -> None:
        """All of it, or as far as time allows."""
        looking, state = self._at, self._at.state
        looking.checked.complete = True
        try:
            self._list()
            for zone in _ZONES:
                self._zone(zone)
            if "rescue" not in state.folders:
                for finding in rescued(looking.store, looking.dataset):
                    looking.find(finding)
                state.folders.add("rescue")
            self.pending = settle(looking)
            read_parts(looking)
        except OutOfTime:
            looking.checked.complete = False

    def _list(self) -> None:
        """The names of all claims. After a restart those that were there at the beginning."""
        looking, state = self._at, self._at.state
        self._owner()
        for stored in chains(looking.store, looking.dataset):
            if isinstance(stored, Stray):
                self._stray(stored)
                continue
            if not state.listed:
                looking.checked.chains += 1
                self._openings[str(stored.chain)] = stored.opening
                self._opening(stored)
            for partition in partitions(looking.store, looking.dataset, stored.chain):
                if isinstance(partition, Stray):
                    self._stray(partition)
                else:
                    self._log(stored, partition)
                    looking.tell("listing", looking.checked.claims_total, None)
        self._succession()
        state.listed = True
        looking.tell("listing", looking.checked.claims_total, looking.checked.claims_total)

    def _succession(self) -> None:
        """Each chain names the one before it, which cannot have gone by itself."""
        for chain, opening in self._openings.items():
            if opening is not None and opening.before is not None and opening.before not in self._openings:
                name = layout.chain_opening(self._at.dataset, Chain.parse(chain))
                sentence = f"The chain before it, {opening.before}, is not in the ledger: all its claims are gone."
                self._at.error(
                    Kind.OPENING, Where(chain=chain), name, sentence, "Restore it from a backup. See SL-0601."
                )

    def _owner(self) -> None:
        """Whose lake it is. Consumers would take one that does not say so for nobody's."""
        looking, trouble = self._at, ""
        try:
            lake = read_lake(looking.store)
        except Unreadable as error:
            lake, trouble = None, error.message
        self._cluster = lake.cluster_id if lake is not None else None
        if lake is None and not looking.state.listed:
            if not trouble and next(looking.store.list_from("ledger/", limit=1), None) is None:
                return  # nothing has been landed yet
            step = "Restore it from a backup. See the runbook SL-0601."
            sentence = trouble or "Nothing says whose lake this is: the object is missing."
            looking.error(Kind.OPENING, Where(), layout.LAKE, sentence, step)

    def _opening(self, stored: StoredChain) -> None:
        if stored.opening is None:
            step = "Without its opening nobody can say which log the chain is of. See the runbook SL-0601."
            name = layout.chain_opening(self._at.dataset, stored.chain)
            self._at.error(Kind.OPENING, Where(chain=str(stored.chain)), name, f"{stored.trouble}.", step)
        elif self._cluster not in (None, stored.opening.cluster_id):
            name = layout.chain_opening(self._at.dataset, stored.chain)
            sentence = f"The chain is of the cluster {stored.opening.cluster_id}, the lake of {self._cluster}."
            step = "One of both objects was changed, or the lakes of two clusters were mixed. See the runbook SL-0601."
            self._at.error(Kind.OPENING, Where(chain=str(stored.chain)), name, sentence, step)

    def _log(self, stored: StoredChain, partition: int) -> None:
        looking, state, key = self._at, self._at.state, log_key(str(stored.chain), partition)
        names = claim_names(looking.store, looking.dataset, stored.chain, partition)
        for stray in names.strays:
            self._stray(stray)
        position = state.positions.get(key)
        if position is None and not state.listed and names.starts:
            last = read_claim(looking.store, looking.dataset, stored.chain, partition, names.starts[-1])
            topic = stored.opening.topic if stored.opening else (last.claim.topic if last.claim else "")
            zone = layout.DEAD_LETTERS if topic == dlq_topic(looking.dataset) else layout.RAW
            report = PartitionReport(topic, str(stored.chain), partition, next=last.claim.next if last.claim else 0)
            newest = last.claim.last if last.claim else None
            position = Position(report, zone, str(stored.chain.topic_id), newest, len(names.starts))
            state.positions[key] = position
            state.report.partitions.append(report)
            looking.checked.claims_total += len(names.starts)
        if position is not None:
            del names.starts[position.total :]
            looking.logs[key] = Log(stored.chain, position, names)

    def _stray(self, stray: Stray) -> None:
        if not self._at.state.listed:
            self._at.stray(stray)

    def _zone(self, zone: str) -> None:
        looking, state, options = self._at, self._at.state, self._at.options
        found = list(days(looking.store, zone, looking.dataset))
        dates = [d for d in found if isinstance(d, str) and (options.last is None or d <= options.last)]
        unsealed = self._sealed_days(zone, dates)
        for log in looking.logs.values():
            if log.position.zone == zone and not log.position.walked:
                PartitionWalk(looking, log).run()
                log.position.walked = True
        if zone not in state.folders:
            for other in found:
                if isinstance(other, Finding):
                    looking.find(other)
            for date in unsealed:
                if options.covers(date):
                    self._orphans(zone, date)
            state.folders.add(zone)

    def _sealed_days(self, zone: str, dates: list[str]) -> list[str]:
        """Check those that have a seal, in order; the others are returned."""
        looking, done, unsealed = self._at, self._at.state.sealed.setdefault(zone, []), []
        for number, date in enumerate(dates):
            if date in done:
                continue
            looking.tell(f"days of {zone}", number, len(dates))
            name = layout.seal(zone, looking.dataset, date)
            seal = self._seal(name, date)
            if seal is None or self._is_newer(seal):
                unsealed.append(date)
                continue
            day = SealedDay(looking, name, seal)
            if looking.options.covers(date):
                day.check()
            else:
                day.skip()
            done.append(date)
            looking.step()
        looking.tell(f"days of {zone}", len(dates), len(dates))
        return unsealed

    def _is_newer(self, seal: Seal) -> bool:
        """Whether it counts claims that were made after the names were listed: then it says nothing about ours."""
        for chain, by_partition in seal.ranges.items():
            for partition, sealed in by_partition.items():
                log = self._at.logs.get(log_key(chain, int(partition))) if partition.isdecimal() else None
                if log is not None and sealed.claims and sealed.next > log.position.report.next:
                    return self._at.goes_on(log.position.report)
        return False

    def _seal(self, name: str, date: str) -> Seal | None:
        looking = self._at
        data = looking.store.read(name)
        if data is None:
            return None
        try:
            return decode_seal(name, data)
        except Unreadable as error:
            if looking.options.covers(date) and name not in looking.state.folders:
                looking.state.folders.add(name)
                step = "Readers take the seal for the whole day. See the runbook SL-0601."
                looking.find(Finding(Severity.ERROR, Kind.SEAL, Where(), name, error.message, step))
            return None

    def _orphans(self, zone: str, date: str) -> None:
        looking = self._at
        for name in unwalked(looking.store, zone, looking.dataset, date, looking.state.groups):
            finding = unclaimed(looking.store, looking.dataset, name)
            if finding is not None:
                looking.find(finding)
