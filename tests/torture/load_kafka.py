"""Producers that go past the API: no header of ours, odd bytes, tombstones, transactions that end either way."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaException, Message, Producer

from tests.oracle.records import event_digest
from tests.torture import events
from tests.torture.journal import Writer

Headers = list[tuple[str, str | bytes | None]]
ODD_HEADERS: tuple[Headers, ...] = (
    [],
    [],
    [("trace", b"\xff\x00"), ("trace", None)],
    [("streamlake", b"no object")],
    [("streamlake", b'{"ingestion_id":"x","schema_version":1,"producer":"p","ingested_at":"y"}'), ("a", b"b")],
)
BASE: dict[str, Any] = {"linger.ms": 2, "delivery.timeout.ms": 20_000, "partitioner": "murmur2_random", "log_level": 0}


def make_producer(bootstrap: str) -> Producer:
    """An idempotent one."""
    return Producer({**BASE, "bootstrap.servers": bootstrap, "enable.idempotence": True})


@dataclass
class Direct:
    """Writes single records. What is not reported as delivered may be there all the same."""

    name: str
    bootstrap: str
    topic: str
    ended: Callable[[], bool]
    journal: Writer
    dice: random.Random
    rate: float
    number: int = 0

    def run(self) -> None:
        """Write until it is told to end."""
        producer = make_producer(self.bootstrap)
        due = time.monotonic()
        while not self.ended():
            self.one(producer)
            due = max(due + 1 / self.rate, time.monotonic() - 1)
            while (left := due - time.monotonic()) > 0:
                producer.poll(left)  # comes back early for each report
        producer.flush(30)

    def one(self, producer: Producer, partition: int = -1) -> None:
        """One record of any kind."""
        event, key, value = self._next()
        self.journal.tried([(event, event_digest(key, value))])

        def delivered(error: object, message: Message) -> None:
            if error is None:
                self.journal.kept([_place(event, message)])
            else:
                self.journal.unknown([event])

        headers = self.dice.choice(ODD_HEADERS)
        try:
            producer.produce(self.topic, value, key, partition, on_delivery=delivered, headers=headers)
        except (BufferError, KafkaException):
            self.journal.refused([event])

    def _next(self) -> tuple[str, bytes, bytes | None]:
        self.number += 1
        event = f"{self.name}-{self.number}"
        key = event.encode() + self.dice.choice((b"", b"\xff"))
        roll = self.dice.random()
        if roll < 0.03:
            return event, key, None
        return event, key, events.poison(self.dice, event) if roll < 0.13 else events.good(self.dice, event)


@dataclass
class Transactions(Direct):
    """Writes some records in a transaction, and then commits or aborts it."""

    producer: Producer | None = field(default=None, init=False)

    def run(self) -> None:
        while not self.ended():
            try:
                self._transaction()
            except KafkaException:
                self.producer = None  # the next one fences it
                time.sleep(1)
            time.sleep(0.3)

    def _transaction(self) -> None:
        if self.producer is None:
            settings = {**BASE, "bootstrap.servers": self.bootstrap, "transaction.timeout.ms": 20_000}
            producer = Producer({**settings, "transactional.id": f"torture-{self.name}"})
            producer.init_transactions(30)
            self.producer = producer
        producer = self.producer
        producer.begin_transaction()
        places: dict[str, tuple[str, str, int, int]] = {}
        ids = []
        for _ in range(self.dice.randrange(1, 20)):
            event, key, value = self._next()
            ids.append(event)
            self.journal.tried([(event, event_digest(key, value))])

            def delivered(error: object, message: Message, event: str = event) -> None:
                if error is None:
                    places[event] = _place(event, message)

            producer.produce(self.topic, value, key, on_delivery=delivered)
        if self.dice.random() < 0.3:
            producer.flush(10)
            try:
                producer.abort_transaction(30)
            except KafkaException:
                # The coordinator aborts it in any case: nobody ever asked for a commit.
                self.journal.refused(ids)
                raise
            self.journal.refused(ids)
            return
        try:
            producer.commit_transaction(30)
        except KafkaException:
            self.journal.unknown(ids)
            raise
        self.journal.kept(places[event] for event in ids)


def _place(event: str, message: Message) -> tuple[str, str, int, int]:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return event, topic, partition, offset
