"""From repeated runs to a figure that may be printed: the median, how far runs lie apart, or a refusal."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

TOO_NOISY = 0.5
"""Where the runs lie further apart than this share of their median, no figure is given."""


@dataclass(frozen=True, slots=True)
class Figure:
    median: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        return (self.high - self.low) / self.median if self.median else 0.0

    def __str__(self) -> str:
        if self.spread > TOO_NOISY:
            return f"too noisy to say ({self.low:.3g} to {self.high:.3g})"
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def figure(values: Sequence[float]) -> Figure:
    """The lowest and the highest are what was seen, not a bound."""
    return Figure(statistics.median(values), min(values), max(values))
