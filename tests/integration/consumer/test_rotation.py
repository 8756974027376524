"""Parts close by records, by bytes, by age, and are stored as the contract says."""

from typing import Any

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


@pytest.mark.parametrize(
    ("properties", "suffix", "magic"),
    [
        ({}, ".json.gz", b"\x1f\x8b"),
        ({"compression": "zstd"}, ".json.zst", b"\x28\xb5\x2f\xfd"),
        ({"compression": "none"}, ".json", b'{"topic"'),
        ({"format": "parquet"}, ".parquet", b"PAR1"),
    ],
)
def test_a_part_is_stored_as_the_contract_says(rig: Rig, properties: dict[str, Any], suffix: str, magic: bytes) -> None:
    rig.write_contract(**properties)
    rig.send(events(100, bad_every=9))
    rig.start()
    rig.wait_landed()
    (part,) = rig.parts()
    assert part.name.endswith(suffix)
    assert part.read_bytes().startswith(magic)
    assert len(list(rig.lines())) == 88
    check(rig)


def test_a_part_without_a_line_is_a_part(rig: Rig) -> None:
    """Where all were rejected: the part proves that the dead letters were sent."""
    rig.write_contract(format="parquet")
    rig.send(events(3, bad_every=1))
    rig.start()
    rig.wait_landed()
    assert len(rig.parts()) == 1
    assert len(check(rig).dead) == 3


@pytest.mark.parametrize("properties", [{}, {"format": "parquet"}])
def test_what_is_read_is_bounded_by_the_budget(rig: Rig, properties: dict[str, Any]) -> None:
    """I12: a backlog closes parts early; it is not held in memory, and neither are the lines of an open row group."""
    rig.write_contract(**properties)
    rig.send([event(n, 4000) for n in range(5000)])
    consumer = rig.start(open_parts_max_bytes=100_000, part_max_age_seconds=60)
    until(lambda: any(claim["closed"] == "budget" for claim in rig.claims(rig.raw)))
    assert consumer.stop() == 0
    rig.start()
    rig.wait_landed()
    check(rig)
