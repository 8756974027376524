"""What the watchdog thinks of one partition, and what is said of it."""

import itertools

from streamlake.consumer.breaker import BreakerPolicy
from streamlake.consumer.handler import DeadLetterHandler
from streamlake.consumer.opening import Opened
from streamlake.consumer.part_writer import PartThread
from streamlake.consumer.partition import Partition, Policy
from streamlake.consumer.place import Head, Place, Writer
from streamlake.consumer.rotation import RotationPolicy
from streamlake.consumer.snapshot import PartitionView, describe, lag, standing
from streamlake.storage.layout import Chain
from tests.unit.consumer.lake import CHAIN
from tests.unit.consumer.messages import Record


def _reading(records: int) -> Partition:
    rotation = RotationPolicy(max_records=1000, max_bytes=1 << 20, max_age_seconds=3600)
    policy = Policy(rotation, BreakerPolicy(), "cluster")
    place = Place("orders", "streamlake.orders.dlq", 0, "dead_letters")
    writer = Writer("test", "2026-11-21T00:00:00.000Z", "attempt")
    partition = Partition(place, DeadLetterHandler(), PartThread(), policy, lambda: writer, itertools.count(1))
    partition.open().close()
    chain: Chain = CHAIN
    partition.opened(Opened(Head(chain, 0, None), 0), 0.0)
    partition.seek_to = None
    if records:
        partition.offer([Record(at) for at in range(records)])
    assert partition.pump(0.0, 0) is None
    return partition


def test_what_waits_at_the_end_for_its_age_owes_nothing() -> None:
    """A part may take an hour; the watchdog has two minutes."""
    partition = _reading(10)
    view = PartitionView(log_end=10, at_end=True)
    assert lag(partition, view) == 10
    assert not standing(partition, view, 0).owes
    assert standing(partition, PartitionView(log_end=20), 0).owes


def test_records_that_trickle_in_do_not_hide_a_landing_that_hangs() -> None:
    partition = _reading(10)
    assert partition.close("age", 0.0) is not None
    before = standing(partition, PartitionView(log_end=10, at_end=True), 3)
    partition.offer([Record(10)])
    partition.pump(1.0, 0)
    after = standing(partition, PartitionView(log_end=11, at_end=True), 3)
    assert before == after
    assert after.owes
    assert after.mark != standing(partition, PartitionView(log_end=11), 4).mark


def test_an_opening_that_hangs_owes_work() -> None:
    partition = _reading(0)
    partition.open().close()
    assert standing(partition, PartitionView(), 0).owes
    assert standing(partition, PartitionView(waiting_for="the lake denies"), 0).named


def test_what_is_said_is_plain_data() -> None:
    said = describe(_reading(3), PartitionView(log_end=5), 1_795_226_401.123)
    assert (said["position"], said["lag_records"], said["lag_seconds"]) == (3, 5, 1.0)
