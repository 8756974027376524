"""Promise: with 300,000 claims in a partition, finding where to go on costs a few requests, and listing one a page."""

import functools
from collections.abc import Iterator
from uuid import UUID

import pytest

from streamlake.audit import ledger
from streamlake.consumer.effects import ListFrom, Read
from streamlake.consumer.head import last_claim
from streamlake.consumer.place import Place
from streamlake.storage import layout
from streamlake.storage.claim import Claim
from streamlake.storage.gcs import PAGE, GcsStore
from streamlake.storage.layout import Chain
from tests.support.fake_gcs import BUCKET, FakeGcs

CLAIMS = 300_000
EACH = 3_333  # offsets in a claim
CHAIN = Chain(UUID("6f1c0de5-59a4-4b33-9a4b-8a3e6c0f1d22"))
PLACE = Place("orders", "streamlake.orders.raw", 0, layout.RAW)


@pytest.fixture
def long_lake(fake: FakeGcs, lake: GcsStore) -> Iterator[GcsStore]:
    """A partition of 300,000 claims, put straight into the bucket; only the last one has content."""
    last = (CLAIMS - 1) * EACH
    lake.create(layout.claim("orders", CHAIN, 0, last), [_claim(last).encode()])
    lake.create(layout.chain_opening("orders", CHAIN), [b"{}"])
    opening = f"lake/{layout.chain_opening('orders', CHAIN)}"
    fake.api.buckets[BUCKET].names[:] = [*_claim_names(), opening]  # in order: a digit is below a letter
    fake.forget()
    yield lake
    lake.close()


@functools.cache
def _claim_names() -> list[str]:
    return [f"lake/{layout.claim('orders', CHAIN, 0, start)}" for start in range(0, CLAIMS * EACH, EACH)]


def _claim(start: int) -> Claim:
    return Claim(
        dataset="orders", topic=PLACE.topic, chain=str(CHAIN), partition=0, start=start, next=start + EACH, part=None,
        records=0, size=0, sha256="", contract_version=1, contract_sha256="", date="2026-11-21", min_timestamp_ms=None,
        max_timestamp_ms=None, last=None, closed="age", attempt="a", writer="w", at="",
    )  # fmt: skip


def head(store: GcsStore, hint: int | None) -> Claim | None:
    """What the consumer's core asks of the store, until it knows."""
    work = last_claim(PLACE, CHAIN, hint)
    answer: object = None
    try:
        while True:
            effect = work.send(answer)
            if isinstance(effect, ListFrom):
                answer = list(store.list_from(effect.prefix, effect.start, effect.limit))
            else:
                assert isinstance(effect, Read)
                answer = store.read(effect.name)
    except StopIteration as end:
        found: Claim | None = end.value
        return found


@pytest.mark.parametrize(
    "hint", [None, CLAIMS * EACH, CLAIMS * EACH // 2, 10**15], ids=["none", "right", "half", "far"]
)
def test_the_head_is_found_with_a_few_requests_whatever_the_hint(
    fake: FakeGcs, long_lake: GcsStore, hint: int | None
) -> None:
    found = head(long_lake, hint)
    assert found is not None
    assert found.start == (CLAIMS - 1) * EACH
    assert fake.seen.calls["list"] <= 110
    assert all("maxResults=1&" in target for target in fake.seen.targets if "startOffset" in target)
    assert fake.seen.calls.total() - fake.seen.calls["list"] == 1, "one claim is read, and nothing else"


def test_near_the_head_a_handful_of_requests_is_enough(fake: FakeGcs, long_lake: GcsStore) -> None:
    assert head(long_lake, CLAIMS * EACH) is not None
    assert fake.seen.calls["list"] <= 32


def test_a_whole_listing_costs_one_request_a_page(fake: FakeGcs, long_lake: GcsStore) -> None:
    assert sum(1 for _ in long_lake.list_from(layout.partition_prefix("orders", CHAIN, 0))) == CLAIMS
    assert fake.seen.calls == {"list": CLAIMS // PAGE}


def test_chains_and_partitions_are_found_without_listing_their_claims(fake: FakeGcs, long_lake: GcsStore) -> None:
    chains = list(ledger.chains(long_lake, "orders"))
    assert len(chains) == 1
    assert list(ledger.partitions(long_lake, "orders", CHAIN)) == [0]
    assert fake.seen.calls["list"] <= 6
