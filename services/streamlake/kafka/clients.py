"""What Kafka's clients are told. Pure: each function returns one configuration.

librdkafka's defaults lose data (offsets stored before a record is processed, commits by a timer, a reset to the
latest offset, no idempotence, no checksums) and its partitioner disagrees with Java's; each is set here.
`security` is passed through: TLS and SASL as librdkafka names them.
"""

from collections.abc import Mapping
from typing import Final

Value = str | int | float | bool
Config = dict[str, Value]

# One ladder of sizes, each above the one before: event < raw topic < dead letter topic < fetch.
EVENT_BYTES: Final = 1 << 20
HEADROOM_BYTES: Final = 128 << 10
"""A record's key, headers and framing beside its value."""
BATCH_BYTES: Final = 512 << 10

DELIVERY_SECONDS: Final = 10.0
"""The first rung of the ladder of time-outs: delivery < handler < load balancer < graceful stop < hard stop."""


def raw_bytes(event_bytes: int = EVENT_BYTES) -> int:
    """`max.message.bytes` of a raw topic. Never below a producer's batch, which the broker measures as a whole."""
    return max(event_bytes, EVENT_BYTES) + HEADROOM_BYTES


def dead_letter_bytes(event_bytes: int = EVENT_BYTES) -> int:
    """`max.message.bytes` of a dead letter topic: the original record and why it is there."""
    return raw_bytes(event_bytes) + HEADROOM_BYTES


def fetch_bytes(event_bytes: int = EVENT_BYTES) -> int:
    """What a consumer asks for from one partition at once."""
    return dead_letter_bytes(event_bytes) + HEADROOM_BYTES


def _base(bootstrap: str, security: Mapping[str, Value] | None) -> Config:
    return {
        "bootstrap.servers": bootstrap,
        "allow.auto.create.topics": False,
        "socket.keepalive.enable": True,
        # A broker that comes back is found within a second.
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 1000,
        **(security or {}),
    }


def admin(bootstrap: str, *, security: Mapping[str, Value] | None = None) -> Config:
    """For questions and changes: see `admin.Admin`."""
    config = _base(bootstrap, security)
    del config["allow.auto.create.topics"]
    return config


def producer(
    bootstrap: str,
    *,
    linger_ms: float = 1,
    max_record_bytes: int = dead_letter_bytes(),
    buffer_bytes: int = 32 << 20,
    delivery_seconds: float = DELIVERY_SECONDS,
    security: Mapping[str, Value] | None = None,
) -> Config:
    """For events: acknowledged by all in-sync replicas, in order, once. Make it after `fork`, never before.

    Delivery fails after `delivery_seconds`, and the record may have been written all the same.
    """
    config = _base(bootstrap, security)
    del config["allow.auto.create.topics"]
    return config | {
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": linger_ms,
        "batch.size": BATCH_BYTES,
        "message.max.bytes": max_record_bytes,
        "queue.buffering.max.kbytes": max(1, buffer_bytes >> 10),
        "delivery.timeout.ms": round(delivery_seconds * 1000),
        # A topic that was just made may not be known to this broker yet; a mistyped one is told within this time.
        "topic.metadata.propagation.max.ms": 5000,
    }


def dead_letter_producer(bootstrap: str, *, security: Mapping[str, Value] | None = None) -> Config:
    """For dead letters. What was compressed well may be large unpacked: the broker is asked, not the client's limit."""
    return producer(bootstrap, linger_ms=5, max_record_bytes=256 << 20, buffer_bytes=1 << 30, security=security)


def _fetching(bootstrap: str, prefetch_bytes: int, security: Mapping[str, Value] | None) -> Config:
    return _base(bootstrap, security) | {
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # Out of range is decided by us: retention below the start, truncation above the end.
        "auto.offset.reset": "error",
        "check.crcs": True,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "fetch.message.max.bytes": fetch_bytes(),
        "fetch.max.bytes": max(fetch_bytes(), min(prefetch_bytes, 50 << 20)),
        # Its memory comes on top of our own: both out of one budget.
        "queued.max.messages.kbytes": max(1024, prefetch_bytes >> 10),
        # By default a full queue is looked at again after a second, which stalls a fast reader.
        "fetch.queue.backoff.ms": 10,
    }


def consumer(
    bootstrap: str,
    group: str,
    *,
    prefetch_bytes: int = 16 << 20,
    session_timeout_seconds: float = 45,
    max_poll_interval_seconds: float = 300,
    instance: str | None = None,
    security: Mapping[str, Value] | None = None,
) -> Config:
    """For a member of a dataset's group. `instance` makes it a static member, whose restart moves no partition."""
    config = _fetching(bootstrap, prefetch_bytes, security) | {
        "group.id": group,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": round(session_timeout_seconds * 1000),
        "heartbeat.interval.ms": max(100, min(3000, round(session_timeout_seconds * 1000 / 5))),
        "max.poll.interval.ms": round(max(max_poll_interval_seconds, session_timeout_seconds) * 1000),
        "fetch.wait.max.ms": 100,
        # Partitions that were added are seen after this time; by default after five minutes.
        "topic.metadata.refresh.interval.ms": 10_000,
    }
    if instance is not None:
        config["group.instance.id"] = instance
    return config


def reader(bootstrap: str, *, prefetch_bytes: int = 8 << 20, security: Mapping[str, Value] | None = None) -> Config:
    """For reading a range by assignment. It joins no group and commits nothing, though the client wants a name."""
    return _fetching(bootstrap, prefetch_bytes, security) | {
        "group.id": "streamlake-reader",
        # The end of a partition is told after this time: a range at the end of a log should not wait for it.
        "fetch.wait.max.ms": 10,
        # Most reads want one record, or five hundred. By default a client fetches 100,000 ahead of each: four such
        # readers held 80 MB before a backlog.
        "queued.min.messages": 1000,
    }


def observer(bootstrap: str, group: str, *, security: Mapping[str, Value] | None = None) -> Config:
    """For questions about a group that it never joins."""
    config = _base(bootstrap, security)
    return config | {"group.id": group, "enable.auto.commit": False, "enable.auto.offset.store": False}
