"""One ladder of sizes: what the API takes fits the raw topic, and what that holds the dead letter topic and a fetch."""

import os
import uuid

import pytest
from confluent_kafka import KafkaError, Producer

from streamlake.contract.model import Contract, TopicSettings
from streamlake.kafka import clients
from streamlake.kafka.admin import Admin
from streamlake.kafka.reader import Reader
from streamlake.kafka.topic_changes import apply, read
from streamlake.kafka.topics import plan
from tests.support.broker import BrokerUnderTest

pytestmark = pytest.mark.broker
HEADERS: list[tuple[str, str | bytes | None]] = [("streamlake", b"x" * 300), ("ce_id", b"y" * 16_000)]


def made(broker: BrokerUnderTest, event_bytes: int) -> str:
    name = f"s{uuid.uuid4().hex[:12]}"
    settings = TopicSettings(partitions=1, max_event_bytes=event_bytes)
    contract = Contract(name, 1, "", "", (), ("id",), None, "refuse", topic=settings)
    admin = Admin(broker.bootstrap)
    apply(admin, plan([contract], {}, may_be_down_hours=1), lambda _: None)
    names = [f"streamlake.{name}.raw", f"streamlake.{name}.dlq"]
    assert plan([contract], read(admin, names), may_be_down_hours=1).empty
    return names[0]


def send(broker: BrokerUnderTest, topic: str, values: list[bytes], **config: clients.Value) -> list[KafkaError | None]:
    reports: list[KafkaError | None] = []
    producer = Producer(clients.producer(broker.bootstrap, linger_ms=50) | config)
    for value in values:
        producer.produce(topic, value, b"k" * 1000, headers=HEADERS, on_delivery=lambda error, _: reports.append(error))
    assert producer.flush(20) == 0
    return reports


@pytest.mark.parametrize("event_bytes", [clients.EVENT_BYTES, 3 << 20])
def test_the_largest_event_passes_and_is_read_back(broker: BrokerUnderTest, event_bytes: int) -> None:
    topic = made(broker, event_bytes)
    value = os.urandom(event_bytes)
    config = {"message.max.bytes": clients.dead_letter_bytes(event_bytes)}
    assert send(broker, topic, [b"small", value, b"small", value], **config) == [None] * 4
    reader = Reader(broker.bootstrap)
    found = [message.value() for batch in reader.read_range(topic, 0, 0, 4) for message in batch]
    assert found == [b"small", value, b"small", value]


def test_many_small_events_of_a_small_contract_are_not_too_large_together(broker: BrokerUnderTest) -> None:
    topic = made(broker, 1000)
    assert send(broker, topic, [os.urandom(1000) for _ in range(3000)]) == [None] * 3000


@pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
def test_the_topics_limit_is_exact_and_below_that_of_its_dead_letters(
    broker: BrokerUnderTest, over: int, fits: bool
) -> None:
    topic = made(broker, clients.EVENT_BYTES)
    value = os.urandom(clients.raw_bytes() - _frame(broker) + over)
    error = _refusal(broker, topic, value)
    assert fits == (error is None)
    assert fits or (error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE)
    assert _refusal(broker, topic.replace(".raw", ".dlq"), value) is None


def _refusal(broker: BrokerUnderTest, topic: str, value: bytes) -> KafkaError | None:
    # Errors are never compared with ==: against None that leaves an exception behind, which a later line then raises.
    reports: list[KafkaError | None] = []
    producer = broker.producer(message_max_bytes=4 << 20)
    producer.produce(topic, value, on_delivery=lambda error, _: reports.append(error))
    assert producer.flush(20) == 0
    return reports[0]


def _frame(broker: BrokerUnderTest) -> int:
    """Bytes around one uncompressed record of about this size, found by trying: the edge lies where it lies."""
    name = broker.create_topic(f"test.{uuid.uuid4().hex[:12]}", max_message_bytes=str(clients.raw_bytes()))
    low, high = 0, 200  # low is too little room, high is enough
    while high - low > 1:
        middle = (low + high) // 2
        if _refusal(broker, name, bytes(clients.raw_bytes() - middle)) is None:
            high = middle
        else:
            low = middle
    return high
