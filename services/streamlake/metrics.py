"""What is counted, how it is named, and how it is told: JSON with one entry a pipeline, or Prometheus text. Pure.

Both are made from the vitals of every process on this machine, so it does not matter which worker of the API answers,
and no number is counted twice. A series carries its process: a process that begins again begins its own series again,
which Prometheus understands, while a sum over processes that falls would look like a burst.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

PHASE: Final = "raw"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Document = Mapping[str, Any]

NAMES: Final = {
    "streamlake_events_accepted": "Events that Kafka acknowledged",
    "streamlake_events_dead_lettered": "Events that the API sent to the dead letter topic, acknowledged",
    "streamlake_events_refused": "Events that the API refused, by reason",
    "streamlake_events_outcome_unknown": "Events sent to Kafka without an answer in time",
    "streamlake_event_bytes": "Bytes of the events that Kafka acknowledged",
    "streamlake_api_responses": "Answers to requests for events, by status",
    "streamlake_api_latency_seconds": "Time from a request's head to its answer",
    "streamlake_api_held_events": "Events of requests that are not answered yet",
    "streamlake_api_held_bytes": "Bytes of requests that are not answered yet",
    "streamlake_api_kafka_reachable": "1 if Kafka answers this worker",
    "streamlake_consumer": "What a consumer counts, by counter",
    "streamlake_consumer_running": "1 if the consumer runs, 0 if it waits, pauses or stops",
    "streamlake_lag_records": "Records in Kafka that are not landed",
    "streamlake_lag_seconds": "Age of the oldest record that is not landed",
    "streamlake_head": "The offset up to which a partition is landed",
}
"""Every metric and its help. Counters get `_total` in the text."""


def as_json(documents: Sequence[Document], timestamp: str, datasets: Iterable[str] = ()) -> dict[str, Any]:
    """One entry for the platform and one a dataset, each with the same first six fields."""
    names = sorted({*datasets, *_datasets(documents)})
    entries = [_entry(name, documents, timestamp) for name in names]
    whole = {
        "pipeline": "streamlake",
        "phase": PHASE,
        "timestamp": timestamp,
        "records_ingested": sum(entry["records_ingested"] for entry in entries),
        "lag_seconds": _highest(entry["lag_seconds"] for entry in entries),
        "last_commit": _highest(entry["last_commit"] for entry in entries),
        "records_landed": sum(entry["records_landed"] for entry in entries),
    }
    return {**whole, "datasets": entries, "processes": [_process(document) for document in documents]}


def as_prometheus(documents: Sequence[Document]) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(documents))
    return generate_latest(registry)


def _entry(name: str, documents: Sequence[Document], timestamp: str) -> dict[str, Any]:
    api = [d["datasets"][name] for d in documents if d.get("kind") == "api" and name in d.get("datasets", {})]
    consumers = [d for d in documents if d.get("kind") == "consumer" and d.get("dataset") == name]
    partitions = [partition for consumer in consumers for partition in consumer.get("partitions", ())]
    accepted = sum(counters["accepted"] for counters in api)
    dead = sum(counters["dead_lettered"] for counters in api)
    return {
        "pipeline": name,
        "phase": PHASE,
        "timestamp": timestamp,
        "records_ingested": accepted + dead,
        "lag_seconds": _highest(partition.get("lag_seconds") for partition in partitions),
        "last_commit": _highest(consumer.get("last_commit") for consumer in consumers),
        "records_accepted": accepted,
        "records_dead_lettered": dead,
        "records_refused": sum(sum(counters["refused"].values()) for counters in api),
        "records_landed": sum(consumer.get("counters", {}).get("records_landed", 0) for consumer in consumers),
        "lag_records": _sum(partition.get("lag_records") for partition in partitions),
    }


def _datasets(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        yield from document.get("datasets", ())
        if "dataset" in document:
            yield document["dataset"]


def _process(document: Document) -> dict[str, Any]:
    return {name: document.get(name) for name in ("process", "pid", "kind", "state", "waiting_for")}


def _highest(values: Iterable[Any]) -> Any:
    """The highest that is known; None where nothing is."""
    return max((value for value in values if value is not None), default=None)


def _sum(values: Iterable[int | None]) -> int | None:
    """The sum; None where one is not known, for a part of it would look like all."""
    found = list(values)
    return None if not found or None in found else sum(value for value in found if value is not None)


class _Collector:
    """Hands one scrape's numbers to prometheus_client's writer."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents

    def collect(self) -> Iterable[Metric]:
        """All metrics."""
        api = [document for document in self._documents if document.get("kind") == "api"]
        consumers = [document for document in self._documents if document.get("kind") == "consumer"]
        return [*_of_datasets(api), *_of_workers(api), *_of_consumers(consumers)]


def _of_datasets(api: Sequence[Document]) -> Iterator[Metric]:
    for name, member in (
        ("streamlake_events_accepted", "accepted"),
        ("streamlake_events_dead_lettered", "dead_lettered"),
        ("streamlake_event_bytes", "bytes"),
        ("streamlake_events_outcome_unknown", "unknown"),
    ):
        family = CounterMetricFamily(name, NAMES[name], labels=["process", "dataset"])
        for document in api:
            for dataset, counters in document["datasets"].items():
                family.add_metric([document["process"], dataset], counters[member])
        yield family
    name = "streamlake_events_refused"
    refused = CounterMetricFamily(name, NAMES[name], labels=["process", "dataset", "reason"])
    for document in api:
        for dataset, counters in document["datasets"].items():
            for reason, count in counters["refused"].items():
                refused.add_metric([document["process"], dataset, reason], count)
    yield refused


def _of_workers(api: Sequence[Document]) -> Iterator[Metric]:
    name = "streamlake_api_responses"
    responses = CounterMetricFamily(name, NAMES[name], labels=["process", "status"])
    name = "streamlake_api_latency_seconds"
    latency = HistogramMetricFamily(name, NAMES[name], labels=["process"])
    for document in api:
        for status, count in document["responses"].items():
            responses.add_metric([document["process"], status], count)
        counts = document["latency"]["counts"]
        bounds = [*(str(bound) for bound in document["latency"]["bounds"]), "+Inf"]
        buckets = [(bound, float(sum(counts[: at + 1]))) for at, bound in enumerate(bounds)]
        latency.add_metric([document["process"]], buckets, document["latency"]["sum"])
    yield responses
    yield latency
    yield _gauge("streamlake_api_held_events", api, lambda document: document["held_events"])
    yield _gauge("streamlake_api_held_bytes", api, lambda document: document["held_bytes"])
    yield _gauge("streamlake_api_kafka_reachable", api, lambda document: int(document["waiting_for"] != "kafka"))


def _of_consumers(consumers: Sequence[Document]) -> Iterator[Metric]:
    name = "streamlake_consumer"
    counted = CounterMetricFamily(name, NAMES[name], labels=["process", "dataset", "counter"])
    for document in consumers:
        for counter, value in document.get("counters", {}).items():
            counted.add_metric([document["process"], document["dataset"], counter], value)
    yield counted
    yield _gauge("streamlake_consumer_running", consumers, lambda document: int(document.get("state") == "running"))
    for name, member in (
        ("streamlake_lag_records", "lag_records"),
        ("streamlake_lag_seconds", "lag_seconds"),
        ("streamlake_head", "head"),
    ):
        family = GaugeMetricFamily(name, NAMES[name], labels=["process", "dataset", "topic", "partition"])
        for document in consumers:
            for partition in document.get("partitions", ()):
                if partition.get(member) is not None:
                    place = [str(partition["topic"]), str(partition["partition"])]
                    family.add_metric([document["process"], document["dataset"], *place], partition[member])
        yield family


def _gauge(name: str, documents: Iterable[Document], value: Callable[[Document], float]) -> Metric:
    family = GaugeMetricFamily(name, NAMES[name], labels=["process"])
    for document in documents:
        family.add_metric([document["process"]], value(document))
    return family
