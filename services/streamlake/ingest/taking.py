"""The way of a batch: judged, sent, and answered for event by event."""

import asyncio
from collections.abc import Sequence
from typing import Final

from streamlake.contract.rejection import Rejection
from streamlake.ingest.catalog import Dataset
from streamlake.ingest.errors import BreaksContract, Malformed
from streamlake.ingest.log import Delivered, Log, Record
from streamlake.ingest.results import Failure, Receipt, Status, kind_of_reason, undelivered
from streamlake.ingest.splitting import Batch
from streamlake.kafka import dead_letter
from streamlake.kafka.header import encoder
from streamlake.kafka.names import HEADER

_JUDGED_AT_ONCE: Final = 500
"""Events judged before others get their turn: half a millisecond of good ones, some ten of bad ones."""

Judged = dict[int, Rejection]
Headers = list[tuple[str, bytes]]


async def judge(dataset: Dataset, batch: Batch) -> Judged:
    """Which events the contract refuses, by index. What is broken is not judged."""
    values = batch.values
    if len(values) == 1:
        rejection = None if batch.broken else dataset.gate.judge(values[0])
        return {} if rejection is None else {0: rejection}
    found: Judged = {}
    for start in range(0, len(values), _JUDGED_AT_ONCE):
        if start:
            await asyncio.sleep(0)
        rejections = dataset.gate.judge_many(values[start : start + _JUDGED_AT_ONCE])
        found |= {start + index: rejection for index, rejection in rejections.items()}
    return {index: rejection for index, rejection in found.items() if index not in batch.broken}


def refused(dataset: Dataset, batch: Batch, judged: Judged) -> list[Failure]:
    """The events that are not sent at all. What is no JSON is refused whatever the contract says."""
    if not (batch.broken or judged):
        return []
    failures = [Failure(index, Malformed, "malformed", error.message) for index, error in batch.broken.items()]
    keep = dataset.contract.on_invalid == "dead_letter"
    for index, rejection in judged.items():
        if not (keep and _can_be_kept(rejection)):
            kind = kind_of_reason(rejection.reason)
            failures.append(Failure(index, kind, rejection.reason, rejection.detail, rejection.field))
    return sorted(failures, key=lambda failure: failure.index)


def records(
    dataset: Dataset, batch: Batch, judged: Judged, failures: Sequence[Failure], producer: str, at: str
) -> tuple[Sequence[int], list[Record]]:
    """What goes into Kafka, with each record's index in the batch."""
    if not (failures or judged or batch.headers):
        return range(len(batch.values)), _all_good(dataset, batch, producer, at)
    left_out = {failure.index for failure in failures}
    header = encoder(dataset.contract.version, producer, at)
    indexes = [index for index in range(len(batch.values)) if index not in left_out]
    good = [index for index in indexes if index not in judged]
    keys = dict(zip(good, dataset.gate.keys([batch.values[index] for index in good]), strict=True))
    made = []
    for index in indexes:
        value = batch.values[index]
        headers: Headers = [(HEADER, header(batch.ids[index]))]
        if batch.headers is not None:
            headers += batch.headers[index]
        rejection = judged.get(index)
        if rejection is None:
            made.append(Record(dataset.raw_topic, value, keys[index], headers))
        else:
            made.append(_dead(dataset, value, headers, rejection, batch.ids[index], at))
    return indexes, made


def _all_good(dataset: Dataset, batch: Batch, producer: str, at: str) -> list[Record]:
    """The records of a batch as most are: all good, and with no headers of their own."""
    header = encoder(dataset.contract.version, producer, at)
    return [
        Record(dataset.raw_topic, value, key, [(HEADER, header(named))])
        for value, key, named in zip(batch.values, dataset.gate.keys(batch.values), batch.ids, strict=True)
    ]


async def send(
    log: Log, batch: Batch, indexes: Sequence[int], made: Sequence[Record], judged: Judged
) -> tuple[list[Receipt], list[Failure]]:
    """Send them, and say of each what Kafka said."""
    receipts: list[Receipt] = []
    failures: list[Failure] = []
    outcomes = await log.send(made)
    for index, record, outcome in zip(indexes, made, outcomes, strict=True):
        if isinstance(outcome, Delivered):
            rejection = judged.get(index)
            status: Status = "accepted" if rejection is None else "dead_lettered"
            reason = None if rejection is None else rejection.reason
            named = batch.ids[index]
            receipts.append(Receipt(index, status, named, record.topic, outcome.partition, outcome.offset, reason))
        else:
            failures.append(undelivered(index, outcome, batch.ids[index]))
    return receipts, failures


def would_keep(batch: Batch, indexes: Sequence[int], judged: Judged) -> list[Receipt]:
    """The receipts of a dry run: they name no place."""
    return [
        Receipt(index, "dead_lettered", batch.ids[index], reason=judged[index].reason)
        if index in judged
        else Receipt(index, "accepted", batch.ids[index])
        for index in indexes
    ]


def _can_be_kept(rejection: Rejection) -> bool:
    """Only what was read and breaks the contract: what is no JSON, or too large, its producer must hear of."""
    return kind_of_reason(rejection.reason) is BreaksContract


def _dead(
    dataset: Dataset, value: bytes, headers: Sequence[tuple[str, bytes]], rejection: Rejection, id: str, at: str
) -> Record:
    letter = dead_letter.encode(
        dead_letter.DeadLetter(
            key=None,
            value=value,
            headers=tuple(headers),
            reason=rejection.reason,
            detail=rejection.detail,
            field=rejection.field,
            at=at,
            topic=dataset.raw_topic,
            contract_version=dataset.contract.version,
            ingestion_id=id,
        )
    )
    return Record(dataset.dlq_topic, value, letter.key, letter.headers)
