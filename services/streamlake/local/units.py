"""Which processes belong on this machine, and in which order they stop. Pure.

Names are those of the systemd units, so that `status` reads the same on a laptop and in the fleet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from streamlake.local import chosen_lake
from streamlake.settings import Settings

Kind = Literal["kafka", "bucket", "topics", "api", "consumer"]

STOP_ORDER: tuple[tuple[Kind, ...], ...] = (("topics", "api"), ("consumer",), ("kafka", "bucket"))
"""No new events first, then what was read is landed, then the log and the bucket that it lands in."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One process to keep alive; `once` is done when it has ended well."""

    name: str
    kind: Kind
    arguments: tuple[str, ...] = ()
    dataset: str | None = None
    stop_seconds: float = 30.0
    once: bool = False


KAFKA = Unit("kafka", "kafka", stop_seconds=25.0)
BUCKET = Unit("bucket", "bucket", ("local", "serve-bucket"), stop_seconds=5.0)
TOPICS = Unit("streamlake-topics", "topics", ("topics", "apply"), stop_seconds=5.0, once=True)
API = Unit("streamlake-api", "api", ("serve", "api"))


def consumer(dataset: str) -> Unit:
    """The consumer of one dataset."""
    return Unit(f"streamlake-consumer@{dataset}", "consumer", ("consume", dataset), dataset=dataset)


def owns_kafka(settings: Settings) -> bool:
    """Whether Kafka is ours to start: not when the settings name another one, or one that wants to know who we are."""
    ours = settings.bootstrap_servers == f"127.0.0.1:{settings.kafka_port}"
    return ours and not settings.kafka_client_file


def wanted(settings: Settings, datasets: Iterable[str]) -> list[Unit]:
    """All units, in the order in which they start."""
    kafka = [KAFKA] if owns_kafka(settings) else []
    bucket = [BUCKET] if chosen_lake.serves_bucket(settings) else []
    return [*kafka, *bucket, TOPICS, API, *(consumer(dataset) for dataset in sorted(datasets))]
