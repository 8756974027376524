"""A body becomes a batch: each event's own bytes, its headers and its ingestion id. Pure, but for new ids."""

from collections.abc import Callable

import msgspec

from streamlake.ingest import cloudevents, framing
from streamlake.ingest.cloudevents import CloudEvent, Headers
from streamlake.ingest.errors import Malformed
from streamlake.ingest.identity import Minting, of_attempt, of_cloudevent
from streamlake.ingest.media import Declared


class Batch(msgspec.Struct):
    """The events of one request, by index. What could not be taken out of its envelope is in `broken`."""

    values: list[bytes]
    ids: list[str]
    headers: list[Headers] | None = None
    broken: dict[int, Malformed] = {}


def split(body: bytes, declared: Declared, dataset: str, producer: str, minting: Minting) -> Batch:
    """Take the body apart; Malformed or TooLarge where the body as a whole is at fault."""
    if declared.shape == "cloudevent_binary":
        return _unwrapped([body], lambda value: cloudevents.binary(value, declared.ce_attributes), dataset, producer)
    if declared.shape == "cloudevent":
        return _unwrapped([framing.single(body)], cloudevents.structured, dataset, producer)
    if declared.shape == "cloudevents":
        return _unwrapped(framing.many(body), cloudevents.structured, dataset, producer)
    values = framing.lines(body) if declared.shape == "ndjson" else framing.one_or_many(body)
    if declared.idempotency_key is not None:
        return Batch(values, of_attempt(dataset, producer, declared.idempotency_key, len(values)))
    return Batch(values, minting.take(len(values)))


def _unwrapped(envelopes: list[bytes], unwrap: Callable[[bytes], CloudEvent], dataset: str, producer: str) -> Batch:
    values: list[bytes] = []
    ids: list[str] = []
    headers: list[Headers] = []
    broken: dict[int, Malformed] = {}
    for index, envelope in enumerate(envelopes):
        try:
            event = unwrap(envelope)
        except Malformed as error:
            broken[index] = error
            event = CloudEvent(b"", (), "", "")
        values.append(event.value)
        headers.append(event.headers)
        ids.append(of_cloudevent(dataset, producer, event.source, event.id) if index not in broken else "")
    return Batch(values, ids, headers, broken)
