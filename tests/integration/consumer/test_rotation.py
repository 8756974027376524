"""Parts close by records, by bytes, by age, and hold what the contract's compression says."""

import gzip

import pytest

from tests.support.broker import until
from tests.support.consumer import Rig, event, events
from tests.support.landed_check import check

pytestmark = pytest.mark.broker


def test_a_part_closes_at_its_records(rig: Rig) -> None:
    rig.send(events(95, bad_every=19))
    rig.start(part_max_records=20)
    rig.wait_landed()
    claims = rig.claims(rig.raw)
    assert [claim["next"] for claim in claims] == [20, 40, 60, 80, 95]
    assert [claim["closed"] for claim in claims] == ["records"] * 4 + ["age"]
    check(rig)


def test_a_part_closes_at_its_bytes(rig: Rig) -> None:
    rig.send([event(n, 1000) for n in range(2000)])
    rig.start(part_max_bytes=200_000)
    rig.wait_landed()
    assert {claim["closed"] for claim in rig.claims(rig.raw)[:-1]} == {"bytes"}
    assert len(rig.parts()) > 3
    check(rig)


def test_a_part_closes_at_its_age(rig: Rig) -> None:
    rig.start(part_max_age_seconds=0.5)
    for number in range(3):
        rig.send(events(10, number * 10))
        rig.wait_landed()
    assert [claim["closed"] for claim in rig.claims(rig.raw)] == ["age"] * 3
    check(rig)


def test_the_contract_decides_where_it_says_so(rig: Rig) -> None:
    rig.write_contract(rotationMaxRecords=10)
    rig.send(events(25))
    rig.start(part_max_records=1000)
    rig.wait_landed()
    assert [claim["next"] for claim in rig.claims(rig.raw)] == [10, 20, 25]


@pytest.mark.parametrize(("compression", "suffix"), [("gzip", ".json.gz"), ("none", ".json")])
def test_a_part_is_stored_as_the_contract_says(rig: Rig, compression: str, suffix: str) -> None:
    rig.write_contract(compression=compression)
    rig.send(events(100, bad_every=9))
    rig.start()
    rig.wait_landed()
    (part,) = rig.parts()
    assert part.name.endswith(suffix)
    content = part.read_bytes()
    assert content.startswith(b"\x1f\x8b") == (compression == "gzip")
    assert (gzip.decompress(content) if compression == "gzip" else content).count(b"\n") == 88
    check(rig)


def test_what_is_read_is_bounded_by_the_budget(rig: Rig) -> None:
    """I12: a backlog closes parts early; it is not held in memory."""
    rig.send([event(n, 4000) for n in range(5000)])
    consumer = rig.start(open_parts_max_bytes=100_000, part_max_age_seconds=60)
    until(lambda: any(claim["closed"] == "budget" for claim in rig.claims(rig.raw)))
    assert consumer.stop() == 0
    rig.start()
    rig.wait_landed()
    check(rig)
