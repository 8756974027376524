"""What the Kafka client alone costs an event: a key, a header, and the broker's word on each, from one thread.

No HTTP, no contract, no id: a service that answers for each event through this client cannot cost less. Run as a
process of its own: `python -m benchmarks.floor BOOTSTRAP TOPIC EVENTS`; prints JSON.
"""

import json
import sys
import time
from functools import partial

from confluent_kafka import KafkaError, Message, Producer

from benchmarks.load import EVENT
from streamlake.kafka import clients
from streamlake.kafka.header import encoder
from streamlake.kafka.names import HEADER

BATCH = 100


def run(bootstrap: str, topic: str, events: int) -> dict[str, float]:
    producer = Producer(clients.producer(bootstrap))
    header = encoder(1, "bench", "2026-11-21T06:00:00.000Z")("0193e7a0-0000-7000-8000-000000000001")
    told: list[tuple[int | None, int | None]] = [(None, None)] * events

    def delivered(number: int, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            raise RuntimeError(str(error))
        told[number] = message.partition(), message.offset()

    producer.list_topics(topic, 10)
    cpu, began = time.process_time(), time.perf_counter()
    for number in range(events):
        value = EVENT % number
        told_of_it = partial(delivered, number)
        while True:
            try:
                producer.produce(topic, value, value[13:23], headers=[(HEADER, header)], on_delivery=told_of_it)
            except BufferError:  # the broker is behind
                producer.poll(0.01)
            else:
                break
        if number % BATCH == 0:
            producer.poll(0)
    producer.flush(60)
    found = {
        "cpu_us": 1e6 * (time.process_time() - cpu) / events,
        "wall_us": 1e6 * (time.perf_counter() - began) / events,
    }
    if (None, None) in told:
        raise SystemExit("gate: the broker did not answer for each event")
    return found


if __name__ == "__main__":
    bootstrap, topic, events = sys.argv[1:]
    print(json.dumps(run(bootstrap, topic, int(events))))
