"""What a batch says of its records. The client's message has the length of its value, so a tombstone is false."""

import pytest

from streamlake.consumer.breaker import Breaker, BreakerPolicy
from streamlake.consumer.filling import Filling
from streamlake.consumer.handler import DeadLetterHandler
from streamlake.consumer.part_writer import PartThread
from streamlake.consumer.place import Place
from streamlake.consumer.rotation import RotationPolicy
from tests.unit.consumer.messages import Record

DAY = "2026-11-21"


@pytest.fixture
def filling() -> Filling:
    place = Place("orders", "streamlake.orders.dlq", 0, "dead_letters")
    policy = RotationPolicy(max_records=1000, max_bytes=1 << 20, max_age_seconds=3600)
    return Filling(place, DeadLetterHandler(), PartThread(), policy, Breaker(BreakerPolicy()), 0, "", 0.0)


def test_a_real_message_without_a_value_is_false() -> None:
    """Else the tests below test nothing."""
    assert not Record(0, None)
    assert Record(0, b"x")


@pytest.mark.parametrize("value", [None, b"", b"x"])
def test_a_batch_that_ends_with_a_tombstone_lies_in_its_own_day(filling: Filling, value: bytes | None) -> None:
    """Found by the torture: it lay in the folder of the claim before, and the first of all in 1970."""
    assert filling.add([Record(0), Record(1, value)], 0.0) == 2
    assert filling.close("age").date == DAY


@pytest.mark.parametrize("value", [None, b"", b"x"])
def test_a_new_leader_epoch_closes_a_batch_that_ends_with_a_tombstone(filling: Filling, value: bytes | None) -> None:
    """What was read under another epoch may replace what we hold."""
    filling.add([Record(0, value)], 0.0)
    assert filling.add([Record(1, epoch=1)], 0.0) == 0
    assert filling.closing == "epoch"
