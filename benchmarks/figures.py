"""From repeated runs to a figure that may be printed: the median, how far runs lie apart, or a refusal."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

TOO_NOISY = 0.25
"""Where the middle half of the runs covers more than this share of their median, no figure is given."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`spread` is what the middle half of the runs covers, as a share of their median: a range would grow with every
    run, so that who measures longer would learn less."""

    median: float
    low: float
    high: float
    spread: float

    def __str__(self) -> str:
        if self.spread > TOO_NOISY:
            return f"too noisy to say ({self.low:.3g} to {self.high:.3g})"
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def figure(values: Sequence[float]) -> Figure:
    """The lowest and the highest are what was seen, not a bound."""
    median = statistics.median(values)
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (median,) * 3
    return Figure(median, min(values), max(values), (upper - lower) / median if median else 0.0)
