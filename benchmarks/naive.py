"""The baseline: a consumer as one writes it in an afternoon, with care and without measuring.

It polls records one by one, validates with pydantic, writes an envelope a line to a plain file, commits by count.
It does not compress, keeps no dead letters (it logs and goes on), and may write a record twice after a crash.
Python's file buffers its lines. With `--flush-each` each line is handed to the system at once, so that `tail` sees it:
"write each" may be read either way, so both are measured.
"""

import json
import logging
import os
import signal
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from confluent_kafka import Consumer, Message
from pydantic import BaseModel, Field, ValidationError

from streamlake.notify import READY, Manager

log = logging.getLogger("naive")
COMMIT_EVERY = 10_000

Id = Annotated[str, Field(min_length=1, max_length=64)]
Decimal = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]


class Order(BaseModel):
    order_id: Id
    customer_id: Id
    status: Literal["placed", "paid", "shipped", "cancelled"]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    amount: Annotated[float, Field(ge=0)]
    currency: Annotated[str, Field(min_length=3, max_length=3)]
    ordered_at: datetime
    note: Annotated[str | None, Field(max_length=2000)] = None


class Address(BaseModel):
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    lines: Annotated[list[str], Field(max_length=10)] = []


class Payer(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str | None, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] = None
    card_last4: Annotated[str | None, Field(pattern="^[0-9]{4}$")] = None
    address: Address | None = None


class Item(BaseModel):
    sku: Annotated[str, Field(min_length=1)]
    quantity: Annotated[int, Field(ge=1)]
    unit_price: Decimal


class Payment(BaseModel):
    payment_id: Annotated[str, Field(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    attempt: Annotated[int, Field(ge=1, le=100)]
    status: Literal["authorised", "captured", "declined", "refunded"]
    amount: Decimal
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    paid_at: datetime
    settlement_date: date | None = None
    payer: Payer
    items: Annotated[list[Item], Field(min_length=1, max_length=500)]
    attributes: dict[str, Any] = {}


MODELS: dict[str, type[BaseModel]] = {"orders": Order, "payments": Payment}


def envelope(message: Message, model: type[BaseModel]) -> dict[str, Any]:
    """The same members as StreamLake's raw line. Raises ValueError where the record is bad."""
    payload = json.loads(message.value() or b"null")
    model.model_validate(payload)
    headers: dict[str, Any] = dict(message.headers() or [])
    meta = headers.pop("streamlake", None)
    key = message.key()
    return {
        "topic": message.topic(),
        "kafka_partition": message.partition(),
        "kafka_offset": message.offset(),
        "timestamp_ms": message.timestamp()[1],
        "key": key.decode() if key else None,
        "meta": json.loads(meta) if meta else None,
        "headers": [{"name": name, "value": value.decode()} for name, value in headers.items()],
        "payload": payload,
    }


def consume(dataset: str, bootstrap: str, path: Path, *, flush_each: bool) -> None:
    """Until SIGTERM."""
    running = True

    def stop(_number: int, _frame: Any) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "naive",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([f"streamlake.{dataset}.raw"])
    Manager.of(os.environ).tell(READY)
    model = MODELS[dataset]
    waiting = 0
    with path.open("w", encoding="utf-8", buffering=1 if flush_each else -1) as file:
        while running:
            message = consumer.poll(0.1)
            if message is None or waiting >= COMMIT_EVERY:
                if waiting:
                    file.flush()
                    consumer.commit(asynchronous=True)
                    waiting = 0
                if message is None:
                    continue
            if message.error():
                log.error("Kafka: %s", message.error())
                continue
            waiting += 1
            try:
                file.write(json.dumps(envelope(message, model)) + "\n")
            except (ValueError, ValidationError) as error:
                log.debug("a bad record at %s/%s: %s", message.partition(), message.offset(), error)
    consumer.close()


if __name__ == "__main__":
    consume(sys.argv[1], sys.argv[2], Path(sys.argv[3]), flush_each="--flush-each" in sys.argv)
