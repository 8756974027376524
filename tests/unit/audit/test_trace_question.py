"""What people paste is read strictly: receipts, ids that say their time, places; nothing else is guessed at."""

import json
from uuid import UUID

import pytest

from streamlake.audit.errors import WrongQuestion
from streamlake.audit.trace_question import parse, time_of
from streamlake.storage.layout import Chain

V7 = "019b9a1e-6c40-7000-8000-0123456789ab"
V5 = "2b0c8a4e-6d0f-5c38-9f7e-4f1b6a5f0d11"
RECEIPT = {
    "index": 0,
    "status": "accepted",
    "ingestion_id": V7,
    "topic": "streamlake.orders.raw",
    "partition": 2,
    "offset": 41,
}


def test_an_id_of_version_7_says_when_it_was_made() -> None:
    question = parse(V7.upper())
    assert question.ingestion_id == V7
    assert question.around_ms == time_of(UUID(V7)) == 0x019B9A1E6C40
    assert parse(V7, around_ms=5).around_ms == 5


def test_other_ids_need_a_time() -> None:
    with pytest.raises(WrongQuestion, match="does not say when"):
        parse(V5)
    assert parse(V5, around_ms=7).around_ms == 7


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RECEIPT),
        json.dumps([RECEIPT]),
        json.dumps({"dataset": "orders", "accepted": 1, "receipts": [RECEIPT]}),
        "streamlake.orders.raw/2/41",
        " streamlake.orders.raw/2/41\n",
    ],
)
def test_places(text: str) -> None:
    question = parse(text)
    assert (question.dataset, question.topic) == ("orders", "streamlake.orders.raw")
    assert (question.partition, question.offset) == (2, 41)


def test_places_by_chain_and_by_topic_id() -> None:
    id_ = UUID(int=9)
    assert parse(f"{Chain(id_, 1)}/0/3").chain == Chain(id_, 1)
    assert parse(f"{id_}/0/3").topic_id == id_


def test_a_receipt_without_a_place_is_traced_by_its_id() -> None:
    question = parse(json.dumps({"outcome": "unknown", "errors": [{"index": 0, "ingestion_id": V7}]}))
    assert (question.ingestion_id, question.offset) == (V7, None)


@pytest.mark.parametrize(
    "text",
    [
        "", "orders", "{", "[]", "{}", "[1]", "null", json.dumps([RECEIPT, RECEIPT]), "a/b/c",
        "streamlake.orders.raw/0", "[" * 100_000,
        "streamlake.orders.raw/0/-1", "streamlake.orders.raw/0/1/2", "streamlake.Orders.raw/0/1", "orders/0/1",
        f"streamlake.orders.raw/0/{1 << 63}", "streamlake.orders.raw/100000/0", "streamlake.orders.raw/٣/0",
        json.dumps(RECEIPT | {"ingestion_id": 5, "topic": None}), f"{str(Chain(UUID(int=1)))[:26]}-00/0/0",
    ],
)  # fmt: skip
def test_what_is_none_of_these_is_refused(text: str) -> None:
    with pytest.raises(WrongQuestion) as refused:
        parse(text)
    assert refused.value.next_step


def test_a_receipt_of_another_dataset_than_asked_for_is_refused() -> None:
    with pytest.raises(WrongQuestion):
        parse(json.dumps(RECEIPT), dataset="clicks")
