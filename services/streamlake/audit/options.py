"""What an audit is asked, and which parts chance picks: the same ones again after a restart."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from streamlake.storage.claim import Claim

_WHOLE: Final = float(1 << 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How much is looked at. Dates are those of the folders, both ends included.

    `keep_days` is the contract's `lakeRetentionDays`: a part that is older may be gone. `sample` parts are measured,
    and so many claims of sealed days are read, where nothing asks for more; where there are fewer, that is all.
    """

    first: str | None = None
    last: str | None = None
    read_share: float = 0.0
    deep: bool = False
    max_seconds: float | None = None
    settle_seconds: float = 5.0
    seed: int = 0
    keep_days: int | None = None
    sample: int = 1000
    now: datetime | None = None

    @property
    def reads(self) -> bool:
        """Whether parts are to be read at all."""
        return self.deep or self.read_share > 0

    def covers(self, date: str) -> bool:
        """Whether a folder's date is asked for."""
        return (self.first is None or date >= self.first) and (self.last is None or date <= self.last)

    def chance(self, what: str, chain: str, partition: int, start: int) -> float:
        """A number from 0 to 1 that depends on nothing but the seed and the name."""
        return zlib.crc32(f"{what}/{self.seed}/{chain}/{partition}/{start}".encode()) / _WHOLE

    def reads_part(self, chain: str, partition: int, start: int) -> bool:
        """Whether this part is among those to read."""
        return self.deep or self.chance("read", chain, partition, start) < self.read_share

    def expired(self, claim: Claim) -> bool:
        """Whether policy allows the claim's part to be gone by now: counted from when it was landed, never before."""
        if self.keep_days is None:
            return False
        now = self.now or datetime.now(UTC)
        try:
            landed = max(_utc(claim.at), _utc(claim.date))
        except (ValueError, TypeError):
            return False
        return landed + timedelta(days=self.keep_days) <= now


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
