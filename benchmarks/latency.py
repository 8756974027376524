"""From `produce` to a visible part, at a moderate rate, with parts that close every second."""

import argparse
import os
import threading
import time
from pathlib import Path

from confluent_kafka import Producer

from benchmarks.backlog import create_topics, running_broker
from benchmarks.events import DATASET, Event, events
from benchmarks.figures import figure
from benchmarks.findings import Finding
from benchmarks.gate import Wrong, offsets_of
from benchmarks.process import start_streamlake
from streamlake import vitals
from streamlake.kafka.names import HEADER, raw_topic

TARGET_SECONDS = 2.0
LOOK_SECONDS = 0.01


class _Watch:
    """When each part was first seen by somebody who lists the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ending = threading.Event()
        self.seen: dict[Path, float] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            for day in self._folder.glob("ingestion_date=*"):
                for entry in os.scandir(day):
                    if entry.name.startswith("part-"):
                        self.seen.setdefault(Path(entry.path), time.monotonic())


def measure(arguments: list[str]) -> list[Finding]:
    parser = argparse.ArgumentParser(prog="scripts/bench latency", description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="events a second")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args(arguments)
    dataset = DATASET["flat"]
    with running_broker() as (bootstrap, folder):
        create_topics(bootstrap, dataset, 3)
        home = folder / "streamlake"
        with start_streamlake(dataset, bootstrap, home, part_max_age_seconds="1") as process:
            process.wait_ready()
            process.wait_for(lambda: _reads_all(home), 60)
            watch = _Watch(home / "lake" / "raw" / f"dataset={dataset}")
            sent = _send(bootstrap, dataset, options.rate, options.seconds)
            process.wait_for(lambda: len(_landed(watch)) >= len(sent), 60)
            watch.stop()
            cost = process.stop()
    found = _landed(watch)
    if found.keys() != sent.keys():
        raise Wrong("what was sent and what was landed differ")
    waits = sorted(found[where] - at for where, at in sent.items())
    p50, p99 = (waits[int(len(waits) * share)] for share in (0.5, 0.99))
    print(f"checked: {len(sent)} events at {options.rate} a second, {len(watch.seen)} parts")
    print(f"event to raw file: p50 {p50:.2f} s, p99 {p99:.2f} s, longest {waits[-1]:.2f} s")
    print(f"the consumer used {cost.cpu_seconds / cost.wall_seconds:.0%} of a core, {cost.peak_rss_bytes / 1e6:.0f} MB")
    return [Finding("event to raw file, p99", figure([p99]), TARGET_SECONDS, "s", at_least=False)]


def _reads_all(home: Path) -> bool:
    partitions = [p for document in vitals.gather(home / "state") for p in document.get("partitions", ())]
    return len(partitions) == 4 and all(p["state"] == "reading" for p in partitions)


def _send(bootstrap: str, dataset: str, rate: int, seconds: int) -> dict[tuple[int, int], float]:
    """When each record was handed to the producer, by its partition and offset.

    The first one goes alone: a producer that starts beside its broker may wait a second for its id.
    """
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 1})
    sent: dict[tuple[int, int], float] = {}

    def send(event: Event) -> None:
        now = time.monotonic()

        def delivered(error: object, message: object) -> None:
            if error is not None:
                raise Wrong(f"the broker refused an event: {error}")
            sent[message.partition(), message.offset()] = now  # type: ignore[attr-defined]

        producer.produce(
            raw_topic(dataset), event.value, event.key, headers=[(HEADER, event.header)], on_delivery=delivered
        )
        producer.poll(0)

    made = iter(events("flat", rate * seconds, 0.0))
    send(next(made))
    producer.flush(30)
    begin = time.monotonic()
    for number, event in enumerate(made):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        send(event)
    if producer.flush(30):
        raise Wrong("the broker did not take all events")
    return sent


_offsets: dict[Path, list[tuple[int, int]]] = {}


def _landed(watch: _Watch) -> dict[tuple[int, int], float]:
    """When each record's part was first seen."""
    landed: dict[tuple[int, int], float] = {}
    for part, at in list(watch.seen.items()):
        if part not in _offsets:
            _offsets[part] = offsets_of(part)
        landed.update(dict.fromkeys(_offsets[part], at))
    return landed
