"""What one worker counts. Every number only grows, but for what is held now."""

import time
from bisect import bisect_left
from collections import Counter
from typing import Any, Final

from streamlake.ingest.admission import Admission

LATENCY_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 12.0)


class DatasetCounters:
    """What came for one dataset."""

    __slots__ = ("accepted", "bytes", "dead_lettered", "last_accepted", "refused", "unknown")

    def __init__(self) -> None:
        self.accepted = 0
        self.dead_lettered = 0
        self.bytes = 0
        self.unknown = 0
        self.refused: Counter[str] = Counter()
        self.last_accepted: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """By name, for the vitals."""
        return {
            "accepted": self.accepted,
            "dead_lettered": self.dead_lettered,
            "bytes": self.bytes,
            "unknown": self.unknown,
            "refused": dict(self.refused),
            "last_accepted": self.last_accepted,
        }


class Counters:
    """Of one worker. Written by the event loop, read by the thread that answers for the vitals."""

    def __init__(self) -> None:
        self.datasets: dict[str, DatasetCounters] = {}
        self.responses: Counter[int] = Counter()
        self.latency = [0] * (len(LATENCY_SECONDS) + 1)
        self.latency_sum = 0.0

    def of(self, dataset: str) -> DatasetCounters:
        """Only ever called for a dataset that exists: names that clients make up must not fill the memory."""
        found = self.datasets.get(dataset)
        if found is None:
            found = self.datasets[dataset] = DatasetCounters()
        return found

    def answered(self, status: int, seconds: float) -> None:
        """One request for events was answered."""
        self.responses[status] += 1
        self.latency[bisect_left(LATENCY_SECONDS, seconds)] += 1
        self.latency_sum += seconds

    def kept(self, dataset: str, accepted: int, dead_lettered: int, size: int) -> None:
        """Kafka has acknowledged these."""
        counters = self.of(dataset)
        counters.accepted += accepted
        counters.dead_lettered += dead_lettered
        counters.bytes += size
        counters.last_accepted = time.time()

    def document(self, process: str, pid: int, state: str, *, reachable: bool, admission: Admission) -> dict[str, Any]:
        """The vitals of this worker."""
        return {
            "process": process,
            "pid": pid,
            "kind": "api",
            "state": state,
            "waiting_for": None if reachable else "kafka",
            "datasets": {name: counters.as_dict() for name, counters in list(self.datasets.items())},
            "responses": {str(status): count for status, count in list(self.responses.items())},
            "latency": {"bounds": list(LATENCY_SECONDS), "counts": list(self.latency), "sum": self.latency_sum},
            "held_events": admission.events,
            "held_bytes": admission.bytes,
        }
