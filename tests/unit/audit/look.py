"""Audits a lake written by hand, and names what was found."""

from streamlake.audit.findings import Kind, Severity
from streamlake.audit.options import Options
from streamlake.audit.report import Report
from streamlake.audit.run import audit
from tests.support.lakes import HandLake


def look(lake: HandLake, *, deep: bool = True, known_loss: int = 0, **options: object) -> Report:
    chosen = Options(deep=deep, settle_seconds=0.1, **options)  # type: ignore[arg-type] # passed through
    return audit(lake.store, lake.dataset, chosen, known_loss=known_loss)


def kinds(report: Report) -> set[Kind]:
    return {f.kind for f in report.findings if f.severity is not Severity.NOTE}
