"""Names in Kafka. Fixed: others build on them."""

from typing import Final

HEADER: Final = "streamlake"
"""The one header that the ingest API adds: a compact JSON object."""


def raw_topic(dataset: str) -> str:
    """Where a dataset's events are."""
    return f"streamlake.{dataset}.raw"


def dlq_topic(dataset: str) -> str:
    """Where a dataset's dead letters are."""
    return f"streamlake.{dataset}.dlq"


def consumer_group(dataset: str) -> str:
    """The group of a dataset's consumers."""
    return f"streamlake-consumer-{dataset}"
