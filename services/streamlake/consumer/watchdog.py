"""Whether this process is alive, which is told to systemd only when it is true.

Alive means of every partition that it moved, or has nothing to do, or that what it waits for has a name (the lake
denies, the broker is down, the breaker tripped). One that owes work, without movement and without a name for
`patience_seconds`, starves the watchdog, however lively the others are: a timer of its own, or the movement of a
neighbour, would keep a stuck process alive for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Standing:
    """One partition now. `mark` is anything that changes when it moves; `owes` says that it should; `named` why not."""

    mark: object
    owes: bool
    named: bool = False


@dataclass(slots=True)
class Progress:
    """Decides whether the process is alive."""

    patience_seconds: float = 120.0
    _moved: dict[tuple[str, int], tuple[object, float]] = field(default_factory=dict)

    def alive(self, now: float, standings: Mapping[tuple[str, int], Standing]) -> bool:
        """Whether the watchdog may be fed now."""
        return self.quiet_seconds(now, standings) < self.patience_seconds

    def quiet_seconds(self, now: float, standings: Mapping[tuple[str, int], Standing]) -> float:
        """For how long the worst of them has owed work without a word. Looks at all of them, so ask every second."""
        moved = {}
        for where, standing in standings.items():
            mark, since = self._moved.get(where, (None, now))
            still = standing.owes and not standing.named and mark == standing.mark
            moved[where] = standing.mark, since if still else now
        self._moved = moved
        return max((now - since for _, since in moved.values()), default=0.0)
