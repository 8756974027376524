"""What an audit answers: the verdict, what it stands on, and what was found."""

from dataclasses import asdict, dataclass, field
from typing import Any

from streamlake.audit.findings import Checked, Finding, Severity, Tally, Verdict
from streamlake.errors import EXIT_DONE, EXIT_FOUND, EXIT_HALFWAY


@dataclass(slots=True)
class PartitionReport:
    """One partition of one chain. `next` is its head; `lag` is None where the log was not looked at."""

    topic: str
    chain: str
    partition: int
    claims: int = 0
    next: int = 0
    records: int = 0
    dead_letters: int = 0
    before_streamlake: int = 0
    lost: int = 0
    control: int = 0
    first_date: str = ""
    last_date: str = ""
    lag: int | None = None


@dataclass(slots=True)
class Report:
    """See the module. `log_exit` is the exit code of what kept Kafka from being asked."""

    dataset: str
    lake: str
    first: str | None
    last: str | None
    seed: int
    began: str = ""
    resumed: bool = False
    keep_days: int | None = None
    verdict: Verdict = Verdict.INDETERMINATE
    reason: str = ""
    log: str = ""
    log_exit: int = EXIT_FOUND
    checked: Checked = field(default_factory=Checked)
    partitions: list[PartitionReport] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def findings(self) -> list[Finding]:
        """What was found, what weighs most first; of each kind the first ones."""
        order = list(Severity)
        return sorted(self.tally.shown, key=lambda f: (order.index(f.severity), f.where.chain, f.where.partition or 0))

    @property
    def exit_code(self) -> int:
        """0 only for OK, 1 for FOUND. Of INDETERMINATE it says what would help: 5 to go on where time ran out, 3 or 4
        where Kafka could not be asked, else 1, for a job that asks for proof must not go on without one.
        """
        if self.verdict is Verdict.OK:
            return EXIT_DONE
        if self.verdict is Verdict.FOUND:
            return EXIT_FOUND
        return EXIT_HALFWAY if not self.checked.complete else self.log_exit

    def document(self, *, errors_only: bool = False) -> dict[str, Any]:
        """Plain data for `--json`."""
        found = [f for f in self.findings if not errors_only or f.severity is not Severity.NOTE]
        return {
            "dataset": self.dataset,
            "lake": self.lake,
            "from": self.first,
            "to": self.last,
            "began": self.began,
            "resumed": self.resumed,
            "verdict": self.verdict,
            "reason": self.reason,
            "log": self.log,
            "lake_retention_days": self.keep_days,
            "checked": asdict(self.checked) | {"sample_seed": self.seed},
            "partitions": [] if errors_only else [asdict(p) for p in self.partitions],
            "found": dict(self.tally.counts),
            "findings": [asdict(f) for f in found],
        }
