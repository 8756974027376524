"""A lake of any size that takes no room: each object is made up when it is asked for, and every call is counted."""

import datetime
import hashlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from streamlake.storage import layout
from streamlake.storage.claim import ChainOpening, Claim
from streamlake.storage.layout import Chain
from streamlake.storage.seal import Seal, SealedPart, SealedRange
from tests.support.lakes import owner

CHAIN = Chain(UUID("6f1c0de5-59a4-4b33-9a4b-8a3e6c0f1d22"))
CHAIN_NAME = str(CHAIN)
FIRST_DAY = datetime.date(2026, 1, 1)
SHA = hashlib.sha256(b"").hexdigest()
LINE_BYTES = 200
_START = re.compile(r"([0-9]{5})[/-]([0-9]{20})\.json")


class _Names(Sequence[str]):
    """The names of a folder, by number: found by halving, never listed whole."""

    def __init__(self, lake: "GeneratedLake", *, raw: bool) -> None:
        self._lake, self._raw = lake, raw
        self._seals = [min(day, lake.sealed_days) for day in range(lake.days + 1)]
        self._length = len(lake) + (self._seals[-1] if raw else 1)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, at):  # type: ignore[no-untyped-def] # only ever a number
        if not 0 <= at < self._length:
            raise IndexError(at)
        lake = self._lake
        if not self._raw:
            if at == len(lake):
                return layout.chain_opening("orders", CHAIN)
            partition, number = divmod(at, lake.claims)
            return f"ledger/dataset=orders/{CHAIN_NAME}/{partition:05}/{number * lake.width:020}.json"
        parts_a_day = lake.partitions * lake.a_day
        sealed = parts_a_day + 1
        day = (
            at // sealed
            if at < lake.sealed_days * sealed
            else lake.sealed_days + (at - lake.sealed_days * sealed) // parts_a_day
        )
        at -= day * parts_a_day + self._seals[day]
        if day < lake.sealed_days:
            if at == 0:
                return layout.seal("raw", "orders", lake.date(day))
            at -= 1
        partition, number = divmod(at, lake.a_day)
        return lake.part(partition, day * lake.a_day + number)


@dataclass
class GeneratedLake:
    """`partitions` of `days * a_day` claims, each of `width` offsets; the first `sealed_days` have their seal."""

    partitions: int = 1
    days: int = 1
    a_day: int = 1
    width: int = 100
    sealed_days: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    listed: int = 0

    def __post_init__(self) -> None:
        self.claims = self.days * self.a_day
        self._ledger, self._raw = _Names(self, raw=False), _Names(self, raw=True)

    def __len__(self) -> int:
        return self.partitions * self.claims

    @property
    def url(self) -> str:
        return "memory://generated"

    def date(self, day: int) -> str:
        return (FIRST_DAY + datetime.timedelta(days=day)).isoformat()

    def part(self, partition: int, number: int) -> str:
        folder = layout.day_prefix("raw", "orders", self.date(number // self.a_day))
        return f"{folder}part-{CHAIN_NAME}-{partition:05}-{number * self.width:020}.json"

    def claim(self, partition: int, number: int) -> Claim:
        start, date = number * self.width, self.date(number // self.a_day)
        return Claim(
            dataset="orders", topic="streamlake.orders.raw", chain=CHAIN_NAME, partition=partition, start=start,
            next=start + self.width, part=self.part(partition, number), records=self.width,
            size=self.width * LINE_BYTES, sha256=SHA, contract_version=1, contract_sha256="c", date=date,
            min_timestamp_ms=None, max_timestamp_ms=None, last=None, closed="age", attempt="a", writer="w",
            at=f"{date}T12:00:00+00:00",
        )  # fmt: skip

    def seal(self, day: int) -> Seal:
        first, claims, records = day * self.a_day, self.a_day, self.a_day * self.width
        ranges = {
            str(p): SealedRange(
                start=first * self.width, next=(first + claims) * self.width, claims=claims, records=records,
                size=records * LINE_BYTES,
            )
            for p in range(self.partitions)
        }  # fmt: skip
        parts = [
            SealedPart(name=self.part(p, n), records=self.width, size=self.width * LINE_BYTES, sha256=SHA)
            for p in range(self.partitions)
            for n in range(first, first + claims)
        ]
        total = records * self.partitions
        return Seal(
            dataset="orders", topic="streamlake.orders.raw", zone="raw", date=self.date(day), records=total,
            size=total * LINE_BYTES, dead_letters=0, contract_versions=(1,), ranges={CHAIN_NAME: ranges},
            parts=tuple(parts), sealed_by="w", sealed_at="",
        )  # fmt: skip

    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        raise AssertionError("an audit writes nothing")

    def read(self, name: str) -> bytes | None:
        self.calls["read"] += 1
        if name == layout.LAKE:
            return owner("c")
        if name.endswith("/chain.json"):
            return ChainOpening(
                dataset="orders", cluster_id="c", topic="streamlake.orders.raw", topic_id=str(CHAIN.topic_id),
                generation=0, before=None, reason="first", at="",
            ).encode()  # fmt: skip
        if name.endswith("/_metadata.json"):
            date = name.split("ingestion_date=")[1][:10]
            day = (datetime.date.fromisoformat(date) - FIRST_DAY).days
            return self.seal(day).encode() if name.startswith("raw/") and day < self.sealed_days else None
        place = self._place(name) if name.startswith("ledger/") else None
        return self.claim(*place).encode() if place else None

    def read_range(self, name: str, start: int, length: int) -> bytes | None:
        raise AssertionError("nothing is read in a shallow audit of plain parts")

    def size(self, name: str) -> int | None:
        self.calls["size"] += 1
        return self.width * LINE_BYTES if name.startswith("raw/") and self._place(name) else None

    def list_from(self, prefix: str, start: str = "", limit: int | None = None) -> Iterator[str]:
        self.calls["list"] += 1
        if not prefix.startswith(("ledger/dataset=orders/", "raw/dataset=orders/")):
            return
        names = self._ledger if prefix.startswith("ledger/") else self._raw
        at, given = bisect_left(names, max(prefix, start)), 0
        while at < len(names) and (limit is None or given < limit):
            name = names[at]
            if not name.startswith(prefix):
                return
            self.listed += 1
            yield name
            at, given = at + 1, given + 1

    def _place(self, name: str) -> tuple[int, int] | None:
        match = _START.search(name)
        if match is None:
            return None
        number, rest = divmod(int(match[2]), self.width)
        there = rest == 0 and number < self.claims and int(match[1]) < self.partitions
        return (int(match[1]), number) if there else None
