"""What an audit answers: the verdict, what it stands on, and what was found."""

from dataclasses import asdict, dataclass, field
from typing import Any

from streamlake.audit.findings import Checked, Finding, Severity, Verdict
from streamlake.errors import EXIT_DONE, EXIT_FOUND


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
    """See the module."""

    dataset: str
    lake: str
    first: str | None
    last: str | None
    seed: int
    verdict: Verdict = Verdict.INDETERMINATE
    reason: str = ""
    log: str = ""
    checked: Checked = field(default_factory=Checked)
    partitions: list[PartitionReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 only for OK. INDETERMINATE is 1 as well: a job that asks for proof must not go on without one."""
        return EXIT_DONE if self.verdict is Verdict.OK else EXIT_FOUND

    def document(self, *, errors_only: bool = False) -> dict[str, Any]:
        """Plain data for `--json`."""
        found = [f for f in self.findings if not errors_only or f.severity is not Severity.NOTE]
        return {
            "dataset": self.dataset,
            "lake": self.lake,
            "from": self.first,
            "to": self.last,
            "verdict": self.verdict,
            "reason": self.reason,
            "log": self.log,
            "checked": asdict(self.checked) | {"sample_seed": self.seed},
            "partitions": [] if errors_only else [asdict(p) for p in self.partitions],
            "findings": [asdict(f) for f in found],
        }
