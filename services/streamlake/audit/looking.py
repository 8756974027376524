"""What every step of an audit holds: the store, the question, where it stands, and how much time is left."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from streamlake.audit.findings import Checked, Finding, Kind, Severity, Where
from streamlake.audit.ledger import Names, StoredClaim, Stray, read_claim
from streamlake.audit.options import Options
from streamlake.audit.report import PartitionReport
from streamlake.audit.rules import Expected
from streamlake.audit.state import Position, Progress, State
from streamlake.storage import layout
from streamlake.storage.claim import Claim
from streamlake.storage.layout import Chain
from streamlake.storage.store import ObjectStore

SAVE_SECONDS: Final = 5.0
STEP: Final = "Restore it from a backup. See the runbook SL-0601."

Tell = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and of how much; None where that is not known."""


class OutOfTime(Exception):
    """The time given is over, or somebody asked it to stop."""


@dataclass(slots=True)
class Log:
    """One partition of one chain while it is audited."""

    chain: Chain
    position: Position
    names: Names

    @property
    def key(self) -> str:
        """As in the ledger: chain and partition."""
        return log_key(self.position.report.chain, self.position.report.partition)

    def expected(self, dataset: str) -> Expected:
        """What each of its claims must say."""
        report = self.position.report
        return Expected(dataset, report.topic, self.position.zone, self.chain, report.partition)


def log_key(chain: str, partition: int) -> str:
    """How a log is named in the state."""
    return f"{chain}/{partition:05}"


@dataclass(slots=True)
class Looking:
    """See the module."""

    store: ObjectStore
    dataset: str
    options: Options
    state: State
    pool: ThreadPoolExecutor
    progress: Progress | None = None
    tell: Tell = lambda what, done, total: None
    stopped: Callable[[], bool] = lambda: False
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    logs: dict[str, Log] = field(default_factory=dict)
    deadline: float = float("inf")
    _saved_at: float = 0.0

    def __post_init__(self) -> None:
        self._saved_at = self.monotonic()
        if self.options.max_seconds is not None:
            self.deadline = self._saved_at + self.options.max_seconds

    @property
    def checked(self) -> Checked:
        """What was looked at so far."""
        return self.state.report.checked

    def find(self, finding: Finding) -> None:
        """Note what was found."""
        self.state.report.tally.add(finding)

    def error(self, kind: Kind, where: Where, name: str, sentence: str, step: str = STEP) -> None:
        """Note that something is not as it must be."""
        self.find(Finding(Severity.ERROR, kind, where, name, sentence, step))

    def stray(self, stray: Stray) -> None:
        """Note an object of the ledger that is nothing we know."""
        step = "Move it out of the lake."
        self.error(Kind.FOREIGN_OBJECT, Where(), stray.name, f"In the ledger, but {stray.trouble}.", step)

    def step(self) -> None:
        """Called behind each piece of work, where the state is whole: keeps it now and then. Raises OutOfTime.

        Behind and not before: so a restarted audit gets further, however little time it is given.
        """
        now = self.monotonic()
        if now >= self.deadline or self.stopped():
            raise OutOfTime
        if now - self._saved_at >= SAVE_SECONDS:
            self._saved_at = now
            if self.progress is not None:
                self.progress.save(self.state)

    def goes_on(self, report: PartitionReport) -> bool:
        """Whether the partition has claims behind those that were listed at the beginning."""
        chain = Chain.parse(report.chain)
        prefix = layout.partition_prefix(self.dataset, chain, report.partition)
        behind = layout.claim(self.dataset, chain, report.partition, report.next) if report.next else prefix
        return next(self.store.list_from(prefix, behind, 1), None) is not None

    def claim(self, log: Log, start: int) -> StoredClaim:
        """The claim of that start with its amendments."""
        beside = log.names.beside.get(start, ())
        return read_claim(self.store, self.dataset, log.chain, log.position.report.partition, start, beside)

    def sampled(self, what: str, log: Log, start: int) -> bool:
        """Whether chance picks it: all where there are few."""
        total = max(self.checked.claims_total, 1)
        if total <= self.options.sample:
            return True
        chance = self.options.chance(what, log.position.report.chain, log.position.report.partition, start)
        return chance < self.options.sample / total

    def to_read(self, log: Log, start: int, size: int) -> bool:
        """Note that a part of this claim is there; whether it will be read."""
        options, state = self.options, self.state
        chain, partition = log.position.report.chain, log.position.report.partition
        if not options.reads:
            return False
        chance = options.chance("read", chain, partition, start)
        if state.least is None or chance < state.least[0]:
            state.least = (chance, log.key, start, size)
        chosen = options.reads_part(chain, partition, start)
        if chosen:
            self.checked.parts_to_read += 1
            self.checked.bytes_to_read += size
        return chosen

    def expired(self, log: Log, claim: Claim) -> bool:
        """Whether the claim's missing part is gone by policy; counts it."""
        if not self.options.expired(claim):
            return False
        self.checked.parts_expired += 1
        where = Where(log.position.report.topic, str(log.chain), claim.partition, claim.start, claim.next)
        sentence = (
            f"The part of {claim.date} is gone, as the contract allows after {self.options.keep_days} days "
            "(lakeRetentionDays); its claim outlives it."
        )
        self.find(Finding(Severity.NOTE, Kind.PART_EXPIRED, where, str(claim.part), sentence))
        return True
