"""Whether the log is the one that was landed: asked where it can tell, and nothing is found where it cannot."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from streamlake.audit.against_log import TopicLog
from streamlake.audit.findings import Kind
from streamlake.audit.report import PartitionReport
from streamlake.audit.same_log import replaced
from streamlake.audit.state import Position
from streamlake.consumer.identity import fingerprint
from streamlake.kafka.admin import Bounds
from streamlake.kafka.errors import AboveLogEnd, BelowLogStart
from streamlake.storage.claim import Fingerprint
from streamlake.storage.layout import RAW, Chain

TOPIC = "streamlake.orders.raw"
CHAIN = Chain(UUID("6f1c0de5-59a4-4b33-9a4b-8a3e6c0f1d22"), 1)


class Record:
    """What a claim's last record is made of."""

    def __init__(self, offset: int = 7, value: bytes = b"{}", timestamp_ms: int = 5, epoch: int = 3) -> None:
        self._value = value
        self._is = (offset, timestamp_ms, epoch)

    def offset(self) -> int:
        return self._is[0]

    def value(self) -> bytes:
        return self._value

    def key(self) -> bytes | None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return 1, self._is[1]

    def leader_epoch(self) -> int:
        return self._is[2]


def known(record: Record) -> Fingerprint:
    return fingerprint(record)  # type: ignore[arg-type] # all of it that is asked for


LAST = known(Record())


def found(
    fetch_one: Callable[[str, int, int], Any],
    *,
    last: Fingerprint | None = LAST,
    start: int = 0,
    stable: int = 20,
    chain: Chain = CHAIN,
) -> list[Kind]:
    position = Position(PartitionReport(TOPIC, str(chain), 0, claims=1, next=8), RAW, "", last)
    # The newest generation is the one that the log is compared with.
    newest = Position(PartitionReport(TOPIC, str(CHAIN), 1, claims=1, next=8), RAW, "", None)
    log = TopicLog(TOPIC, CHAIN.topic_id, {0: Bounds(start, stable, stable), 1: Bounds(0, 8, 8)}, {})
    return [finding.kind for finding in replaced([position, newest], [log], fetch_one)]


@pytest.mark.parametrize(
    ("there", "is_found"),
    [
        (Record(), False),
        (Record(value=b"[]"), True),
        (Record(timestamp_ms=6), True),
        (Record(epoch=4), True),
        (Record(offset=8), True),
        (None, True),
    ],
)
def test_another_record_at_its_offset_is_found(there: Record | None, *, is_found: bool) -> None:
    assert found(lambda *_: there) == [Kind.LOG_REPLACED] * is_found


def test_what_the_log_lacks_is_retentions_or_a_loss() -> None:
    def overtaken(topic: str, partition: int, offset: int) -> None:
        raise BelowLogStart(topic, partition, offset, 9, 20)

    def cut(topic: str, partition: int, offset: int) -> None:
        raise AboveLogEnd(topic, partition, offset, 0, 5)

    assert found(overtaken) == []
    assert found(cut) == [Kind.LOG_REPLACED]


def test_kafka_is_asked_only_where_it_can_tell() -> None:
    def asked(*_: object) -> None:
        raise AssertionError

    assert found(asked, start=8) == []  # deleted by retention
    assert found(asked, stable=7) == []  # the lake is ahead of the log, which is found elsewhere
    assert found(asked, last=None) == []
    assert found(asked, chain=Chain(CHAIN.topic_id, 0)) == []  # of a generation before
