"""Days in UTC, from broker timestamps: the consumer's own clock names no folder."""

import datetime
from functools import lru_cache

_DAY_MS = 86_400_000


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def date_of(timestamp_ms: int) -> str:
    """The UTC date of a broker timestamp."""
    return _date(timestamp_ms // _DAY_MS)


def midnight_after(date: str) -> int:
    """The first millisecond that no longer belongs to `date`."""
    return ((datetime.date.fromisoformat(date) - datetime.date(1970, 1, 1)).days + 1) * _DAY_MS
