"""Find claims by offset or by time in a few steps, whatever the chain's length: claims ascend in both."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from streamlake.storage import layout
from streamlake.storage.claim import Claim, Unreadable, decode_claim
from streamlake.storage.layout import Chain
from streamlake.storage.store import ObjectStore

_PAGE: Final = 1000
_LISTED: Final = 4000
"""A chain of so many claims is listed whole, which costs less than asking for them one by one."""


@dataclass(slots=True)
class Ledger:
    """The claims of one partition of one chain. What was asked once is kept."""

    store: ObjectStore
    dataset: str
    chain: Chain
    partition: int
    _all: list[int] | None = None
    _claims: dict[int, Claim | None] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Where they stand."""
        return layout.partition_prefix(self.dataset, self.chain, self.partition)

    def covering(self, offset: int) -> Claim | None:
        """The claim whose range holds the offset; None where no claim does."""
        start = self._last_start(offset)
        claim = None if start is None else self.read(start)
        return claim if claim is not None and claim.start <= offset < claim.next else None

    def after(self, claim: Claim) -> Claim | None:
        """The claim behind this one."""
        return self.read(claim.next)

    def between(self, first_ms: int, last_ms: int) -> Iterator[Claim]:
        """The claims that hold a record of this time, ascending."""
        claim = self._first_since(first_ms)
        while claim is not None:
            if claim.min_timestamp_ms is not None and claim.min_timestamp_ms > last_ms:
                return
            if claim.max_timestamp_ms is not None and claim.max_timestamp_ms >= first_ms:
                yield claim
            claim = self.read(claim.next)

    def read(self, start: int) -> Claim | None:
        """The claim that starts there; None where there is none, or it cannot be read."""
        if start not in self._claims:
            name = layout.claim(self.dataset, self.chain, self.partition, start)
            data = self.store.read(name)
            try:
                self._claims[start] = None if data is None else decode_claim(name, data)
            except Unreadable:
                self._claims[start] = None
        return self._claims[start]

    def _starts(self, from_: int, limit: int) -> tuple[list[int], bool]:
        """The starts at or after an offset, ascending, and whether there may be more behind them.

        Of so many names, amendments among them, which begin like their claim and are left out.
        """
        if self._all is None:
            found, more = self._list(0, _LISTED)
            self._all = [] if more else found
        if self._all:
            at = bisect_left(self._all, from_)
            return self._all[at : at + limit], at + limit < len(self._all)
        return self._list(from_, limit)

    def _list(self, from_: int, limit: int) -> tuple[list[int], bool]:
        name = layout.claim(self.dataset, self.chain, self.partition, from_)
        names = list(islice(self.store.list_from(self.prefix, name, limit), limit))
        parsed = (layout.parse_claim(name) for name in names)
        return [claim.start for claim in parsed if claim is not None], len(names) == limit

    def _last_start(self, offset: int) -> int | None:
        """The last start at or before an offset: back in growing steps, then by halves."""
        low, high, step = None, offset + 1, 1 << 10  # no start that is looked for lies at or behind `high`
        while low is None:
            at = max(offset + 1 - step, 0)
            low, whole = self._last_of(at, offset)
            if whole and low is not None:
                return low
            if low is None:
                if at == 0:
                    return None
                high, step = at, step * 8
        while low + 1 < high:
            middle = (low + 1 + high) // 2
            found, whole = self._last_of(middle, offset)
            if found is None:
                high = middle
            else:
                low = found
                if whole:
                    return low
        return low

    def _last_of(self, from_: int, offset: int) -> tuple[int | None, bool]:
        """Of a page of starts the last one up to `offset`, and whether there is surely none between both."""
        starts, more = self._starts(from_, _PAGE)
        below = starts[: bisect_right(starts, offset)]
        return (below[-1] if below else None), not more or len(below) < len(starts)

    def _first_since(self, first_ms: int) -> Claim | None:
        """The first claim with a record at or after this time. Claims without a record say nothing, and are passed."""
        found, _ = self._starts(0, 1)
        if not found:
            return None
        low, best = found[0], self._timed(found[0])
        if best is None or _ends(best) >= first_ms:
            return best
        low, step = best.next, 1 << 12
        high: int | None = None  # a claim at or behind it is late enough, or there is none
        while high is None or low < high:
            probe = low + step if high is None else (low + high) // 2
            starts, _ = self._starts(probe, 1)
            claim = self._timed(starts[0]) if starts else None
            if claim is not None and _ends(claim) < first_ms:
                low, step = claim.next, step * 8
            else:
                high = probe
        starts, _ = self._starts(low, 1)
        return self._timed(starts[0]) if starts else None

    def _timed(self, start: int) -> Claim | None:
        claim = self.read(start)
        while claim is not None and claim.max_timestamp_ms is None:
            claim = self.read(claim.next)
        return claim


def _ends(claim: Claim) -> int:
    return claim.max_timestamp_ms or 0
