"""A claim is found by offset and by time in few steps, wherever it stands, as a walk from the beginning finds it."""

import random
from uuid import UUID

import pytest

from streamlake.audit import find_claim
from streamlake.audit.find_claim import Ledger
from streamlake.storage import layout
from streamlake.storage.claim import Amendment, Claim
from streamlake.storage.layout import Chain
from streamlake.storage.memory import MemoryStore
from tests.support.generated_lake import CHAIN, GeneratedLake

OTHER = Chain(UUID(int=3))


def made(seed: int) -> tuple[Ledger, list[Claim]]:
    """A chain of uneven claims, with holes without a time, amendments between them, and gaps in time."""
    chance = random.Random(seed)
    store, claims, at, now = MemoryStore(), [], 0, 1_000
    for _ in range(chance.choice([0, 1, 2, 30, 300])):
        width = chance.choice([1, 2, 50, 100_000])
        timed = chance.random() < 0.8
        first, now = now, now + chance.choice([0, 1, 500])
        claim = Claim(
            dataset="orders", topic="t", chain=str(OTHER), partition=0, start=at, next=at + width,
            part="p" if timed else None, records=width, size=0, sha256="", contract_version=1, contract_sha256="",
            date="2026-11-21", min_timestamp_ms=first if timed else None, max_timestamp_ms=now if timed else None,
            last=None, closed="age", attempt="", writer="", at="",
        )  # fmt: skip
        store.create(layout.claim("orders", OTHER, 0, at), [claim.encode()])
        if chance.random() < 0.2:
            lost = Amendment(start=at, lost=(), records=0, size=0, sha256="", log_start=0, writer="", at="")
            store.create(layout.amendment("orders", OTHER, 0, at), [lost.encode()])
        claims.append(claim)
        at, now = at + width, now + chance.choice([0, 1, 10_000])
    return Ledger(store, "orders", OTHER, 0), claims


@pytest.mark.parametrize("listed", [0, 4000], ids=["asked one by one", "listed whole"])
@pytest.mark.parametrize("seed", range(25))
def test_it_finds_what_a_walk_finds(seed: int, listed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_claim, "_LISTED", listed)
    monkeypatch.setattr(find_claim, "_PAGE", 3)
    ledger, claims = made(seed)
    end = claims[-1].next if claims else 0
    chance = random.Random(seed)
    for offset in [0, 1, end - 1, end, end + 5, *(chance.randrange(end + 1) for _ in range(20))]:
        expected = next((c for c in claims if c.start <= offset < c.next), None)
        assert ledger.covering(offset) == expected, offset
    last = max((c.max_timestamp_ms or 0 for c in claims), default=0)
    for first in [0, last, last + 1, *(chance.randrange(last + 1) for _ in range(20))]:
        until = first + chance.choice([0, 100, 100_000])
        expected_all = [
            c for c in claims if c.max_timestamp_ms is not None and c.max_timestamp_ms >= first
            and (c.min_timestamp_ms or 0) <= until
        ]  # fmt: skip
        assert list(ledger.between(first, until)) == expected_all, (first, until)


def test_of_300000_claims_few_are_asked_for() -> None:
    lake = GeneratedLake(days=100, a_day=3000, width=1000)
    ledger = Ledger(lake, "orders", CHAIN, 0)
    for offset in (0, 123_456_789, len(lake) * 1000 - 1):
        lake.calls.clear()
        claim = ledger.covering(offset)
        assert claim is not None
        assert claim.start <= offset < claim.next
        assert lake.calls["list"] + lake.calls["read"] < 15, lake.calls
    assert ledger.covering(len(lake) * 1000) is None
