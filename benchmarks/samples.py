"""What a run that catches up says, from samples of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

NEAR_SECONDS = 3.0
"""Who has read all but so many seconds of events has caught up: what a consumer says of itself may be a second old."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`sent` and `read` records until then; how old the oldest that has not landed is, where that is known."""

    seconds: float
    sent: int
    read: int
    lag_seconds: float | None


def caught_up(samples: Sequence[Sample], rate: float) -> int:
    """Which sample is the first that has; as many as there are if none has."""
    near = rate * NEAR_SECONDS
    return next((n for n, s in enumerate(samples) if s.read and s.sent - s.read <= near), len(samples))


def reading_rate(samples: Sequence[Sample], at: int) -> float:
    """Records a second from the last sample that had read nothing to the one that had caught up."""
    start = max((s for s in samples[:at] if not s.read), key=lambda s: s.seconds, default=samples[0])
    return (samples[at].read - start.read) / (samples[at].seconds - start.seconds)


def live_lag_seconds(samples: Sequence[Sample], at: int) -> float:
    """The longest lag from NEAR_SECONDS after it had caught up on, when what waited then has landed."""
    settled = [s for s in samples[at:] if s.seconds >= samples[at].seconds + NEAR_SECONDS]
    lags = [s.lag_seconds for s in settled if s.lag_seconds is not None]
    return max(lags) if lags else float("inf")
