"""PURE. What somebody wants to trace: a receipt, an ingestion id with a time, or coordinates."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from streamlake.audit.errors import WrongQuestion
from streamlake.storage.layout import Chain

_TOPIC: Final = re.compile(r"streamlake\.([a-z][a-z0-9_]{0,47})\.(raw|dlq)")
_LARGEST: Final = (1 << 63) - 1
_SAY: Final = (
    "Give a receipt, an ingestion_id, or TOPIC/PARTITION/OFFSET as in `streamlake trace streamlake.orders.raw/0/41`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is known of the event. With coordinates nothing needs to be searched; else `around_ms` says where to look.

    `ids` are the chain or the topic's id, where the coordinates name one of them in place of the topic.
    """

    ingestion_id: str | None = None
    dataset: str | None = None
    topic: str | None = None
    chain: Chain | None = None
    topic_id: UUID | None = None
    partition: int | None = None
    offset: int | None = None
    around_ms: int | None = None

    @property
    def has_place(self) -> bool:
        """Whether its offset is known."""
        return self.offset is not None


def parse(text: str, around_ms: int | None = None, dataset: str | None = None) -> Question:
    """The question in what people paste. WrongQuestion where it is none of the three."""
    text = text.strip()
    if text.startswith(("{", "[")):
        return _receipt(text, around_ms, dataset)
    if "/" in text:
        return _place(text, dataset)
    return _id(text, around_ms, dataset)


def _id(text: str, around_ms: int | None, dataset: str | None) -> Question:
    try:
        id_ = UUID(text)
    except ValueError:
        raise WrongQuestion(f"{text[:80]!r} is nothing that can be traced.", next_step=_SAY) from None
    if around_ms is None:
        around_ms = time_of(id_)
    if around_ms is None:
        raise WrongQuestion(
            f"{id_} was made from an Idempotency-Key or a CloudEvent, so it does not say when it was sent.",
            next_step=f"Say when: `streamlake trace {id_} --around 2026-11-21T08:00Z`, or paste the receipt.",
        )
    return Question(ingestion_id=str(id_), dataset=dataset, around_ms=around_ms)


def time_of(id_: UUID) -> int | None:
    """The milliseconds in a UUIDv7; None in any other."""
    return id_.int >> 80 if id_.version == 7 else None


def _place(text: str, dataset: str | None) -> Question:
    parts = text.split("/")
    if len(parts) != 3 or not all(p.isascii() and p.isdecimal() and len(p) < 20 for p in parts[1:]):
        raise WrongQuestion(f"{text[:80]!r} is no place in a log.", next_step=_SAY)
    partition, offset = int(parts[1]), int(parts[2])
    if offset > _LARGEST or partition > 99_999:
        raise WrongQuestion(f"{text[:80]!r} is no place in a log: its numbers are too large.", next_step=_SAY)
    return _at(parts[0], partition, offset, dataset)


def _at(log: str, partition: int, offset: int, dataset: str | None, id_: str | None = None) -> Question:
    match = _TOPIC.fullmatch(log)
    if match is not None:
        if dataset not in (None, match[1]):
            raise WrongQuestion(f"{log} is not of the dataset {dataset}.", next_step="Leave --dataset out.")
        return Question(dataset=match[1], topic=log, partition=partition, offset=offset, ingestion_id=id_)
    try:
        return Question(dataset=dataset, chain=Chain.parse(log), partition=partition, offset=offset, ingestion_id=id_)
    except ValueError:
        pass
    try:
        return Question(dataset=dataset, topic_id=UUID(log), partition=partition, offset=offset, ingestion_id=id_)
    except ValueError:
        raise WrongQuestion(f"{log[:80]!r} is no topic of StreamLake, and no chain.", next_step=_SAY) from None


def _receipt(text: str, around_ms: int | None, dataset: str | None) -> Question:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongQuestion(f"The receipt is not JSON: {error}.", next_step=_SAY) from None
    receipt = _only(found)
    if dataset is None and isinstance(found, dict) and isinstance(found.get("dataset"), str):
        dataset = found["dataset"]
    id_, place = receipt.get("ingestion_id"), (receipt.get("partition"), receipt.get("offset"))
    if isinstance(receipt.get("topic"), str) and all(type(n) is int and 0 <= n <= _LARGEST for n in place):
        partition, offset = int(str(place[0])), int(str(place[1]))
        return _at(str(receipt["topic"]), partition, offset, dataset, id_ if isinstance(id_, str) else None)
    if isinstance(id_, str):
        return _id(id_, around_ms, dataset)
    raise WrongQuestion("The receipt has neither a topic, partition and offset nor an ingestion_id.", next_step=_SAY)


def _only(found: Any) -> dict[str, Any]:
    """One receipt: by itself, or in the answer of a request that had one event."""
    several = found
    if isinstance(found, dict):
        several = found.get("receipts") or found.get("errors") or [found]
    if not isinstance(several, list) or not all(isinstance(receipt, dict) for receipt in several) or not several:
        raise WrongQuestion("This JSON is no receipt.", next_step=_SAY)
    if len(several) > 1:
        raise WrongQuestion(f"These are {len(several)} receipts.", next_step="Paste the one to trace.")
    one: dict[str, Any] = several[0]
    return one
