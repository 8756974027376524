"""What is taken is in Kafka with its own bytes, and the receipt says where."""

import base64
import json
import uuid
from typing import Any

import pytest
import zstandard
from confluent_kafka import Message

from streamlake.kafka.names import dlq_topic, raw_topic
from tests.integration.ingest.conftest import MakeApi, MakeDataset
from tests.support.api import ApiUnderTest, array, event, zipped
from tests.support.broker import BrokerUnderTest, until

pytestmark = pytest.mark.broker

CE = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "placed"}


def headers_of(message: Message) -> dict[str, Any]:
    headers: Any = message.headers() or []
    return dict(headers)


def meta_of(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(headers_of(message)["streamlake"])
    return found


def test_one_event_and_its_receipt(api: ApiUnderTest, broker: BrokerUnderTest, dataset: str) -> None:
    body = b' {"id":"\\u00e9-1", "at":"2026-11-21T07:00:00Z","f":1.10, "f":1.100, "n":18,"big":18446744073709551616}\n'
    said = api.post(dataset, body)
    assert said.status == 202
    assert {name: said.json[name] for name in ("dataset", "accepted", "dead_lettered")} == {
        "dataset": dataset,
        "accepted": 1,
        "dead_lettered": 0,
    }
    (receipt,) = said.json["receipts"]
    assert receipt["index"] == 0
    assert receipt["status"] == "accepted"
    (message,) = broker.read(raw_topic(dataset))
    assert message.value() == body
    assert message.key() == "é-1".encode()
    assert (receipt["topic"], receipt["partition"], receipt["offset"]) == (raw_topic(dataset), 0, message.offset())
    meta = meta_of(message)
    assert list(meta) == ["ingestion_id", "schema_version", "producer", "ingested_at"]
    assert meta["ingestion_id"] == receipt["ingestion_id"]
    assert uuid.UUID(meta["ingestion_id"]).version == 7
    assert (meta["schema_version"], meta["producer"]) == (1, "anonymous")
    assert list(headers_of(message)) == ["streamlake"]


@pytest.mark.parametrize("form", ["array", "ndjson"])
def test_each_event_of_a_batch_has_its_answer(
    api: ApiUnderTest, broker: BrokerUnderTest, dataset: str, form: str
) -> None:
    bad = b'{"id":3}'
    events = [event(0), bad, event(2), b'{"id":"x","at":NaN}', event(4)]
    body, media = (array(*events), "application/json")
    if form == "ndjson":
        body, media = b"\r\n".join(events) + b"\n\n", "application/x-ndjson"
    said = api.post(dataset, body, media)
    assert said.status == 207
    assert [receipt["index"] for receipt in said.json["receipts"]] == [0, 2, 4]
    assert [(error["index"], error["retryable"]) for error in said.json["errors"]] == [(1, False), (3, False)]
    assert said.json["errors"][0]["field"] is not None
    assert said.json["errors"][1]["type"] == "json.nan"
    values = [message.value() for message in broker.read(raw_topic(dataset))]
    assert values == [events[0], events[2], events[4]]


def test_a_batch_of_which_nothing_is_kept_is_a_problem(
    api: ApiUnderTest, broker: BrokerUnderTest, dataset: str
) -> None:
    said = api.post(dataset, array(b"{}", b'{"id":1}'))
    assert said.status == 422
    assert said.headers["content-type"] == "application/problem+json"
    assert [error["index"] for error in said.json["errors"]] == [0, 1]
    assert said.json["error_id"] == "SL-0507"
    assert broker.read(raw_topic(dataset)) == []


def test_the_contract_may_keep_what_breaks_it(api: ApiUnderTest, broker: BrokerUnderTest, new: MakeDataset) -> None:
    name = new(on_invalid="dead_letter")
    bad = b'{ "id" : "x", "at":"yesterday", "f":1}'
    said = api.post(name, array(event(1), bad, b'{"id":NaN}'))
    assert said.status == 207
    assert (said.json["accepted"], said.json["dead_lettered"]) == (1, 1)
    kept, dead = said.json["receipts"]
    assert (kept["topic"], dead["topic"], dead["status"]) == (raw_topic(name), dlq_topic(name), "dead_lettered")
    assert said.json["errors"][0]["index"] == 2
    (message,) = broker.read(dlq_topic(name))
    assert message.value() == bad
    assert message.key() == dead["ingestion_id"].encode()
    why = json.loads(headers_of(message)["streamlake.dead_letter"])
    assert why["ingestion_id"] == dead["ingestion_id"]
    assert (why["reason"], why["field"]) == ("contract.format", "at")
    assert json.loads(headers_of(message)["streamlake"])["ingestion_id"] == dead["ingestion_id"]
    assert api.post(name, b"{}").status == 202


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
def test_compressed_bodies(api: ApiUnderTest, broker: BrokerUnderTest, dataset: str, encoding: str) -> None:
    events = [event(number, pad=300) for number in range(2000)]
    body = b"\n".join(events)
    packed = {
        "gzip": zipped(body[:100_000]) + zipped(body[100_000:]),
        "zstd": zstandard.ZstdCompressor().compress(body),
        "identity": body,
    }[encoding]
    said = api.post(dataset, packed, "application/x-ndjson", content_encoding=encoding)
    assert (said.status, said.json["accepted"]) == (202, 2000)
    assert [message.value() for message in broker.read(raw_topic(dataset))] == events
    assert [receipt["offset"] for receipt in said.json["receipts"]] == list(range(2000))


def test_cloudevents_in_every_mode(api: ApiUnderTest, broker: BrokerUnderTest, dataset: str) -> None:
    data = event(1)
    structured = json.dumps(CE).encode()[:-1] + b', "data": ' + data + b', "subject":"\\u20ac"}'
    encoded = json.dumps({**CE, "id": "2", "data_base64": base64.b64encode(event(2)).decode()}).encode()
    first = api.post(dataset, structured, "application/cloudevents+json; charset=utf-8")
    batch = api.post(dataset, b"[" + encoded + b", {}]", "application/cloudevents-batch+json")
    binary = api.post(
        dataset, event(3), ce_specversion="1.0", ce_id="3", ce_source="/shop", ce_type="placed", ce_subject="%E2%82%AC"
    )
    again = api.post(dataset, structured, "application/cloudevents+json")
    assert [said.status for said in (first, batch, binary, again)] == [202, 207, 202, 202]
    assert batch.json["errors"][0] == {
        "index": 1,
        "type": "malformed",
        "detail": "the CloudEvent has no data.",
        "field": None,
        "retryable": False,
        "ingestion_id": None,
    }
    messages = broker.read(raw_topic(dataset))
    assert [message.value() for message in messages] == [data, event(2), event(3), data]
    assert headers_of(messages[0])["ce_subject"] == headers_of(messages[2])["ce_subject"] == "€".encode()
    assert headers_of(messages[2])["ce_datacontenttype"] == b"application/json"
    ids = [meta_of(message)["ingestion_id"] for message in messages]
    assert ids[0] == ids[3] == first.json["receipts"][0]["ingestion_id"]
    assert len(set(ids)) == 3


def test_a_resent_request_has_the_same_ids(api: ApiUnderTest, broker: BrokerUnderTest, dataset: str) -> None:
    body = array(event(1), event(2))
    first, second = (api.post(dataset, body, idempotency_key="attempt-1") for _ in range(2))
    other = api.post(dataset, body, idempotency_key="attempt-2")
    ids = [[receipt["ingestion_id"] for receipt in said.json["receipts"]] for said in (first, second, other)]
    assert ids[0] == ids[1]
    assert set(ids[0]).isdisjoint(ids[2])
    found = [meta_of(message)["ingestion_id"] for message in broker.read(raw_topic(dataset))]
    assert sorted(found) == sorted(ids[0] + ids[1] + ids[2])


def test_a_dry_run_judges_and_sends_nothing(api: ApiUnderTest, broker: BrokerUnderTest, new: MakeDataset) -> None:
    name = new(on_invalid="dead_letter")
    said = api.post(name, array(event(1), b"{}"), query="?dry_run=true")
    assert (said.status, said.json["dry_run"], said.json["accepted"], said.json["dead_lettered"]) == (200, True, 1, 1)
    assert all("offset" not in receipt for receipt in said.json["receipts"])
    assert api.post(name, array(event(1), b'{"a":NaN}'), query="?dry_run=true").status == 207
    assert api.post(name, b"{,}", query="?dry_run=true").status == 400
    assert api.post(name, b"{}", query="?dry_run=perhaps").status == 400
    assert broker.read(raw_topic(name)) == broker.read(dlq_topic(name)) == []


def test_a_changed_contract_is_taken_without_a_restart_and_a_broken_one_is_not(
    api: ApiUnderTest, broker: BrokerUnderTest, dataset: str
) -> None:
    api.post(dataset, event(1))
    (api.contracts / dataset / "contract.yaml").write_text("version: [")
    until_logged(api, "SL-0101")
    assert api.post(dataset, event(2)).status == 202
    history = api.contracts / dataset / "history"
    history.mkdir()
    api.contract(dataset)
    (api.contracts / dataset / "contract.yaml").rename(history / "1.yaml")
    api.contract(dataset, version="2")
    until(lambda: api.ask("GET", f"/v1/datasets/{dataset}").json["version"] == 2)
    assert api.post(dataset, event(3)).status == 202
    versions = [meta_of(message)["schema_version"] for message in broker.read(raw_topic(dataset))]
    assert versions == [1, 1, 2]


def test_a_broken_contract_stops_its_own_dataset_and_nobody_elses(
    make_api: MakeApi, broker: BrokerUnderTest, dataset: str
) -> None:
    api = make_api()
    api.contract(dataset)
    broken = api.contracts / "elsewhere"
    broken.mkdir()
    (broken / "contract.yaml").write_text("version: [")
    api.start()
    assert any(line.get("error_id") == "SL-0101" and "elsewhere" in line["message"] for line in api.logged())
    assert api.post(dataset, event(1)).status == 202
    refused = api.post("elsewhere", event(2))
    assert (refused.status, refused.json["error_id"]) == (503, "SL-0516")
    assert refused.headers["retry-after"]
    assert b"contract.yaml" not in refused.body, "a path of the host is no producer's business"
    assert "elsewhere" not in str(api.ask("GET", "/v1/datasets").json)
    broken.rename(api.contracts / "_elsewhere")
    until(lambda: api.post("elsewhere", event(2)).status == 404)


def until_logged(api: ApiUnderTest, error_id: str) -> None:
    until(lambda: any(line.get("error_id") == error_id for line in api.logged()))
