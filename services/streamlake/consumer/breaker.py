"""Too many rejections in a row or in ratio: a bad deploy is not bad data, so stop before anything is claimed."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Trips at `consecutive` rejections in a row, or above `ratio` of the last `window` records."""

    consecutive: int = 300
    ratio: float = 0.5
    window: int = 1000


class Breaker:
    """Counts one partition's records. Pure: fed with what was judged, it answers where the trouble began."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._seen = 0
        self._bad: deque[tuple[int, int]] = deque()  # (count, offset) of rejections within the window
        self._run: tuple[int, int, int] | None = None  # count and offset of the run's first, count of its last

    def observe(self, records: int, rejected: Iterable[tuple[int, int]]) -> int | None:
        """Take `records` more, of which these (index, offset) were rejected.

        Answers the first offset of the run or window that trips it, or None.
        """
        before, self._seen = self._seen, self._seen + records
        for index, offset in rejected:
            count = before + index + 1
            self._bad.append((count, offset))
            if self._run is not None and self._run[2] == count - 1:
                self._run = (self._run[0], self._run[1], count)
            else:
                self._run = (count, offset, count)
            while self._bad[0][0] <= count - self._policy.window:
                self._bad.popleft()
            if count - self._run[0] + 1 >= self._policy.consecutive:
                return self._run[1]
            if count >= self._policy.window and len(self._bad) > self._policy.ratio * self._policy.window:
                return self._bad[0][1]
        return None

    def reset(self) -> None:
        """Begin anew, after an operator resumed or the partition was read again."""
        self._seen, self._run = 0, None
        self._bad.clear()
