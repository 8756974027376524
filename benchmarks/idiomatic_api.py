"""What a good FastAPI tutorial leads to: a pydantic body, the model's JSON into Kafka, an answer after the ack.

The producer is set as StreamLake's (acks from all, idempotent, 1 ms of linger), and the server is the same: uvicorn on
uvloop and httptools under gunicorn. Started as `gunicorn -k … benchmarks.idiomatic_api:app`.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal

from confluent_kafka import Producer
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field

from streamlake.kafka import clients


class Order(BaseModel):
    order_id: str = Field(min_length=1, max_length=64)
    customer_id: str = Field(min_length=1, max_length=64)
    status: Literal["placed", "paid", "shipped", "cancelled"]
    quantity: int = Field(ge=1, le=1_000_000)
    amount: float = Field(ge=0)
    currency: str = Field(min_length=3, max_length=3)
    ordered_at: datetime
    note: str | None = Field(default=None, max_length=2000)


class Receipt(BaseModel):
    partition: int
    offset: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.producer = Producer(clients.producer(os.environ["BOOTSTRAP"]))
    stop = threading.Event()

    def poll() -> None:
        while not stop.is_set():
            app.state.producer.poll(0.1)

    thread = threading.Thread(target=poll)
    thread.start()
    yield
    stop.set()
    thread.join()


app = FastAPI(lifespan=lifespan)


def send(producer: Producer, order: Order) -> "asyncio.Future[Receipt]":
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Receipt] = loop.create_future()

    def delivered(error: Any, message: Any) -> None:
        if error is not None:
            loop.call_soon_threadsafe(done.set_exception, RuntimeError(str(error)))
        else:
            receipt = Receipt(partition=message.partition(), offset=message.offset())
            loop.call_soon_threadsafe(done.set_result, receipt)

    producer.produce(os.environ["TOPIC"], order.model_dump_json(), order.order_id, on_delivery=delivered)
    return done


@app.post("/one", status_code=202)
async def one(order: Order, request: Request) -> Receipt:
    return await send(request.app.state.producer, order)


@app.post("/many", status_code=202)
async def many(orders: list[Order], request: Request) -> list[Receipt]:
    return list(await asyncio.gather(*(send(request.app.state.producer, order) for order in orders)))
