"""A target, what was measured, and whether it holds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import TOO_NOISY, Figure


@dataclass(frozen=True, slots=True)
class Finding:
    """What guide and README promise as `at_least` or, without it, at most `limit`, against what was measured."""

    target: str
    measured: Figure
    limit: float
    unit: str
    at_least: bool = True

    @property
    def verdict(self) -> str:
        """In a word. Runs that lie too far apart prove nothing, whichever side of the limit their median is on."""
        if self.measured.spread > TOO_NOISY:
            return "too noisy to say"
        holds = self.measured.median >= self.limit if self.at_least else self.measured.median <= self.limit
        return "holds" if holds else "does not hold"

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "target": self.target,
            "limit": self.limit,
            "at_least": self.at_least,
            "unit": self.unit,
            "median": self.measured.median,
            "low": self.measured.low,
            "high": self.measured.high,
            "verdict": self.verdict,
        }


def table(findings: Sequence[Finding]) -> str:
    """One line a target."""
    rows = [("target", "asked", "measured", "")]
    for found in findings:
        asked = f"{'at least' if found.at_least else 'at most'} {found.limit:g} {found.unit}"
        rows.append((found.target, asked, f"{found.measured}", found.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
