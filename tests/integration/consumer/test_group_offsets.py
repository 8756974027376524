"""The lake decides where to read on; the group's offset is a hint, and a jump is reported."""

import pytest

from tests.support.consumer import Rig, events
from tests.support.landed_check import check

pytestmark = pytest.mark.broker


def landed_and_stopped(rig: Rig) -> None:
    """Two hundred records in four parts, all committed."""
    rig.send(events(200))
    consumer = rig.start(part_max_records=50)
    rig.wait_landed()
    assert consumer.stop() == 0
    assert len(rig.parts()) == 4
    assert rig.committed()[rig.raw, 0] == 200


@pytest.mark.parametrize(("moved_to", "word"), [(None, "deleted"), (30, "set back"), (100000, "set ahead")])
def test_the_lake_decides_and_the_jump_is_reported(rig: Rig, moved_to: int | None, word: str) -> None:
    landed_and_stopped(rig)
    if moved_to is None:
        rig.forget_group()
    else:
        rig.set_committed({(rig.raw, 0): moved_to})
    rig.send(events(20, 200))
    consumer = rig.start()
    rig.wait_landed()
    consumer.wait_said(word, error_id="SL-0411")
    assert consumer.stop() == 0
    assert rig.committed()[rig.raw, 0] == 220
    check(rig)


def test_a_committed_offset_beside_an_empty_lake_is_refused_until_it_is_adopted(rig: Rig) -> None:
    """Another lake, or a lost one: landing on would hide a hole."""
    rig.send(events(50))
    rig.set_committed({(rig.raw, 0): 50})
    consumer = rig.start()
    consumer.wait_said("SL-0404")
    assert not rig.claims(rig.raw)
    assert consumer.stop() == 0
