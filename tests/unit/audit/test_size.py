"""An audit of a large lake is quick and small: it asks the store for little, and keeps little of what it was told."""

import time
import tracemalloc

import pytest

from streamlake.audit.findings import Verdict
from streamlake.audit.options import Options
from streamlake.audit.run import audit
from tests.support.generated_lake import GeneratedLake


def test_a_billion_offsets_in_2000_claims_are_audited_shallowly_in_under_a_minute() -> None:
    lake = GeneratedLake(partitions=4, days=10, a_day=50, width=500_000)
    assert len(lake) * lake.width == 1_000_000_000
    began = time.monotonic()
    report = audit(lake, "orders", Options())
    assert time.monotonic() - began < 30, "a half of what was promised, on any machine"
    assert report.verdict is Verdict.OK
    assert sum(p.records for p in report.partitions) == 1_000_000_000
    assert report.checked.claims == report.checked.claims_read == 2000
    assert report.checked.parts_found == 2000
    assert lake.listed < 3 * len(lake), "each claim and each part is listed once, not once a question"
    assert lake.calls["read"] < len(lake) + 100
    assert lake.calls["list"] < 200
    assert lake.calls["size"] <= 1200, "sizes are asked for by sample"


def test_300000_claims_in_sealed_days_are_read_from_their_seals() -> None:
    lake = GeneratedLake(partitions=3, days=100, a_day=1000, width=10, sealed_days=99)
    began = time.process_time()
    report = audit(lake, "orders", Options())
    assert time.process_time() - began < 40, "it takes a fifth of that, half of it to make the lake up"
    assert report.verdict is Verdict.OK
    assert report.checked.claims == report.checked.claims_total == len(lake) == 300_000
    assert report.checked.claims_by_seal > 290_000
    assert report.checked.seals == 99
    assert sum(p.records for p in report.partitions) == 3_000_000
    # The open day's claims, a sample of the others, the seals: not one for each claim.
    assert lake.calls["read"] < 3000 + 2 * 1200 + 300
    assert lake.listed < 2.2 * len(lake)


def test_the_days_before_those_asked_for_are_passed_over_by_their_seals() -> None:
    lake = GeneratedLake(partitions=2, days=30, a_day=100, sealed_days=29)
    report = audit(lake, "orders", Options(first=lake.date(27), last=lake.date(28)))
    assert report.verdict is Verdict.OK
    assert (report.checked.claims_in_window, report.checked.seals) == (400, 2)
    assert report.checked.claims_read <= 400


@pytest.mark.parametrize("sealed", [0, 10])
def test_what_is_kept_does_not_grow_with_the_claims(sealed: int) -> None:
    """I12: bounded, but for eight bytes a claim."""

    def peak(a_day: int) -> int:
        lake = GeneratedLake(days=10, a_day=a_day, sealed_days=sealed)
        tracemalloc.start()
        try:
            assert audit(lake, "orders", Options(sample=100)).verdict is Verdict.OK
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = peak(20), peak(200)
    assert large - small < 1_000_000
