"""Kafka stops, stalls, is killed or fills up: 503 with Retry-After in time, no false 202, and it heals by itself."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamlake.kafka.names import dlq_topic, raw_topic
from tests.support.api import ApiUnderTest, Said, array, event
from tests.support.broker import BrokerUnderTest, until

pytestmark = pytest.mark.broker

DATASET = "faulty"


@pytest.fixture
def api(own_broker: BrokerUnderTest, tmp_path: Path) -> Iterator[ApiUnderTest]:
    running = ApiUnderTest(tmp_path / "api", own_broker.bootstrap)
    running.contract(DATASET)
    own_broker.create_topic(raw_topic(DATASET), 1)
    own_broker.create_topic(dlq_topic(DATASET), 1)
    running.start()
    yield running
    running.kill()


def numbers(broker: BrokerUnderTest) -> list[int]:
    """The events in the log."""
    return [json.loads(message.value() or b"")["n"] for message in broker.read(raw_topic(DATASET))]


def timed(api: ApiUnderTest, number: int, **headers: str) -> tuple[Said, float]:
    began = time.monotonic()
    said = api.post(DATASET, event(number), **headers)
    return said, time.monotonic() - began


def assert_503(said: Said, seconds: float) -> None:
    assert said.status == 503
    assert int(said.headers["retry-after"]) > 0
    assert seconds < 12.5


def heals(api: ApiUnderTest, number: int) -> None:
    until(lambda: api.get_status("/readyz") == 200, 30)
    until(lambda: api.post(DATASET, event(number)).status == 202, 30)


@pytest.mark.parametrize("how", ["stop", "kill", "pause"])
def test_a_broker_that_goes_away(api: ApiUnderTest, own_broker: BrokerUnderTest, how: str) -> None:
    assert api.post(DATASET, event(0)).status == 202
    getattr(own_broker, how)()
    first, seconds = timed(api, 1, idempotency_key="one")
    assert_503(first, seconds)
    until(lambda: api.get_status("/readyz") == 503)
    # What is refused from now on was not sent, and the answer comes at once.
    second, seconds = timed(api, 2)
    assert_503(second, seconds)
    assert seconds < 1
    assert "outcome" not in second.json
    assert api.get_status("/livez") == 200

    if how == "pause":
        own_broker.resume()
    else:
        own_broker.start()
    heals(api, 3)
    retried = api.post(DATASET, event(1), idempotency_key="one")
    assert retried.status == 202
    found = numbers(own_broker)
    assert set(found) == {0, 1, 3}
    if first.json.get("outcome") == "unknown":
        assert first.json["ingestion_ids"] == [retried.json["receipts"][0]["ingestion_id"]]
        assert first.json["errors"][0]["ingestion_id"] == first.json["ingestion_ids"][0]
    else:
        assert found.count(1) == 1


def test_an_unknown_outcome_is_logged_with_its_ids(api: ApiUnderTest, own_broker: BrokerUnderTest) -> None:
    assert api.post(DATASET, event(0)).status == 202
    own_broker.pause()
    said = api.post(DATASET, array(event(1), event(2)))
    own_broker.resume()
    assert (said.status, said.json["outcome"]) == (503, "unknown")
    assert len(said.json["ingestion_ids"]) == 2
    assert [error["retryable"] for error in said.json["errors"]] == [True, True]
    (line,) = [line for line in api.logged() if line.get("error_id") == "SL-0510" and "ingestion_id" in line]
    assert line["ingestion_id"] == said.json["ingestion_ids"]


def test_a_short_stall_is_waited_out(api: ApiUnderTest, own_broker: BrokerUnderTest) -> None:
    assert api.post(DATASET, event(0)).status == 202
    own_broker.pause()
    timer = threading.Timer(3, own_broker.resume)
    timer.start()
    said, seconds = timed(api, 1)
    timer.join()
    assert said.status == 202
    assert seconds > 1
    assert numbers(own_broker) == [0, 1]


def test_every_202_is_in_the_log_whatever_happens_to_the_broker(api: ApiUnderTest, own_broker: BrokerUnderTest) -> None:
    """Clients send all the while with stable keys, the broker is killed and paused; then: acknowledged = in the log,
    with the ids of the receipts, and after retries every event is there."""
    answers: dict[int, Said] = {}
    stop = threading.Event()

    def produce(worker: int) -> None:
        number = worker
        while not stop.is_set():
            try:
                said = api.post(DATASET, event(number), idempotency_key=f"e{number}")
            except OSError:
                continue
            assert said.status in (202, 429, 503), said.body
            if said.status == 202:
                answers[number] = said
                number += 4
            else:
                stop.wait(0.2)

    threads = [threading.Thread(target=produce, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()

    def moves() -> None:
        before = len(answers)
        until(lambda: len(answers) > before + 20, 40)

    moves()
    own_broker.kill()
    own_broker.start()
    moves()
    own_broker.pause()
    threading.Timer(8, own_broker.resume).start()
    moves()
    own_broker.kill()
    own_broker.start()
    moves()
    stop.set()
    for thread in threads:
        thread.join(30)
    logged: dict[int, list[str]] = {}
    for message in own_broker.read(raw_topic(DATASET)):
        headers: Any = message.headers()
        meta = json.loads(dict(headers)["streamlake"])
        logged.setdefault(json.loads(message.value() or b"")["n"], []).append(meta["ingestion_id"])
    for number, said in answers.items():
        (receipt,) = said.json["receipts"]
        assert set(logged[number]) == {receipt["ingestion_id"]}


def test_a_topic_that_is_missing_is_said_and_taken_up_when_it_is_made(
    api: ApiUnderTest, own_broker: BrokerUnderTest
) -> None:
    api.contract("later")
    until(lambda: api.get_status("/v1/datasets/later") == 200)
    said = api.post("later", event(1))
    assert_503(said, 0)
    assert "topics apply" in said.json["detail"]
    own_broker.create_topic(raw_topic("later"), 1)
    until(lambda: api.post("later", event(1)).status == 202, 30)


def test_it_starts_without_a_broker_and_gets_ready_when_there_is_one(
    own_broker: BrokerUnderTest, tmp_path: Path
) -> None:
    own_broker.create_topic(raw_topic(DATASET), 1)
    own_broker.stop()
    api = ApiUnderTest(tmp_path / "api", own_broker.bootstrap)
    api.contract(DATASET)
    api.start(ready=False)
    try:
        assert api.get_status("/readyz") == 503
        assert api.get_status("/livez") == 200
        said, seconds = timed(api, 1)
        assert_503(said, seconds)
        own_broker.start()
        heals(api, 2)
    finally:
        api.kill()


def test_a_flood_against_a_stalled_broker_is_held_off(api: ApiUnderTest, own_broker: BrokerUnderTest) -> None:
    """What waits is bounded: more is told to come later, and memory stays bounded as well."""
    assert api.post(DATASET, event(0)).status == 202
    own_broker.pause()
    body = array(*[event(number, pad=7000) for number in range(1000)])
    answers: list[Said] = []
    threads = [threading.Thread(target=lambda: answers.append(api.post(DATASET, body))) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    own_broker.resume()
    assert {said.status for said in answers} == {429, 503}
    assert all("retry-after" in said.headers for said in answers)
    assert api.rss() < 700 << 20
    heals(api, 1)


@pytest.mark.root
def test_a_full_disk_under_kafka_gives_no_false_receipt(kafka_software: Path, tmp_path: Path) -> None:
    """A broker that cannot write answers with an error or ends. What was acknowledged is there when there is room."""
    home = tmp_path / "broker"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(home)], check=True)
    broker = BrokerUnderTest(home)
    api = ApiUnderTest(tmp_path / "api", broker.bootstrap)
    api.contract(DATASET)
    try:
        broker.start()
        broker.create_topic(raw_topic(DATASET), 1)
        api.start()
        assert api.post(DATASET, event(0)).status == 202
        ballast = home / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1 << 16)):
                pass
        acknowledged = [0]
        for number in range(1, 2000):
            said, seconds = timed(api, number)
            if said.status != 202:
                break
            acknowledged.append(number)
        assert_503(said, seconds)
        until(lambda: api.get_status("/readyz") == 503)
        ballast.unlink()
        broker.kill()
        broker.start()
        heals(api, 5000)
        assert set(acknowledged) <= set(numbers(broker))
    finally:
        api.kill()
        broker.kill()
        subprocess.run(["umount", "--lazy", str(home)], check=True)
