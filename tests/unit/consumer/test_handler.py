"""Which contract judges which record, where versions alternate: each by its own, and a batch of several says so."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import UNSET

from streamlake.consumer.breaker import Breaker, BreakerPolicy
from streamlake.consumer.filling import Filling
from streamlake.consumer.handler import RawHandler
from streamlake.consumer.landing import ranges
from streamlake.consumer.part_writer import PartThread
from streamlake.consumer.place import Place
from streamlake.consumer.rotation import RotationPolicy
from streamlake.registry.files import FileRegistry
from streamlake.registry.registry import UnknownVersion
from streamlake.storage.claim import Rejections
from tests.support.contract_files import document, put
from tests.unit.consumer.messages import Record

META = (
    b'{"ingestion_id":"019b0000-0000-7000-8000-000000000000","schema_version":%d,"producer":"p",'
    b'"ingested_at":"2026-11-21T00:00:00Z"}'
)
ID = {"name": "id", "logicalType": "string", "required": True}
SIZE = {"name": "size", "logicalType": "integer", "required": True}
OLD, NEW = b'{"id":"x"}', b'{"id":"x","size":1}'


@pytest.fixture
def handler(tmp_path: Path) -> RawHandler:
    """Today's is version 2, and wants a size of which version 1 never heard."""
    for version, file, fields in ((1, "history/1.yaml", [ID]), (2, "contract.yaml", [ID, SIZE])):
        schema = [{"name": "things", "properties": fields}]
        put(tmp_path, document(version=str(version), schema=schema), file)
    return RawHandler(FileRegistry(tmp_path), "things")


def filling(handler: RawHandler, most_contracts: int) -> Filling:
    place = Place("things", "streamlake.things.raw", 0, "raw")
    policy = RotationPolicy(max_records=1000, max_bytes=1 << 20, max_age_seconds=3600)
    return Filling(place, handler, PartThread(), policy, Breaker(BreakerPolicy()), 0, "", 0.0, most_contracts)


def records(*versions: int | None, value: bytes = OLD) -> list[Record]:
    """In offset order, each naming a version or none."""
    return [
        Record(at, value, extra=() if version is None else (("streamlake", META % version),))
        for at, version in enumerate(versions)
    ]


@pytest.mark.parametrize(
    ("versions", "contracts", "count"),
    [
        ([1, 1, 1], 1, 3),
        ([1, 1, None, 1], 1, 2),
        ([None, 2, None], 1, 3),  # none is today's, which is 2
        ([1, None, 1, 2], 2, 4),
        ([1, None, 7, 1], 2, 2),  # nobody knows 7
    ],
)
def test_as_many_are_judged_as_come_under_so_many_contracts(
    handler: RawHandler, versions: Sequence[int | None], contracts: int, count: int
) -> None:
    judged = handler.judge(records(*versions), contracts)
    assert judged.count == count
    assert len(judged.contracts) == len({version or 2 for version in versions[:count]})


def test_each_is_judged_by_its_own_and_its_letter_says_so(handler: RawHandler) -> None:
    judged = handler.judge(records(1, None, 1, 2), 2)
    assert {at: letter.contract_version for at, letter in judged.rejected.items()} == {1: 2, 3: 2}
    assert [letter.message.offset() for letter in judged.rejected.values()] == [1, 3]
    assert not handler.judge(records(None, 2, value=NEW)).rejected


def test_a_version_that_nobody_knows_is_waited_for_when_it_comes_first(handler: RawHandler) -> None:
    with pytest.raises(UnknownVersion):
        handler.judge(records(7, 1), 2)


def test_one_contract_closes_the_batch_and_several_are_named(handler: RawHandler) -> None:
    strict, mixed = filling(handler, 1), filling(handler, 2)
    mail = records(1, None, 1)
    assert strict.add(mail, 0.0) == 1
    assert strict.add(mail[1:], 0.0) == 0
    assert strict.closing == "contract"
    assert mixed.add(mail, 0.0) == 3
    assert mixed.closing is None
    batch = mixed.close("age")
    assert [contract.version for contract in batch.contracts] == [1, 2]
    assert (batch.records, [letter.message.offset() for letter in batch.rejected]) == (2, [1])


def test_a_rejection_names_its_version_where_it_is_not_the_claims_first(handler: RawHandler) -> None:
    judged = handler.judge(records(1, None, None, 1, 2), 2)
    letters = [judged.rejected[at] for at in sorted(judged.rejected)]
    missing = "contract.missing"
    assert list(ranges(letters, 1)) == [Rejections(1, 3, missing, 2), Rejections(4, 5, missing, 2)]
    assert [found.version for found in ranges(letters, 2)] == [UNSET, UNSET]
