"""A contract that changes under a running consumer: taken between batches, and waited for where it is not known yet."""

import signal
import uuid

import pytest

from tests.support.broker import Headers, until
from tests.support.consumer import Rig, event, events
from tests.support.landed_check import check

pytestmark = pytest.mark.broker

SIZE = "      - name: size\n        logicalType: integer\n        required: true\n"


def of_version(version: int) -> Headers:
    meta = '{"ingestion_id":"%s","schema_version":%d,"producer":"p","ingested_at":"2026-11-21T00:00:00Z"}'
    return [("streamlake", (meta % (uuid.uuid4(), version)).encode())]


def test_a_version_that_is_not_known_yet_is_waited_for_never_dead_lettered(rig: Rig) -> None:
    rig.send(events(20), headers=of_version(1))
    rig.send([b'{"id": "x", "size": 1}'] * 20, headers=of_version(2))
    consumer = rig.start()
    until(lambda: "SL-0103" in (consumer.vitals().get("waiting_for") or ""))
    until(lambda: rig.heads(rig.raw).get(0) == 20)
    assert rig.committed().get((rig.raw, 0), 0) <= 20
    rig.write_contract(2, SIZE)
    consumer.signal(signal.SIGHUP)
    rig.wait_landed()
    found = check(rig)
    assert len(found.raw) == 40
    assert not found.dead
    assert [(c["contract_version"], c["closed"]) for c in rig.claims(rig.raw)][-1][0] == 2


def test_a_contract_that_is_edited_is_taken_between_batches(rig: Rig) -> None:
    """A batch is judged by one contract, and its claim says which (I2)."""
    consumer = rig.start(part_max_age_seconds=1)
    rig.send(events(50))
    rig.wait_landed()
    rig.write_contract(2, SIZE)
    consumer.signal(signal.SIGHUP)
    consumer.wait_said("contracts taken")
    rig.send([event(1), b'{"id": "x", "size": 1}'])
    rig.send([event(2)], headers=of_version(1))
    rig.wait_landed()
    found = check(rig)
    assert len(found.dead) == 1  # the second version wants a size, the first never heard of one
    versions = [claim["contract_version"] for claim in rig.claims(rig.raw)]
    assert versions == [1, 2, 1]
    assert rig.claims(rig.raw)[1]["closed"] == "contract"


def test_versions_that_alternate_faster_than_claims_can_be_made_share_one(rig: Rig) -> None:
    """Found by the torture: a backlog like this landed in claims of one record, five a second."""
    rig.write_contract(2, SIZE)
    for number in range(300):
        rig.send([event(number)], headers=of_version(1))
        rig.send([b'{"id": "x", "size": 1}'] if number % 3 else [event(number)])
    rig.start(part_max_age_seconds=1)
    rig.wait_landed()
    assert len(check(rig).dead) == 100
    claims = rig.claims(rig.raw)
    alone, several = claims[:8], claims[8:]
    assert [(claim["contract_version"], claim["records"]) for claim in alone[:2]] == [(1, 1), (2, 0)]
    assert all("further_contracts" not in claim for claim in alone)
    assert len(several) <= 3
    assert [other["version"] for other in several[0]["further_contracts"]] == [2]
    assert {rejected["version"] for rejected in several[0]["rejected"]} == {2}


def test_a_contract_that_is_wrong_is_not_taken_and_nothing_stops(rig: Rig) -> None:
    consumer = rig.start()
    rig.send(events(10))
    rig.wait_landed()
    (rig.contracts / rig.dataset / "contract.yaml").write_text("version: [")
    consumer.signal(signal.SIGHUP)
    consumer.wait_said("contracts were not taken")
    rig.send(events(10, 10))
    rig.wait_landed()
    check(rig)


def test_what_is_wrong_with_a_neighbours_contract_stops_nobody(rig: Rig) -> None:
    """Neither a start nor a reload: a consumer has to do with its own contract alone."""
    neighbour = rig.contracts / "neighbour"
    neighbour.mkdir()
    (neighbour / "contract.yaml").write_text("version: [")
    consumer = rig.start()
    rig.send(events(20))
    rig.wait_landed()
    rig.write_contract(2, SIZE)
    consumer.signal(signal.SIGHUP)
    consumer.wait_said("contracts taken")
    rig.send([b'{"id": "x", "size": 1}'])
    rig.wait_landed()
    assert not consumer.said("contracts were not taken")
    check(rig)
